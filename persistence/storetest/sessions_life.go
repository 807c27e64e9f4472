package storetest

import (
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

func (s sessions) roundTrip(t *testing.T) {
	store := s.open(t)
	for name, change := range map[string]func(*persistence.Registration){
		"open":         func(*persistence.Registration) {},
		"closed":       func(r *persistence.Registration) { r.Open = false },
		"one interest": func(r *persistence.Registration) { r.Session.Interests = r.Session.Interests[:1] },
		"other category only": func(r *persistence.Registration) {
			r.Categories = []string{"other"}
		},
	} {
		r := registration(long)
		change(&r)
		create(t, store, r)
		want := persistence.State{Session: r.Session, Open: r.Open}
		wantEqual(t, name, load(t, store, r.Session.Token), want)
	}
	if err := store.Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
}

func (s sessions) empty(t *testing.T) {
	store := s.open(t)
	r := registration(long)
	_, err := store.Load(t.Context(), r.Session.Token)
	wantCode(t, "Load", err, sighej.CodeNotFound)
	_, err = store.Find(t.Context(), r.Session.Access)
	wantCode(t, "Find", err, sighej.CodeNotFound)
	wantCode(t, "SetOpen", store.SetOpen(t.Context(), r.Session.Key(), true), sighej.CodeNotFound)
	wantCode(t, "Delete", store.Delete(t.Context(), r.Session.Key()), "")
	wantCode(t, "Ack", store.Ack(t.Context(), r.Session.Key(), []sighej.NudgeID{sighej.NewNudgeID()}), "")
	_, err = store.Load(t.Context(), r.Session.Token)
	wantCode(t, "Load after all that", err, sighej.CodeNotFound)
}

func (s sessions) tokenLive(t *testing.T) {
	store := s.open(t)
	first, second := register(t, store), registration(long)
	second.Session.Token = first.Session.Token
	wantCode(t, "Create", store.Create(t.Context(), second), sighej.CodeTokenLive)
	wantEqual(t, "the holder", load(t, store, first.Session.Token).Session, first.Session)
	_, err := store.Find(t.Context(), second.Session.Access)
	wantCode(t, "Find of the refused one", err, sighej.CodeNotFound)
	wantEqual(t, "sessions counted", totals(t, store, persistence.DayOf(first.Session.CreatedAt)).Sessions, 1)
}

func (s sessions) createRetried(t *testing.T) {
	store := s.open(t)
	r := register(t, store)
	if err := store.SetOpen(t.Context(), r.Session.Key(), false); err != nil {
		t.Fatalf("SetOpen: %v", err)
	}
	create(t, store, r)
	wantEqual(t, "open after a late retry", load(t, store, r.Session.Token).Open, false)
	day := persistence.DayOf(r.Session.CreatedAt)
	want := persistence.Totals{Day: day, Sessions: 1, Categories: map[string]int64{"music": 1, "tech": 1}}
	wantEqual(t, "totals", totals(t, store, day), want)
}

func (s sessions) afterDelete(t *testing.T) {
	store := s.open(t)
	first, second := register(t, store), registration(long)
	second.Session.Token = first.Session.Token
	wantCode(t, "Delete", store.Delete(t.Context(), first.Session.Key()), "")
	create(t, store, second)
	wantCode(t, "Delete of the former session", store.Delete(t.Context(), first.Session.Key()), "")
	wantCode(t, "SetOpen of the former session", store.SetOpen(t.Context(), first.Session.Key(), false), sighej.CodeNotFound)
	wantEqual(t, "the new one", load(t, store, first.Session.Token), persistence.State{Session: second.Session, Open: true})
}

func (s sessions) afterExpiry(t *testing.T) {
	store := s.open(t)
	first, second := registration(50*time.Millisecond), registration(long)
	second.Session.Token = first.Session.Token
	peer := register(t, store)
	create(t, store, first)
	until(t, "the session expires", func() bool {
		_, err := store.Load(t.Context(), first.Session.Token)
		return sighej.CodeOf(err) == sighej.CodeNotFound
	})
	_, err := store.Find(t.Context(), first.Session.Access)
	wantCode(t, "Find", err, sighej.CodeNotFound)
	wantCode(t, "SetOpen", store.SetOpen(t.Context(), first.Session.Key(), true), sighej.CodeNotFound)
	wantCommit(t, store, matchOf(first, peer), sighej.Refused)
	create(t, store, second)
	wantEqual(t, "the new one", load(t, store, first.Session.Token), persistence.State{Session: second.Session, Open: true})
	token, err := store.Find(t.Context(), second.Session.Access)
	if err != nil || token != second.Session.Token {
		t.Errorf("Find of the new one: %v", err)
	}
}

func (s sessions) bornDead(t *testing.T) {
	store := s.open(t)
	r := registration(-time.Second)
	create(t, store, r)
	_, err := store.Load(t.Context(), r.Session.Token)
	wantCode(t, "Load", err, sighej.CodeNotFound)
	wantEqual(t, "totals", totals(t, store, persistence.DayOf(r.Session.CreatedAt)).Sessions, 0)
}

func (s sessions) find(t *testing.T) {
	store := s.open(t)
	var all []persistence.Registration
	for range 20 {
		all = append(all, register(t, store))
	}
	for _, r := range all {
		token, err := store.Find(t.Context(), r.Session.Access)
		if err != nil || token != r.Session.Token {
			t.Errorf("Find: another token, or %v", err)
		}
		near := r.Session.Access
		near[20] ^= 1
		_, err = store.Find(t.Context(), near)
		wantCode(t, "Find of a hash that differs in one bit", err, sighej.CodeNotFound)
	}
	gone := all[7].Session
	wantCode(t, "Delete", store.Delete(t.Context(), gone.Key()), "")
	_, err := store.Find(t.Context(), gone.Access)
	wantCode(t, "Find after Delete", err, sighej.CodeNotFound)
}

func (s sessions) setOpen(t *testing.T) {
	store := s.open(t)
	r := register(t, store)
	for _, open := range []bool{false, false, true, true, false} {
		wantCode(t, "SetOpen", store.SetOpen(t.Context(), r.Session.Key(), open), "")
		wantEqual(t, "open", load(t, store, r.Session.Token).Open, open)
	}
	other := r.Session.Key()
	other.ID = sighej.NewSessionID()
	wantCode(t, "SetOpen of another session with that token", store.SetOpen(t.Context(), other, true), sighej.CodeNotFound)
	wantEqual(t, "open", load(t, store, r.Session.Token).Open, false)
}

func (s sessions) forget(t *testing.T) {
	store := s.open(t)
	a, b := register(t, store), register(t, store)
	wantCommit(t, store, matchOf(a, b), sighej.Committed)
	wantCode(t, "Delete", store.Delete(t.Context(), a.Session.Key()), "")
	wantCode(t, "Delete again", store.Delete(t.Context(), a.Session.Key()), "")
	_, err := store.Load(t.Context(), a.Session.Token)
	wantCode(t, "Load", err, sighej.CodeNotFound)
	wantEqual(t, "nudges of the peer", len(load(t, store, b.Session.Token).Outbox), 1)
	again := a
	again.Session = new(sighej.Session)
	*again.Session = *a.Session
	again.Session.ID = sighej.NewSessionID()
	create(t, store, again)
	wantEqual(t, "the token anew", load(t, store, a.Session.Token), persistence.State{Session: again.Session, Open: true})
}

func (s sessions) active(t *testing.T) {
	store := s.open(t)
	wantActive := func(what string, want int64) {
		t.Helper()
		got, err := store.Active(t.Context())
		if err != nil || got != want {
			t.Errorf("%s: %d active, want %d (%v)", what, got, want, err)
		}
	}
	wantActive("empty", 0)
	var all []persistence.Registration
	for range 50 {
		all = append(all, register(t, store))
	}
	create(t, store, all[0])
	wantActive("after 50 and a retry", 50)
	wantCode(t, "SetOpen", store.SetOpen(t.Context(), all[1].Session.Key(), false), "")
	for range 2 {
		wantCode(t, "Delete", store.Delete(t.Context(), all[2].Session.Key()), "")
	}
	wantActive("after a deletion", 49)
	for range 5 {
		create(t, store, registration(30*time.Millisecond))
	}
	until(t, "the short ones are not counted", func() bool {
		n, err := store.Active(t.Context())
		return err == nil && n == 49
	})
}

func (s sessions) createRace(t *testing.T) {
	store := s.open(t)
	for range 20 {
		token := sighej.NewToken()
		var won atomic.Int32
		var group errgroup.Group
		for range 8 {
			r := registration(long)
			r.Session.Token = token
			group.Go(func() error {
				err := store.Create(t.Context(), r)
				if err == nil {
					won.Add(1)
				} else if sighej.CodeOf(err) != sighej.CodeTokenLive {
					return err
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatalf("Create: %v", err)
		}
		wantEqual(t, "winners", won.Load(), 1)
	}
}
