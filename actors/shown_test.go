package actors

import (
	"fmt"
	"testing"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence/memstore"
	"i80.dk/sighej/wire"
)

// Two who share more than may be named are named the same interests, each in its
// own spelling: whoever reports, on whichever members they are, and as sessions
// that come later with the same interests. Seen failing with a random rank.
func TestSameLabelsForAPair(t *testing.T) {
	w := newTown(t, 2, func(c *Config) { c.MaxSharedLabels = 3 })
	likes := []string{"go", "chess", "jazz", "philosophy", "knitting socks", "devops", "hardstyle", "sailing"}
	loud := []string{"SAILING", "GO", "JAZZ", "Knitting Socks", "PHILOSOPHY", "HARDSTYLE", "DEVOPS", "CHESS", "running"}
	want := ""
	for i, homes := range []string{"00", "01", "10", "11", "00"} {
		a := register(t, w.members[0], fmt.Sprintf("session-a-%d-%c", i, homes[0]), likes...)
		b := register(t, w.members[0], fmt.Sprintf("session-b-%d-%c", i, homes[1]), loud...)
		if i%2 == 1 {
			a, b = b, a
		}
		sockA, sockB := a.connect(false), b.connect(false)
		first, again, back := a.hears(b.Token), a.hears(b.Token), b.hears(a.Token)
		if len(first.Shared) != 3 || !first.NudgeSent || !equal(again, sighej.Verdict{Match: true, Shared: first.Shared}) {
			t.Errorf("named %v, then %v", first.Shared, again.Shared)
		}
		quiet, shouted := first.Shared, back.Shared
		if i%2 == 1 {
			quiet, shouted = shouted, quiet
		}
		if want == "" {
			want = fmt.Sprint(quiet, shouted)
		}
		if got := fmt.Sprint(quiet, shouted); got != want {
			t.Errorf("%s: named %s, where %s were named before", homes, got, want)
		}
		for sock, verdict := range map[*socket]sighej.Verdict{sockA: first, sockB: back} {
			sock.awaitFrames(2)
			if f := sock.frames[1]; f["type"] != wire.TypeNudge || fmt.Sprint(f["shared_interests"]) != fmt.Sprint(verdict.Shared) {
				t.Errorf("nudged about %v, answered %v", f["shared_interests"], verdict.Shared)
			}
		}
	}
}

// A limit that was set while a nudge waited holds for it too.
func TestOldNudgesNameNoMoreThanTheyMay(t *testing.T) {
	store := memstore.New()
	s := newSystem(t, store, nil)
	a, b := register(t, s, "alice1", "go", "chess", "jazz"), register(t, s, "bob001", "go", "chess", "jazz")
	if v := a.hears(b.Token); len(v.Shared) != 3 {
		t.Fatal(v)
	}
	later := newSystem(t, store, func(c *Config) { c.MaxSharedLabels = 1 })
	v := a.on(later).hears(b.Token)
	f := b.on(later).connect(false).awaitFrames(2)[1]
	if len(v.Shared) != 1 || fmt.Sprint(f["shared_interests"]) != fmt.Sprint(v.Shared) {
		t.Errorf("answered %v, nudged about %v", v.Shared, f["shared_interests"])
	}
}
