package redisstore_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"i80.dk/sighej"
	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/persistence"
	"i80.dk/sighej/persistence/redisstore"
)

func registration(lifetime time.Duration) persistence.Registration {
	now := time.Now().UTC().Truncate(time.Millisecond)
	return persistence.Registration{
		Session: &sighej.Session{
			Token:     sighej.NewToken(),
			ID:        sighej.NewSessionID(),
			Access:    sighej.NewAccessToken().Hash(),
			CreatedAt: now,
			ExpiresAt: now.Add(lifetime),
			Interests: []sighej.InterestHash{1, 2, 3},
		},
		Open:       true,
		Digest:     func() string { return strings.Repeat("0f", 32) },
		Categories: []string{"music", "tech"},
	}
}

func register(t testing.TB, store *redisstore.Store) persistence.Registration {
	t.Helper()
	r := registration(time.Hour)
	if err := store.Create(t.Context(), r); err != nil {
		t.Fatalf("Create: %v", err)
	}
	return r
}

func matchOf(a, b persistence.Registration) sighej.Match {
	return sighej.Match{
		A:      sighej.Side{Session: a.Session.Key(), Nudge: sighej.NewNudgeID()},
		B:      sighej.Side{Session: b.Session.Key(), Nudge: sighej.NewNudgeID()},
		At:     a.Session.CreatedAt,
		Shared: []sighej.InterestHash{2, 3},
	}
}

func commit(t testing.TB, store *redisstore.Store, m sighej.Match, want sighej.Outcome) {
	t.Helper()
	if got, err := store.Commit(t.Context(), m); got != want || err != nil {
		t.Fatalf("Commit: outcome %d, want %d (%v)", got, want, err)
	}
}

func wantUnavailable(t testing.TB, what string, err error) {
	t.Helper()
	if sighej.CodeOf(err) != sighej.CodeUnavailable {
		t.Errorf("%s: %v, want code unavailable", what, err)
	}
}

// heal waits until the store answers again.
func heal(t testing.TB, store *redisstore.Store) {
	t.Helper()
	until(t, "the store answers", func() bool { return store.Ping(t.Context()) == nil })
}

func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for !done() {
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("not in time: %s", what)
		}
	}
}

// A restarted Redis has the data but no script and none of the connections.
func TestRestart(t *testing.T) {
	redis := testservers.Redis(t)
	store := open(t, redis.URL())
	a, b, c := register(t, store), register(t, store), register(t, store)
	m := matchOf(a, b)
	commit(t, store, m, sighej.Committed)

	redis.Stop()
	if err := redis.Start(); err != nil {
		t.Fatal(err)
	}
	commit(t, store, m, sighej.Committed)
	commit(t, store, matchOf(b, a), sighej.AlreadyMatched)
	commit(t, store, matchOf(a, c), sighej.Committed)
	state, err := store.Load(t.Context(), a.Session.Token)
	if err != nil || len(state.Outbox) != 2 || len(state.MatchedAt) != 2 {
		t.Errorf("after the restart: %d nudges, %d matches, %v", len(state.Outbox), len(state.MatchedAt), err)
	}
}

// What Redis has answered survives its crash, and the outage shows as one.
func TestKill(t *testing.T) {
	redis := testservers.Redis(t)
	var log bytes.Buffer // written by the lanes, read once they have ended
	store, err := redisstore.Open(redis.URL(), key, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	a, b := register(t, store), register(t, store)
	m := matchOf(a, b)
	commit(t, store, m, sighej.Committed)

	redis.Kill()
	late := registration(time.Hour)
	err = store.Create(t.Context(), late)
	wantUnavailable(t, "Create", err)
	if own, ok := errors.AsType[*sighej.Error](err); !ok || own.RetryAfter != time.Second {
		t.Errorf("Create: %#v does not say when to try again", err)
	}
	_, err = store.Active(t.Context())
	wantUnavailable(t, "Active", err)
	wantUnavailable(t, "Sweep", store.Sweep(t.Context()))
	wantUnavailable(t, "Ping", store.Ping(t.Context()))

	if err := redis.Start(); err != nil {
		t.Fatal(err)
	}
	heal(t, store)
	commit(t, store, m, sighej.Committed)
	if err := store.Create(t.Context(), late); err != nil {
		t.Errorf("Create after the outage: %v", err)
	}
	totals, err := store.Totals(t.Context(), persistence.DayOf(m.At))
	if err != nil || totals.Matches != 1 {
		t.Errorf("totals: %+v, %v", totals, err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"redis does not serve", "redis serves again"} {
		if strings.Count(log.String(), want) != 1 {
			t.Errorf("the log has not once %q:\n%s", want, &log)
		}
	}
	if strings.Contains(log.String(), string(a.Session.Token)) {
		t.Error("the log has a token")
	}
}

// A Redis that hangs takes the commands and answers none: callers without a
// deadline return, and a commit executed late, twice even, counts once.
func TestHang(t *testing.T) {
	redis := testservers.Redis(t)
	store := open(t, redis.URL())
	a, b := register(t, store), register(t, store)
	m := matchOf(a, b)
	redis.Pause()
	defer redis.Resume()

	var callers sync.WaitGroup
	for range 700 { // more than the lanes take at once
		callers.Go(func() {
			_, err := store.Commit(context.Background(), m)
			if code := sighej.CodeOf(err); code != sighej.CodeUnavailable && code != sighej.CodeOverloaded {
				t.Errorf("Commit: %v", err)
			}
		})
	}
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	wantUnavailable(t, "Ping", store.Ping(short))
	callers.Wait()

	redis.Resume()
	heal(t, store)
	commit(t, store, m, sighej.Committed)
	state, err := store.Load(t.Context(), a.Session.Token)
	if err != nil || len(state.Outbox) != 1 {
		t.Errorf("%d nudges, %v", len(state.Outbox), err)
	}
	totals, err := store.Totals(t.Context(), persistence.DayOf(m.At))
	if err != nil || totals.Matches != 1 {
		t.Errorf("totals: %+v, %v", totals, err)
	}
}

func TestQueueIsBounded(t *testing.T) {
	redis := testservers.Redis(t)
	store := open(t, redis.URL())
	redis.Pause()
	defer redis.Resume()
	var callers sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	defer callers.Wait()
	defer cancel()
	refused := make(chan struct{})
	var once sync.Once
	for range 5_000 {
		callers.Go(func() {
			if sighej.CodeOf(store.Ping(ctx)) == sighej.CodeOverloaded {
				once.Do(func() { close(refused) })
			}
		})
	}
	select {
	case <-refused:
	case <-time.After(20 * time.Second):
		t.Fatal("5,000 calls wait for a Redis that hangs, and none was refused")
	}
}

func TestRedisMayBeAwayAtStart(t *testing.T) {
	redis := testservers.Redis(t)
	redis.Stop()
	store := open(t, redis.URL())
	wantUnavailable(t, "Ping", store.Ping(t.Context()))
	if err := redis.Start(); err != nil {
		t.Fatal(err)
	}
	heal(t, store)
	register(t, store)
}

func TestClosed(t *testing.T) {
	store, err := redisstore.Open(server.URL(), key, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	wantUnavailable(t, "Ping", store.Ping(t.Context()))
	_, err = store.Active(t.Context())
	wantUnavailable(t, "Active", err)
}

func TestErrorsBearNoToken(t *testing.T) {
	server.FlushAll(t)
	store := open(t, server.URL())
	a, b := register(t, store), register(t, store)
	client := connect(t)
	deny := func(args ...any) {
		t.Helper()
		if err := client.Do(t.Context(), append([]any{"acl", "setuser", "default"}, args...)...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	deny("-hgetall", "-evalsha")
	_, loadErr := store.Load(t.Context(), a.Session.Token)
	_, commitErr := store.Commit(t.Context(), matchOf(a, b))
	deny("+@all")
	wantUnavailable(t, "Load", loadErr)
	wantUnavailable(t, "Commit", commitErr)

	set := func(field, value string) {
		t.Helper()
		if err := client.HSet(t.Context(), "session:"+string(a.Session.Token), field, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	set("expires_at", "garbage of "+string(a.Session.Token))
	_, corruptErr := store.Load(t.Context(), a.Session.Token)
	if err := client.Del(t.Context(), "session:"+string(a.Session.Token)).Err(); err != nil {
		t.Fatal(err)
	}
	if err := client.LPush(t.Context(), "session:"+string(a.Session.Token), "x").Err(); err != nil {
		t.Fatal(err)
	}
	_, typeErr := store.Load(t.Context(), a.Session.Token)
	openErr := store.SetOpen(t.Context(), a.Session.Key(), false)
	for name, err := range map[string]error{"corrupt": corruptErr, "type": typeErr, "script": openErr} {
		if sighej.CodeOf(err) != sighej.CodeInternal {
			t.Errorf("%s: %v, want code internal", name, err)
		}
	}
	for _, err := range []error{loadErr, commitErr, corruptErr, typeErr, openErr} {
		for ; err != nil; err = errors.Unwrap(err) {
			if strings.Contains(err.Error(), string(a.Session.Token)) {
				t.Errorf("an error quotes the token: %q", err)
			}
		}
	}
}

func connect(t testing.TB) *redis.Client {
	t.Helper()
	opts, err := redis.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(opts)
	t.Cleanup(func() { _ = client.Close() })
	return client
}
