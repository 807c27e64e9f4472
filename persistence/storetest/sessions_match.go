package storetest

import (
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

func matchOf(a, b persistence.Registration) sighej.Match {
	return sighej.Match{
		A:      sighej.Side{Session: a.Session.Key(), Nudge: sighej.NewNudgeID()},
		B:      sighej.Side{Session: b.Session.Key(), Nudge: sighej.NewNudgeID()},
		At:     time.Now().UTC().Truncate(time.Millisecond),
		Shared: []sighej.InterestHash{7, 1<<64 - 1},
	}
}

// reversed is the same match, told by the other side.
func reversed(m sighej.Match) sighej.Match {
	m.A, m.B = m.B, m.A
	return m
}

func nudgeOf(side sighej.Side, m sighej.Match) sighej.Nudge {
	return sighej.Nudge{ID: side.Nudge, At: m.At, Shared: m.Shared}
}

func wantCommit(t test, store Store, m sighej.Match, want sighej.Outcome) {
	t.Helper()
	got, err := store.Commit(t.Context(), m)
	if err != nil || got != want {
		t.Errorf("Commit: outcome %d, want %d (%v)", got, want, err)
	}
}

func wantMatches(t test, store Store, at time.Time, want int64) {
	t.Helper()
	wantEqual(t, "matches counted", totals(t, store, persistence.DayOf(at)).Matches, want)
}

func (s sessions) match(t *testing.T) {
	store := s.open(t)
	a, b := register(t, store), register(t, store)
	m := matchOf(a, b)
	wantCommit(t, store, m, sighej.Committed)
	for _, side := range []struct {
		registration persistence.Registration
		side         sighej.Side
	}{{a, m.A}, {b, m.B}} {
		wantEqual(t, "state", load(t, store, side.registration.Session.Token), persistence.State{
			Session:   side.registration.Session,
			Open:      true,
			Outbox:    []sighej.Nudge{nudgeOf(side.side, m)},
			MatchedAt: []time.Time{m.At},
		})
	}
	wantMatches(t, store, m.At, 1)
}

func (s sessions) commitRetried(t *testing.T) {
	store := s.open(t)
	a, b := register(t, store), register(t, store)
	m := matchOf(a, b)
	for range 3 {
		wantCommit(t, store, m, sighej.Committed)
		wantCommit(t, store, reversed(m), sighej.Committed)
	}
	wantMatches(t, store, m.At, 1)
	wantEqual(t, "outbox", load(t, store, a.Session.Token).Outbox, []sighej.Nudge{nudgeOf(m.A, m)})
	wantCode(t, "SetOpen", store.SetOpen(t.Context(), a.Session.Key(), false), "")
	wantCommit(t, store, m, sighej.Committed)
	wantCode(t, "Delete", store.Delete(t.Context(), a.Session.Key()), "")
	wantCommit(t, store, m, sighej.Committed) // the other side remembers
	wantEqual(t, "matches of the other side", len(load(t, store, b.Session.Token).MatchedAt), 1)
}

func (s sessions) commitTwice(t *testing.T) {
	store := s.open(t)
	a, b, c := register(t, store), register(t, store), register(t, store)
	m := matchOf(a, b)
	wantCommit(t, store, m, sighej.Committed)
	wantCommit(t, store, matchOf(a, b), sighej.AlreadyMatched)
	wantCommit(t, store, matchOf(b, a), sighej.AlreadyMatched)
	wantCode(t, "Ack", store.Ack(t.Context(), a.Session.Key(), []sighej.NudgeID{m.A.Nudge}), "")
	wantCommit(t, store, matchOf(b, a), sighej.AlreadyMatched)
	wantCommit(t, store, matchOf(a, c), sighej.Committed)
	wantMatches(t, store, m.At, 2)
	wantEqual(t, "outbox", load(t, store, b.Session.Token).Outbox, []sighej.Nudge{nudgeOf(m.B, m)})
}

func (s sessions) refused(t *testing.T) {
	store := s.open(t)
	a, closed := register(t, store), register(t, store)
	wantCode(t, "SetOpen", store.SetOpen(t.Context(), closed.Session.Key(), false), "")
	gone, unknown := register(t, store), registration(long)
	wantCode(t, "Delete", store.Delete(t.Context(), gone.Session.Key()), "")
	other := a
	other.Session = new(sighej.Session)
	*other.Session = *register(t, store).Session
	other.Session.ID = sighej.NewSessionID()
	for name, peer := range map[string]persistence.Registration{
		"closed": closed, "deleted": gone, "unknown": unknown, "of another session": other, "the same": a,
	} {
		for _, m := range []sighej.Match{matchOf(a, peer), matchOf(peer, a)} {
			if got, err := store.Commit(t.Context(), m); got != sighej.Refused || err != nil {
				t.Errorf("%s: outcome %d, %v", name, got, err)
			}
		}
	}
	wantEqual(t, "state", load(t, store, a.Session.Token), persistence.State{Session: a.Session, Open: true})
	wantMatches(t, store, time.Now(), 0)

	wantCode(t, "SetOpen", store.SetOpen(t.Context(), closed.Session.Key(), true), "")
	wantCommit(t, store, matchOf(a, closed), sighej.Committed)
	wantCode(t, "SetOpen", store.SetOpen(t.Context(), a.Session.Key(), false), "")
	wantCommit(t, store, matchOf(a, closed), sighej.Refused) // matched before, but closed now
}

func (s sessions) rematch(t *testing.T) {
	store := s.open(t)
	a, b, later := register(t, store), register(t, store), registration(long)
	wantCommit(t, store, matchOf(a, b), sighej.Committed)
	wantCode(t, "Delete", store.Delete(t.Context(), b.Session.Key()), "")
	later.Session.Token = b.Session.Token
	create(t, store, later)
	wantCommit(t, store, matchOf(a, later), sighej.Committed)
	wantEqual(t, "matches", len(load(t, store, a.Session.Token).MatchedAt), 2)
}

func (s sessions) order(t *testing.T) {
	store := s.open(t)
	a := register(t, store)
	base := time.Now().UTC().Truncate(time.Millisecond)
	var want persistence.State
	late := []int{3, 0, 4, 1, 2} // members' clocks differ
	want.Outbox = make([]sighej.Nudge, len(late))
	want.MatchedAt = make([]time.Time, len(late))
	for _, i := range late {
		m := matchOf(a, register(t, store))
		m.At = base.Add(time.Duration(i-2) * time.Millisecond)
		wantCommit(t, store, m, sighej.Committed)
		want.Outbox[i], want.MatchedAt[i] = nudgeOf(m.A, m), m.At
	}
	want.Session, want.Open = a.Session, true
	wantEqual(t, "state", load(t, store, a.Session.Token), want)
}

func (s sessions) ack(t *testing.T) {
	store := s.open(t)
	a, b, c := register(t, store), register(t, store), register(t, store)
	first, second := matchOf(a, b), matchOf(a, c)
	second.At = first.At.Add(time.Millisecond)
	wantCommit(t, store, first, sighej.Committed)
	wantCommit(t, store, second, sighej.Committed)
	ack := func(key sighej.SessionKey, ids ...sighej.NudgeID) {
		t.Helper()
		wantCode(t, "Ack", store.Ack(t.Context(), key, ids), "")
	}
	other := a.Session.Key()
	other.ID = sighej.NewSessionID()
	ack(other, first.A.Nudge)
	ack(a.Session.Key())
	ack(a.Session.Key(), sighej.NewNudgeID(), first.B.Nudge)
	wantEqual(t, "nudges after acks of others", len(load(t, store, a.Session.Token).Outbox), 2)
	for range 2 {
		ack(a.Session.Key(), first.A.Nudge, first.A.Nudge)
		wantCommit(t, store, first, sighej.Committed) // a late retry puts nothing back
		state := load(t, store, a.Session.Token)
		wantEqual(t, "outbox", state.Outbox, []sighej.Nudge{nudgeOf(second.A, second)})
		wantEqual(t, "matches", state.MatchedAt, []time.Time{first.At, second.At})
	}
	wantEqual(t, "outbox of the peer", load(t, store, b.Session.Token).Outbox, []sighej.Nudge{nudgeOf(first.B, first)})
	ack(a.Session.Key(), second.A.Nudge)
	wantEqual(t, "outbox", load(t, store, a.Session.Token).Outbox, nil)
}

func (s sessions) full(t *testing.T) {
	store := s.open(t)
	a := register(t, store)
	matches := make([]sighej.Match, persistence.MaxOutbox)
	var group errgroup.Group
	group.SetLimit(16)
	for i := range matches {
		matches[i] = matchOf(a, register(t, store))
		group.Go(func() error {
			_, err := store.Commit(t.Context(), matches[i])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatalf("Commit: %v", err)
	}
	wantEqual(t, "nudges", len(load(t, store, a.Session.Token).Outbox), persistence.MaxOutbox)
	next := matchOf(a, register(t, store))
	wantCommit(t, store, next, sighej.Refused)
	wantCommit(t, store, reversed(next), sighej.Refused)
	wantCommit(t, store, matches[0], sighej.Committed) // tried again
	both := []sighej.NudgeID{matches[0].A.Nudge, matches[1].A.Nudge}
	wantCode(t, "Ack", store.Ack(t.Context(), a.Session.Key(), both), "")
	wantCode(t, "Ack again", store.Ack(t.Context(), a.Session.Key(), both), "")
	wantCommit(t, store, next, sighej.Committed)
	wantCommit(t, store, matchOf(a, register(t, store)), sighej.Committed)
	wantCommit(t, store, matchOf(a, register(t, store)), sighej.Refused)
	block(t, store, a, matches[2].A.Nudge) // and so it waits no longer
	block(t, store, a, matches[2].A.Nudge)
	wantCommit(t, store, matchOf(a, register(t, store)), sighej.Committed)
	wantCommit(t, store, matchOf(a, register(t, store)), sighej.Refused)
	for range 2 { // and neither does one about somebody who closed
		wantCode(t, "SetOpen", store.SetOpen(t.Context(), matches[3].B.Session, false), "")
	}
	wantCommit(t, store, matchOf(a, register(t, store)), sighej.Committed)
	wantCommit(t, store, matchOf(a, register(t, store)), sighej.Refused)
}

func (s sessions) crossfire(t *testing.T) {
	const pairs = 200
	store := s.open(t)
	var group errgroup.Group
	var mu sync.Mutex
	committed := make(map[int][]sighej.Match)
	var day time.Time
	for pair := range pairs {
		a, b := register(t, store), register(t, store)
		day = a.Session.CreatedAt
		for _, m := range []sighej.Match{matchOf(a, b), matchOf(b, a)} {
			m.At = day // all on one day, even around midnight
			for range 2 {
				group.Go(func() error {
					outcome, err := store.Commit(t.Context(), m)
					if outcome == sighej.Committed {
						mu.Lock()
						defer mu.Unlock()
						committed[pair] = append(committed[pair], m)
					}
					return err
				})
			}
		}
	}
	if err := group.Wait(); err != nil {
		t.Fatalf("Commit: %v", err)
	}
	for pair := range pairs {
		won := committed[pair]
		if len(won) != 2 || won[0].A != won[1].A {
			t.Fatalf("pair %d: %d commits succeeded, want one match and its retry", pair, len(won))
		}
		for _, side := range []sighej.Side{won[0].A, won[0].B} {
			wantEqual(t, "outbox", load(t, store, side.Session.Token).Outbox, []sighej.Nudge{nudgeOf(side, won[0])})
		}
	}
}
