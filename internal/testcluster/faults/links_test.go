//go:build linux

package faults

import (
	"fmt"
	"testing"
	"time"

	"i80.dk/sighej/internal/testcluster"
)

// The links between members are cut while both keep Redis: in both directions and
// in one, silently and with a reset. Whatever needs them fails meanwhile, and
// nothing else does; afterwards all is one again.
func TestLinks(t *testing.T) {
	t.Parallel()
	for _, way := range []struct {
		name string
		how  testcluster.Cut
		both bool
	}{
		{"black hole, both ways", testcluster.BlackHole, true},
		{"black hole, one way", testcluster.BlackHole, false},
		{"reset, both ways", testcluster.Reset, true},
		{"reset, one way", testcluster.Reset, false},
	} {
		t.Run(way.name, func(t *testing.T) {
			w := begin(t, testcluster.Config{})
			for range in(1, 5) {
				for _, length := range in([]time.Duration{5 * time.Second}, []time.Duration{2 * time.Second, 5 * time.Second, 20 * time.Second}) {
					w.cut(way.how, way.both, length)
				}
			}
			w.end()
		})
	}
}

func (w *town) cut(how testcluster.Cut, both bool, length time.Duration) {
	w.t.Helper()
	w.refresh()
	one, other := w.Members[0], w.Members[1]
	w.Expect(func(edge, own, peer string) bool {
		return crosses(edge, own, one, other) || crosses(own, peer, one, other)
	})
	if both {
		w.CutBoth(one, other, how)
	} else {
		w.Cut(one, other, how)
	}
	w.wait(length)
	w.Expect(nil)
	w.Heal()
	w.eventually("the healed link", recovery, func() error { return w.reach(one, other) })
	w.whole()
}

// crosses reports whether the way between two members is between those two.
func crosses(from, to string, one, other *testcluster.Member) bool {
	return from == one.Base() && to == other.Base() || from == other.Base() && to == one.Base()
}

// reach asks each of two members for a session on the other.
func (w *town) reach(one, other *testcluster.Member) error {
	for _, way := range [][2]*testcluster.Member{{one, other}, {other, one}} {
		home, err := w.Stranger(w.t.Context(), way[1].Base())
		if err != nil {
			return err
		}
		if status, _ := home.Look(w.t.Context(), way[0].Base()); status != 200 {
			return fmt.Errorf("%s does not reach %s: %d", way[0].Name, way[1].Name, status)
		}
	}
	return nil
}
