package persistence_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
	"i80.dk/sighej/persistence/memstore"
	"i80.dk/sighej/persistence/sqlitestore"
)

// world is a member's two stores with ways to break them, and its flushers.
type world struct {
	counters   *brittleCounters
	statistics *brittleStatistics
	sighted    *tally
	log        *lines
	interval   time.Duration
	run        func(f *persistence.Flusher) (stop func())
	newest     *persistence.Flusher
}

// bubble runs a test in time of its own, on a fresh world.
func bubble(t *testing.T, test func(*testing.T, *world)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "statistics.db")
	synctest.Test(t, func(t *testing.T) {
		w, end := newWorld(t, path)
		defer end()
		test(t, w)
	})
}

func newWorld(t *testing.T, path string) (w *world, end func()) {
	t.Helper()
	store, err := sqlitestore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	w = &world{
		counters:   &brittleCounters{Store: memstore.New()},
		statistics: &brittleStatistics{Store: store},
		sighted:    &tally{},
		log:        &lines{},
		run: func(f *persistence.Flusher) func() {
			ctx, stop := context.WithCancel(ctx)
			done := make(chan struct{})
			running.Go(func() {
				defer close(done)
				if err := f.Run(ctx); err != nil {
					t.Errorf("run: %v", err)
				}
			})
			return func() { stop(); <-done }
		},
	}
	return w, func() {
		cancel()
		running.Wait()
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

// start starts a flusher and returns after its first round. Stop waits for its
// last.
func (w *world) start(holder string) (stop func()) {
	before := w.sighted.get()
	w.newest = &persistence.Flusher{
		Counters: w.counters, Statistics: w.statistics,
		Sightings: func() int64 { return w.sighted.get() - before },
		Holder:    holder, Interval: w.interval, Logger: slog.New(slog.NewTextHandler(w.log, nil)),
	}
	stop = w.run(w.newest)
	synctest.Wait()
	return stop
}

// pass lets time go by, and the rounds at its end come to theirs.
func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *world) register(t *testing.T, categories ...string) {
	t.Helper()
	now := time.Now()
	err := w.counters.current().Create(t.Context(), persistence.Registration{
		Session: &sighej.Session{
			Token: sighej.NewToken(), ID: sighej.NewSessionID(), Access: sighej.NewAccessToken().Hash(),
			CreatedAt: now, ExpiresAt: now.Add(time.Hour),
		},
		Categories: categories,
	})
	if err != nil {
		t.Fatalf("register: %v", err)
	}
}

// totals are sessions, sightings and pairs of a category and its count.
func totals(day persistence.Day, sessions, sightings int64, categories ...any) persistence.Totals {
	t := persistence.Totals{Day: day, Sessions: sessions, Sightings: sightings, Categories: map[string]int64{}}
	for i := 0; i < len(categories); i += 2 {
		switch n := categories[i+1].(type) {
		case int:
			t.Categories[categories[i].(string)] = int64(n)
		case int64:
			t.Categories[categories[i].(string)] = n
		}
	}
	return t
}

func (w *world) want(t *testing.T, want persistence.Totals) {
	t.Helper()
	got, err := w.statistics.Store.Totals(t.Context(), want.Day)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("statistics of %s (-want +got):\n%s", want.Day, diff)
	}
}

func (w *world) wantCounters(t *testing.T, want persistence.Totals) {
	t.Helper()
	got, err := w.counters.current().Totals(t.Context(), want.Day)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("counters of %s (-want +got):\n%s", want.Day, diff)
	}
}

func (w *world) history(t *testing.T) []persistence.Totals {
	t.Helper()
	days, err := w.statistics.History(t.Context(), "1970-01-01")
	if err != nil {
		t.Fatal(err)
	}
	return days
}

func (w *world) wantLog(t *testing.T, messages ...string) {
	t.Helper()
	got := w.log.all()
	if len(got) != len(messages) {
		t.Fatalf("logged %q, want %d lines", got, len(messages))
	}
	for i, message := range messages {
		if !strings.Contains(got[i], message) {
			t.Errorf("line %d is %q, want %q", i, got[i], message)
		}
	}
}

var (
	errAway = sighej.Errorf(sighej.CodeUnavailable, "away")
	errHang = errors.New("hang until the context ends")
)

// brittleStatistics is a real store that can be cut off.
type brittleStatistics struct {
	*sqlitestore.Store
	mu      sync.Mutex
	fault   error
	refused persistence.Day
	merged  int
}

func (s *brittleStatistics) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = err
}

func (s *brittleStatistics) refuse(day persistence.Day) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = day
}

func (s *brittleStatistics) merges() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.merged
}

// pass fails a call, if it has to.
func (s *brittleStatistics) pass(ctx context.Context) error {
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	if errors.Is(fault, errHang) {
		<-ctx.Done()
		return ctx.Err()
	}
	return fault
}

func (s *brittleStatistics) Merge(ctx context.Context, t persistence.Totals) error {
	if err := s.pass(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	refused := t.Day == s.refused
	s.merged++
	s.mu.Unlock()
	if refused {
		return errors.New("refused")
	}
	return s.Store.Merge(ctx, t)
}

func (s *brittleStatistics) Totals(ctx context.Context, day persistence.Day) (persistence.Totals, error) {
	if err := s.pass(ctx); err != nil {
		return persistence.Totals{}, err
	}
	return s.Store.Totals(ctx, day)
}

// brittleCounters is a real store that can lose all it has, and whose answer
// to AddSightings can get lost.
type brittleCounters struct {
	mu    sync.Mutex
	Store *memstore.Store
	fault error
}

func (c *brittleCounters) current() *memstore.Store {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Store
}

func (c *brittleCounters) lose() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Store = memstore.New()
}

func (c *brittleCounters) failAfterwards(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = err
}

func (c *brittleCounters) AddSightings(ctx context.Context, day persistence.Day, writer string, seq, n int64) error {
	if err := c.current().AddSightings(ctx, day, writer, seq, n); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fault
}

func (c *brittleCounters) Totals(ctx context.Context, day persistence.Day) (persistence.Totals, error) {
	return c.current().Totals(ctx, day)
}

func (c *brittleCounters) Seed(ctx context.Context, t persistence.Totals) error {
	return c.current().Seed(ctx, t)
}

func (c *brittleCounters) Lease(ctx context.Context, holder string, ttl time.Duration) (bool, error) {
	return c.current().Lease(ctx, holder, ttl)
}

// tally is what every process sees.
type tally struct {
	mu sync.Mutex
	n  int64
}

func (s *tally) add(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n += n
}

func (s *tally) get() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

// lines is a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.FieldsFunc(l.text.String(), func(r rune) bool { return r == '\n' })
}
