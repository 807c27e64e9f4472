package actors

import (
	"fmt"
	"testing"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence/memstore"
	"i80.dk/sighej/wire"
)

func (p phone) opens(open bool) {
	p.t.Helper()
	if _, err := p.s.SetOpen(p.t.Context(), p.Caller, open); err != nil {
		p.t.Fatal(err)
	}
}

// Whoever closes is hidden at once, also from those who know it, and no phone is
// sent a nudge about it any more, on whichever members the two are. Seen failing with
// a memstore that withdraws nothing.
func TestClosingWithdrawsNudges(t *testing.T) {
	w := newTown(t, 2, nil)
	for i, homes := range []string{"00", "01", "10", "11"} {
		a := register(t, w.members[i%2], fmt.Sprintf("session-a-%d-%c", i, homes[0]), "go")
		b := register(t, w.members[0], fmt.Sprintf("session-b-%d-%c", i, homes[1]), "go")
		c := register(t, w.members[1], fmt.Sprintf("session-c-%d-%c", i, homes[1]), "go")
		other := register(t, w.members[0], fmt.Sprintf("session-d-%d-0", i), "go")
		saw := c.connect(false)
		for _, p := range []phone{b, c} {
			if v := a.hears(p.Token); !v.NudgeSent {
				t.Fatal(v)
			}
		}
		saw.nudge(1)
		saw.conn.Closed() // before it was acknowledged
		if v := b.hears(other.Token); !v.NudgeSent {
			t.Fatal(v)
		}
		a.opens(false)
		for _, p := range []phone{b, c} {
			if v := p.hears(a.Token); !equal(v, sighej.Verdict{}) {
				t.Errorf("%s: whom it has met, closed: %+v", homes, v)
			}
		}
		for p, want := range map[phone]int{b: 1, c: 0, a: 2} { // what is about others stays
			if st, err := p.s.Describe(t.Context(), p.Caller); err != nil || st.Pending != want {
				t.Errorf("%s: %d nudges pending, want %d, %v", homes, st.Pending, want, err)
			}
			sock := p.connect(false)
			if f := sock.awaitFrames(1 + want); f[0]["type"] != wire.TypeWelcome || f[0]["pending"] != float64(want) {
				t.Errorf("%s: %v, want %d nudges", homes, f, want)
			}
		}
		a.opens(true)
		if v := b.hears(a.Token); !equal(v, sighej.Verdict{Match: true, Shared: []string{"go"}}) {
			t.Errorf("%s: open again: %+v", homes, v)
		}
	}
}

// What the store cannot say goes by what the member knows.
func TestPendingNudgesWithoutTheStore(t *testing.T) {
	store := &faulty{Sessions: memstore.New()}
	s := newSystem(t, store, nil)
	a, b := register(t, s, "alice1", "go"), register(t, s, "bob001", "go")
	a.hears(b.Token)
	store.before.Store(true)
	sock := b.connect(false)
	if f := sock.awaitFrames(2); f[0]["type"] != wire.TypeWelcome || f[0]["pending"] != 1.0 {
		t.Errorf("%v", f)
	}
	if st, err := s.Describe(t.Context(), b.Caller); err != nil || st.Pending != 1 {
		t.Errorf("%+v, %v", st, err)
	}
	store.before.Store(false)
}
