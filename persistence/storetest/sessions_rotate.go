package storetest

import (
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

func rotate(t test, store Store, r persistence.Registration, token sighej.Token, grace time.Duration) sighej.Rotation {
	t.Helper()
	rotation, err := store.Rotate(t.Context(), r.Session.Key(), token, grace)
	if err != nil {
		t.Fatalf("Rotate: %v", err)
	}
	return rotation
}

// wantHeard checks which session a token leads to.
func wantHeard(t test, store Store, token sighej.Token, by persistence.Registration, rotation sighej.Rotation) {
	t.Helper()
	state := load(t, store, token)
	wantEqual(t, "session", state.Session, by.Session)
	wantEqual(t, "rotation", state.Rotation, rotation)
}

func wantNobody(t test, store Store, what string, token sighej.Token) {
	t.Helper()
	_, err := store.Load(t.Context(), token)
	wantCode(t, "Load of "+what, err, sighej.CodeNotFound)
}

// loadAll asks for several at once: by their own tokens, by one taken since, and for
// one that is nobody's.
func (s sessions) loadAll(t *testing.T) {
	store := s.open(t)
	a, b, c := register(t, store), register(t, store), register(t, store)
	second := sighej.NewToken()
	rotation := rotate(t, store, b, second, long/2)
	tokens := []sighej.Token{a.Session.Token, sighej.NewToken(), second, c.Session.Token, b.Session.Token}
	got := store.LoadAll(t.Context(), tokens)
	wantEqual(t, "answers", len(got), len(tokens))
	for i, want := range []*persistence.Registration{&a, nil, &b, &c, &b} {
		if want == nil {
			wantCode(t, "nobody's", got[i].Err, sighej.CodeNotFound)
			continue
		}
		wantCode(t, "somebody's", got[i].Err, "")
		wantEqual(t, "session", got[i].State.Session, want.Session)
	}
	wantEqual(t, "rotation", got[2].State.Rotation, rotation)
}

func (s sessions) rotate(t *testing.T) {
	store := s.open(t)
	r, peer := register(t, store), register(t, store)
	own, second, third := r.Session.Token, sighej.NewToken(), sighej.NewToken()
	before := time.Now()
	rotation := rotate(t, store, r, second, long/2)
	if d := rotation.Until.Sub(before) - long/2; d.Abs() > patience {
		t.Errorf("the former token is good until %v more than it should", d)
	}
	wantEqual(t, "rotation", rotation, sighej.Rotation{Token: second, Former: own, Until: rotation.Until})
	wantEqual(t, "tried again", rotate(t, store, r, second, long/2), rotation)
	for _, token := range []sighej.Token{own, second} {
		wantHeard(t, store, token, r, rotation)
	}
	again := rotate(t, store, r, third, long/2)
	wantEqual(t, "rotation", again, sighej.Rotation{Token: third, Former: second, Until: again.Until})
	for _, token := range []sighej.Token{own, second, third} {
		wantHeard(t, store, token, r, again)
	}
	wantCommit(t, store, matchOf(r, peer), sighej.Committed)
	if state := load(t, store, third); len(state.Outbox) != 1 || len(state.MatchedAt) != 1 {
		t.Errorf("a match after it: %+v", state)
	}
	found, err := store.Find(t.Context(), r.Session.Access)
	if err != nil || found != own {
		t.Errorf("Find: %q, %v", found, err)
	}
	active, err := store.Active(t.Context())
	if err != nil || active != 2 {
		t.Errorf("Active: %d, %v", active, err)
	}
}

func (s sessions) rotateBack(t *testing.T) {
	store := s.open(t)
	r := register(t, store)
	wantEqual(t, "to its own", rotate(t, store, r, r.Session.Token, long), sighej.Rotation{})
	second, third := sighej.NewToken(), sighej.NewToken()
	rotate(t, store, r, second, long)
	rotate(t, store, r, third, long)
	for _, token := range []sighej.Token{r.Session.Token, second} {
		_, err := store.Rotate(t.Context(), r.Session.Key(), token, long)
		wantCode(t, "Rotate to one that it had", err, sighej.CodeTokenLive)
	}
	fourth := sighej.NewToken()
	rotate(t, store, r, fourth, long)
	wantNobody(t, store, "the one before the former", second)
}

func (s sessions) rotateTaken(t *testing.T) {
	store := s.open(t)
	a, b := register(t, store), register(t, store)
	second, third := sighej.NewToken(), sighej.NewToken()
	rotate(t, store, a, second, long)
	rotate(t, store, a, third, long)
	for _, token := range []sighej.Token{a.Session.Token, second, third} {
		_, err := store.Rotate(t.Context(), b.Session.Key(), token, long)
		wantCode(t, "Rotate to another's", err, sighej.CodeTokenLive)
		r := registration(long)
		r.Session.Token = token
		wantCode(t, "Create with another's", store.Create(t.Context(), r), sighej.CodeTokenLive)
	}
	wantEqual(t, "the other one", load(t, store, b.Session.Token), persistence.State{Session: b.Session, Open: true})
	stranger := registration(long)
	_, err := store.Rotate(t.Context(), stranger.Session.Key(), sighej.NewToken(), long)
	wantCode(t, "Rotate of nobody", err, sighej.CodeNotFound)
}

func (s sessions) rotateForgotten(t *testing.T) {
	store := s.open(t)
	r := register(t, store)
	second, third := sighej.NewToken(), sighej.NewToken()
	rotate(t, store, r, second, long)
	rotate(t, store, r, third, long)
	wantCode(t, "Delete", store.Delete(t.Context(), r.Session.Key()), "")
	for _, token := range []sighej.Token{r.Session.Token, second, third} {
		wantNobody(t, store, "what was deleted", token)
		free := registration(long)
		free.Session.Token = token
		create(t, store, free)
		wantHeard(t, store, token, free, sighej.Rotation{})
	}
}

func (s sessions) rotateOver(t *testing.T) {
	store := s.open(t)
	r := register(t, store)
	second, third := sighej.NewToken(), sighej.NewToken()
	rotate(t, store, r, second, long)
	rotate(t, store, r, third, 20*time.Millisecond)
	until(t, "the former token is free", func() bool {
		_, err := store.Load(t.Context(), second)
		return sighej.CodeOf(err) == sighej.CodeNotFound
	})
	free := registration(long)
	free.Session.Token = second
	create(t, store, free)
	wantHeard(t, store, second, free, sighej.Rotation{})
	rotate(t, store, r, sighej.NewToken(), long)
	wantHeard(t, store, second, free, sighej.Rotation{}) // which is not the session's to end
	wantCode(t, "Delete", store.Delete(t.Context(), r.Session.Key()), "")
	wantHeard(t, store, second, free, sighej.Rotation{})

	short := registration(50 * time.Millisecond)
	create(t, store, short)
	last := sighej.NewToken()
	rotate(t, store, short, last, long)
	until(t, "what a session is heard by ends with it", func() bool {
		_, err := store.Load(t.Context(), last)
		return sighej.CodeOf(err) == sighej.CodeNotFound
	})
}
