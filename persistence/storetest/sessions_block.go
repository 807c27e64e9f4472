package storetest

import (
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

func block(t test, store Store, r persistence.Registration, nudge sighej.NudgeID) sighej.Pair {
	t.Helper()
	pair, err := store.Block(t.Context(), r.Session.Key(), nudge)
	if err != nil {
		t.Fatalf("Block: %v", err)
	}
	return pair
}

// The pair is refused whoever asks; nothing of the other session changes.
func (s sessions) block(t *testing.T) {
	store := s.open(t)
	a, b, c := register(t, store), register(t, store), register(t, store)
	m, other := matchOf(a, b), matchOf(a, c)
	other.At = m.At.Add(time.Millisecond)
	wantCommit(t, store, m, sighej.Committed)
	wantCommit(t, store, other, sighej.Committed)
	before := load(t, store, b.Session.Token)
	for range 2 { // tried again
		wantEqual(t, "pair", block(t, store, a, m.A.Nudge), store.Pair(b.Session.Key(), a.Session.Key()))
	}
	want := persistence.State{
		Session: a.Session, Open: true, Outbox: []sighej.Nudge{nudgeOf(other.A, other)}, MatchedAt: []time.Time{m.At, other.At},
		Blocked: []sighej.Pair{store.Pair(a.Session.Key(), b.Session.Key())},
	}
	wantEqual(t, "who blocked", load(t, store, a.Session.Token), want)
	wantEqual(t, "who was blocked", load(t, store, b.Session.Token), before)
	wantCommit(t, store, matchOf(a, b), sighej.Refused)
	wantCommit(t, store, matchOf(b, a), sighej.Refused)
	wantCommit(t, store, matchOf(a, c), sighej.AlreadyMatched)
	wantCommit(t, store, matchOf(b, c), sighej.Committed)
	for i, full := range []persistence.Registration{a, b} { // as many nudges wait as before, less the one
		wantEqual(t, "nudges", len(load(t, store, full.Session.Token).Outbox), 1+i)
	}

	wantCode(t, "Ack", store.Ack(t.Context(), c.Session.Key(), []sighej.NudgeID{other.B.Nudge}), "")
	block(t, store, c, other.B.Nudge) // long since acknowledged
	wantCommit(t, store, matchOf(a, c), sighej.Refused)
	rotate(t, store, a, sighej.NewToken(), long)
	wantCommit(t, store, matchOf(a, c), sighej.Refused)
	wantEqual(t, "who rotated", load(t, store, a.Session.Token).Blocked, want.Blocked)
}

func (s sessions) blockNothing(t *testing.T) {
	store := s.open(t)
	a, b, gone := register(t, store), register(t, store), register(t, store)
	m, last := matchOf(a, b), matchOf(a, gone)
	wantCommit(t, store, m, sighej.Committed)
	wantCommit(t, store, last, sighej.Committed)
	wantCode(t, "Delete", store.Delete(t.Context(), gone.Session.Key()), "")
	other := a.Session.Key()
	other.ID = sighej.NewSessionID()
	for what, c := range map[string]struct {
		key   sighej.SessionKey
		nudge sighej.NudgeID
	}{
		"an unknown nudge":             {a.Session.Key(), sighej.NewNudgeID()},
		"the other's nudge":            {a.Session.Key(), m.B.Nudge},
		"another session of the token": {other, m.A.Nudge},
		"a session that is gone":       {gone.Session.Key(), last.B.Nudge},
		"no session at all":            {registration(long).Session.Key(), m.A.Nudge},
	} {
		_, err := store.Block(t.Context(), c.key, c.nudge)
		wantCode(t, "Block with "+what, err, sighej.CodeNotFound)
	}
	wantCommit(t, store, matchOf(b, a), sighej.AlreadyMatched)
	block(t, store, a, last.A.Nudge) // whom it was about is gone
}

func (s sessions) blockOfOneLife(t *testing.T) {
	store := s.open(t)
	a, b, later := register(t, store), register(t, store), registration(long)
	m := matchOf(a, b)
	wantCommit(t, store, m, sighej.Committed)
	block(t, store, a, m.A.Nudge)
	wantCode(t, "Delete", store.Delete(t.Context(), b.Session.Key()), "")
	later.Session.Token = b.Session.Token
	create(t, store, later)
	wantCommit(t, store, matchOf(later, a), sighej.Committed)
	for _, pair := range load(t, store, a.Session.Token).Blocked {
		if pair == store.Pair(a.Session.Key(), later.Session.Key()) {
			t.Error("a later session under the same token is the same pair")
		}
	}
}
