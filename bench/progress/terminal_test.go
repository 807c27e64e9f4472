package progress

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestTerminal(t *testing.T) {
	full := Status{Done: 30_000, Rate: 12345, P50: 850 * time.Microsecond, P99: 12 * time.Millisecond, Connected: 20_000}
	failing, wrong := full, full
	wrong.Wrong = 12_345
	failing.Errors, failing.Wrong = 3, 12
	for _, c := range []struct {
		width  int
		status Status
		want   string
	}{
		{120, full, "measure  ━━━━━━━━━━━━────────────  0:30/1:00  12,345/s  p50/p99 0.85/12.0 ms  20,000 connected"},
		{120, failing, "measure  ━━━━━━━━━━━━────────────  0:30/1:00  12,345/s  p50/p99 0.85/12.0 ms  3 errors  12 wrong  20,000 connected"},
		{80, full, "measure  ━━━━━━━━────────  0:30/1:00  12,345/s  p50/p99 0.85/12.0 ms"},
		{80, failing, "measure  0:30/1:00  12,345/s  p50/p99 0.85/12.0 ms  3 errors  12 wrong"},
		{80, wrong, "measure  ━━━━────  0:30/1:00  12,345/s  p50/p99 0.85/12.0 ms  12,345 wrong"},
		{40, full, "measure  ━━━━────  0:30/1:00  12,345/s"},
		{40, failing, "measure  0:30/1:00  3 errors  12 wrong"},
		{20, full, "measure  0:30/1:00"},
		{20, failing, "measure  12 wrong"},
		{7, full, "measu…"},
		{1, full, "…"},
		{80, Status{Done: 60_000}, "measure  ━━━━━━━━━━━━━━━━  1:00/1:00"},
		{80, Status{Done: 99_000}, "measure  ━━━━━━━━━━━━━━━━  1:39/1:00"},
		{80, Status{}, "measure  ────────────────  0:00/1:00"},
	} {
		for _, colour := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				v := newVT(t, c.width)
				p := New(v, Options{Terminal: true, Width: c.width, Colour: colour})
				p.Phase("measure", 60_000, Milliseconds)
				time.Sleep(time.Second)
				p.Update(c.status)
				if d := cmp.Diff([]string{c.want}, v.lines()); d != "" || !v.hidden {
					t.Errorf("%d columns: %s (cursor hidden: %v)", c.width, d, v.hidden)
				}
				if red := strings.Contains(v.all.String(), red); red != (colour && strings.Contains(c.want, "wrong")) {
					t.Errorf("red: %v in %q", red, v.all.String())
				}
				p.Close()
				v.clean()
			})
		}
	}
}

func TestNotesStandAboveTheBar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVT(t, 40)
		p := New(v, Options{Terminal: true, Width: 40})
		p.Note("before")
		p.Phase("connect", 10, Phones)
		p.Note("one")
		p.Note("two")
		want := []string{"before", "one", "two", "connect  ────────  0/10 phones"}
		if d := cmp.Diff(want, v.lines()); d != "" {
			t.Error(d)
		}
		p.Phase("x", 0, Phones)
		want[3] = "x  0 phones"
		if d := cmp.Diff(want, v.lines()); d != "" {
			t.Error(d)
		}
		p.Close()
		v.clean()
		if d := cmp.Diff(want[:3], v.lines()); d != "" {
			t.Error(d)
		}
	})
}

func TestRedrawnAtMostTenTimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVT(t, 80)
		p := New(v, Options{Terminal: true, Width: 80})
		p.Phase("measure", 1000, Milliseconds)
		for ms := range int64(1000) {
			time.Sleep(time.Millisecond)
			p.Update(Status{Done: ms})
		}
		if n := strings.Count(v.all.String(), startOfLine); n < 10 || n > 11 {
			t.Errorf("drawn %d times", n)
		}
	})
}

func TestNothingIsWrittenToATerminalThatSawNothing(t *testing.T) {
	var out bytes.Buffer
	New(&out, Options{Terminal: true}).Close()
	if out.Len() > 0 {
		t.Errorf("%q", out.String())
	}
}

// Whatever is shown, the bar stays in its one line and the notes above stay as
// they are; the vt fails the test otherwise.
func TestOneLineOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 200).Draw(t, "width")
		v := newVT(t, width)
		p := New(v, Options{Terminal: true, Width: width, Colour: rapid.Bool().Draw(t, "colour")})
		word := rapid.OneOf(rapid.StringMatching(`[a-z ]{0,30}`), rapid.StringMatching("[\x00-\x1f日本e\u0301x]{0,12}"))
		figure := rapid.Int64Range(0, 1<<50)
		var notes []string
		for i := range rapid.IntRange(1, 10).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				p.Phase(word.Draw(t, "name"), figure.Draw(t, "total"), rapid.SampledFrom([]Unit{Phones, Milliseconds}).Draw(t, "unit"))
			case 1:
				p.shown = time.Time{}
				p.Update(Status{
					Done: figure.Draw(t, "done"), Rate: float64(figure.Draw(t, "rate")), P99: time.Duration(figure.Draw(t, "p99")),
					Errors: figure.Draw(t, "errors"), Wrong: figure.Draw(t, "wrong"), Connected: figure.Draw(t, "connected"),
				})
			case 2:
				notes = append(notes, fmt.Sprint(i))
				p.Note(notes[len(notes)-1])
			}
		}
		p.Close()
		v.clean()
		if width > 3 { // room for the notes, which wrap
			if got := v.lines(); !slices.Equal(got, notes) {
				t.Fatalf("%q, want %q", got, notes)
			}
		}
	})
}
