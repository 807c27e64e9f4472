package progress

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPlainLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := New(&out, Options{Colour: true, Width: 20})
		p.Note("the target is http://127.0.0.1:8000")
		p.Update(Status{Done: 1}) // no phase yet
		p.Phase("registering", 20_000, Phones)
		for done := int64(0); done < 6000; done += 100 {
			p.Update(Status{Done: done, Rate: 1000})
			time.Sleep(100 * time.Millisecond)
		}
		p.Phase("measuring", 90_000, Milliseconds)
		p.Update(Status{Done: 100})
		p.Note("a line\nof\x1b[31m notes")
		time.Sleep(5 * time.Second)
		p.Update(Status{Done: 5000, Rate: 12345.6, P50: 850 * time.Microsecond, P99: 12_340 * time.Microsecond, Connected: 20_000})
		time.Sleep(5 * time.Second)
		p.Update(Status{Done: 10_000, Rate: 9.26, P50: 120 * time.Millisecond, P99: 12 * time.Second, Errors: 1, Wrong: 2, Connected: 1})
		p.Update(Status{Done: 10_100, Errors: 1234})
		p.Phase("forgetting", 0, Phones)
		p.Update(Status{Done: 77})
		p.Close()
		p.Close()
		p.Phase("after", 1, Phones)
		p.Update(Status{})
		p.Note("the end")
		want := `the target is http://127.0.0.1:8000
registering  0/20,000 phones
registering  5,000/20,000 phones  1,000/s
registering  5,900/20,000 phones  1,000/s
measuring  0:00/1:30
a line of [31m notes
measuring  0:05/1:30  12,346/s  p50/p99 0.85/12.3 ms  20,000 connected
measuring  0:10/1:30  9.3/s  p50/p99 120/12,000 ms  1 error  2 wrong  1 connected
measuring  0:10/1:30  1,234 errors
forgetting  0 phones
forgetting  77 phones
`
		if d := cmp.Diff(want, out.String()); d != "" {
			t.Error(d)
		}
	})
}

func TestEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := New(&out, Options{Every: time.Second})
		p.Phase("x", 0, Milliseconds)
		for range 35 {
			time.Sleep(100 * time.Millisecond)
			p.Update(Status{Done: 3_600_000})
		}
		p.Close()
		want := "x  0:00\n" + strings.Repeat("x  1:00:00\n", 4) // three seconds and the end
		if d := cmp.Diff(want, out.String()); d != "" {
			t.Error(d)
		}
	})
}

func TestFigures(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 1234567: "1,234,567", -5: "-5", -123: "-123", -1234: "-1,234", -123456: "-123,456"} {
		if got := grouped(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0.00", 4_900: "0.00", 5_100: "0.01", 9_994_000: "9.99", 9_996_000: "10.0", 99_940_000: "99.9", 99_960_000: "100", 1_234_567_890: "1,235",
	} {
		if got := milliseconds(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
	for r, want := range map[float64]string{0.04: "0.0/s", 9.94: "9.9/s", 10: "10/s", 1234.5: "1,235/s"} {
		if got := rate(r); got != want {
			t.Errorf("%v: %s, want %s", r, got, want)
		}
	}
	for ms, want := range map[int64]string{0: "0:00", 999: "0:00", 61_000: "1:01", 3_599_999: "59:59", 3_600_000: "1:00:00", 36_061_000: "10:01:01"} {
		if got := clock(ms); got != want {
			t.Errorf("%d: %s, want %s", ms, got, want)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("closed") }

func TestConcurrentUseAndNoAudience(_ *testing.T) {
	for _, terminal := range []bool{true, false} {
		p := New(broken{}, Options{Terminal: terminal, Every: 1})
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for i := range int64(100) {
					p.Phase("x", 100, Phones)
					p.Update(Status{Done: i})
					p.Note("y")
				}
				p.Close()
			})
		}
		all.Wait()
	}
}
