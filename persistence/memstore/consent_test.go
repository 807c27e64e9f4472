package memstore

import (
	"testing"
	"time"

	"i80.dk/sighej"
)

// A match that is made while a session closes is seen before it is closed.
func TestClosingSeesANewMatch(t *testing.T) {
	store := New()
	var sides [2]sighej.Side
	for i := range sides {
		r := registration(time.Hour)
		if err := store.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		sides[i] = sighej.Side{Session: r.Session.Key(), Nudge: sighej.NewNudgeID()}
	}
	known, ok := store.peersOf(sides[0].Session)
	if o, err := store.Commit(t.Context(), sighej.Match{A: sides[0], B: sides[1], At: time.Now()}); !ok || o != sighej.Committed || err != nil {
		t.Fatal(ok, o, err)
	}
	if done, _ := store.setOpen(sides[0].Session, false, known); done {
		t.Error("closed without knowing of the match")
	}
	state, err := store.Load(t.Context(), sides[0].Session.Token)
	if err != nil || !state.Open {
		t.Errorf("%+v, %v", state, err)
	}
}
