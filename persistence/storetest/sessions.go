package storetest

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

// Store is a session store with the counters beside it.
type Store interface {
	persistence.Sessions
	persistence.Counters
}

// Sessions holds a session store to what [persistence.Sessions] and
// [persistence.Counters] promise. Open returns an empty store and closes it when
// the test ends.
func Sessions(t *testing.T, open func(t *testing.T) Store) {
	s := sessions{open}
	t.Run("what was created is loaded", s.roundTrip)
	t.Run("nobody is found in an empty store", s.empty)
	t.Run("a live token is taken", s.tokenLive)
	t.Run("creating again counts once", s.createRetried)
	t.Run("a token is free after its deletion", s.afterDelete)
	t.Run("an expired session is gone", s.afterExpiry)
	t.Run("a session that has expired already", s.bornDead)
	t.Run("an access token finds its session", s.find)
	t.Run("consent", s.setOpen)
	t.Run("deletion forgets all", s.forget)
	t.Run("several at once", s.loadAll)
	t.Run("another token", s.rotate)
	t.Run("a token that it had", s.rotateBack)
	t.Run("a token of another session", s.rotateTaken)
	t.Run("deletion forgets all tokens", s.rotateForgotten)
	t.Run("a former token is good for a while", s.rotateOver)
	t.Run("active counts the live ones", s.active)
	t.Run("a match", s.match)
	t.Run("a commit tried again", s.commitRetried)
	t.Run("another commit of the pair", s.commitTwice)
	t.Run("refused commits", s.refused)
	t.Run("a match is between sessions, not tokens", s.rematch)
	t.Run("the outbox is in order", s.order)
	t.Run("acknowledging", s.ack)
	t.Run("a full outbox refuses", s.full)
	t.Run("closing withdraws nudges", s.withdraw)
	t.Run("closing and matching at once", s.closeRace)
	t.Run("a blind match hides what is shared", s.blind)
	t.Run("both wave", s.wave)
	t.Run("waves that reveal nothing", s.waveInVain)
	t.Run("both wave at once", s.waveRace)
	t.Run("a blocked pair", s.block)
	t.Run("who cannot block", s.blockNothing)
	t.Run("a block is between sessions, not tokens", s.blockOfOneLife)
	t.Run("crossfire commits once", s.crossfire)
	t.Run("concurrent registrations of a token", s.createRace)
	t.Run("totals", s.totals)
	t.Run("sightings count once", s.sightings)
	t.Run("a day is seeded once", s.seed)
	t.Run("the lease is exclusive and ends", s.lease)
	t.Run("any sequence of steps", s.model)
}

// test is a test of package testing or one of rapid's.
type test interface {
	rapid.TB
	Context() context.Context
}

type sessions struct {
	open func(*testing.T) Store
}

// patience is how long a store may take until something has come true.
const patience = 20 * time.Second

// long is a lifetime that no test survives.
const long = time.Hour

func registration(lifetime time.Duration) persistence.Registration {
	now := time.Now().UTC().Truncate(time.Millisecond)
	return persistence.Registration{
		Session: &sighej.Session{
			Token:     sighej.NewToken(),
			ID:        sighej.NewSessionID(),
			Access:    sighej.NewAccessToken().Hash(),
			CreatedAt: now,
			ExpiresAt: now.Add(lifetime),
			Interests: []sighej.InterestHash{sighej.InterestHash(rand.Uint64()), 0, 1<<64 - 1}, //nolint:gosec // any will do
		},
		Open:       true,
		Digest:     func() string { return strings.Repeat("0f", 32) },
		Categories: []string{"music", "tech"},
	}
}

// register creates a session that is live and open for the whole test.
func register(t test, store Store) persistence.Registration {
	t.Helper()
	r := registration(long)
	create(t, store, r)
	return r
}

func create(t test, store Store, r persistence.Registration) {
	t.Helper()
	if err := store.Create(t.Context(), r); err != nil {
		t.Fatalf("Create: %v", err)
	}
}

func load(t test, store Store, token sighej.Token) persistence.State {
	t.Helper()
	state, err := store.Load(t.Context(), token)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return state
}

func totals(t test, store Store, day persistence.Day) persistence.Totals {
	t.Helper()
	got, err := store.Totals(t.Context(), day)
	if err != nil {
		t.Fatalf("Totals: %v", err)
	}
	return got
}

// until polls, since the death of a session is the store's own doing.
func until(t test, what string, done func() bool) {
	t.Helper()
	deadline := time.After(patience)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !done() {
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

func wantCode(t test, what string, err error, want sighej.Code) {
	t.Helper()
	if got := sighej.CodeOf(err); got != want {
		t.Errorf("%s: code %q, want %q (%v)", what, got, want, err)
	}
}

func wantEqual[T any](t test, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s: -want +got\n%s", what, diff)
	}
}
