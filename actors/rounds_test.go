package actors

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
	"i80.dk/sighej/persistence/memstore"
)

// remoteStore is a store at some distance.
type remoteStore struct {
	persistence.Sessions
	distance time.Duration
	loads    atomic.Int64
	down     atomic.Bool
}

func (r *remoteStore) Load(ctx context.Context, token sighej.Token) (persistence.State, error) {
	l := r.LoadAll(ctx, []sighej.Token{token})[0]
	return l.State, l.Err
}

func (r *remoteStore) LoadAll(ctx context.Context, tokens []sighej.Token) []persistence.Loaded {
	r.loads.Add(1)
	time.Sleep(r.distance)
	return persistence.LoadEach(ctx, tokens, func(ctx context.Context, token sighej.Token) (persistence.State, error) {
		if r.down.Load() {
			return persistence.State{}, sighej.Errorf(sighej.CodeUnavailable, "away")
		}
		return r.Sessions.Load(ctx, token)
	})
}

// What this member knows by itself is told no sooner than what only the store
// knows. Seen failing without the call of veil in session.lookUp.
func TestNeutralAnswersTakeTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &remoteStore{Sessions: memstore.New(), distance: 3 * time.Millisecond}
		s := newSystem(t, store, nil)
		a := register(t, s, "alice1", "go")
		register(t, s, "live01", "chess")
		shy := register(t, s, "closed", "go")
		if _, err := s.SetOpen(t.Context(), shy.Caller, false); err != nil {
			t.Fatal(err)
		}
		gone := register(t, s, "gone01", "go")
		if err := s.Forget(t.Context(), gone.Caller); err != nil {
			t.Fatal(err)
		}
		for _, heard := range [][]sighej.Sighting{
			{{Token: "live01"}},
			{{Token: "closed"}},
			{{Token: "gone01"}},
			{{Token: "nobody"}},
			{{Token: "live01"}, {Token: "nobody"}},
			{{Token: "live01"}, {Token: "closed"}, {Token: "live01"}},
		} {
			start := time.Now()
			v, err := s.Sight(t.Context(), a.Caller, heard)
			if took := time.Since(start); err != nil || took != store.distance { // a bubble's clock: exact
				t.Errorf("%v: %v after %v", heard, err, took)
			}
			for _, v := range v {
				if !equal(v, sighej.Verdict{}) {
					t.Errorf("%v: %+v", heard, v)
				}
			}
		}
	})
}

// Nor does a report that comes while another one asks for the same token tell more.
// Seen failing without report.joined.
func TestAskingTwiceTakesTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &remoteStore{Sessions: memstore.New(), distance: 5 * time.Millisecond}
		s := newSystem(t, store, nil)
		a := register(t, s, "alice1", "go")
		register(t, s, "live01", "chess")
		for _, token := range []sighej.Token{"live01", "nobody"} {
			first := make(chan struct{})
			go func() {
				defer close(first)
				a.hears(token)
			}()
			time.Sleep(2 * time.Millisecond)
			start := time.Now()
			a.hears(token)
			if took := time.Since(start); took != store.distance {
				t.Errorf("%s: %v", token, took)
			}
			<-first
		}
	})
}

// The same between members: who asks for a session elsewhere. Seen failing without
// the call of veil in onSeeks.
func TestNobodyElsewhereTakesTheSameTime(t *testing.T) {
	var store *remoteStore
	w := newTown(t, 2, func(c *Config) {
		if store == nil {
			store = &remoteStore{Sessions: c.Store}
		}
		c.Store, c.Immediate = store, false
	})
	a := register(t, w.members[0], "alice0", "go")
	register(t, w.members[1], "peers1", "chess")
	for _, token := range []sighej.Token{"peers1", "nobod1"} {
		before := store.loads.Load()
		if v := a.hears(token); !equal(v, sighej.Verdict{}) {
			t.Errorf("%+v", v)
		}
		if n := store.loads.Load() - before; n != 1 {
			t.Errorf("%s: %d look-ups", token, n)
		}
	}
}

// What another member asks for weighs the same, be it known here or not. Seen failing
// with one caller for all that are nobody.
func TestCallersElsewhereCountTheSame(t *testing.T) {
	w := newTown(t, 2, func(c *Config) { c.Immediate = false })
	asked, asker := w.members[1], w.members[0]
	var unknown, known []seek
	for i := range 3 {
		unknown = append(unknown, seek{token: sighej.Token(fmt.Sprintf("nobod%d1", i)), interests: []sighej.InterestHash{1}})
	}
	register(t, asked, "peers1", "chess")
	for range 3 {
		known = append(known, seek{token: "peers1", interests: []sighej.InterestHash{1}})
	}
	for _, questions := range [][]seek{known, unknown} {
		r := asked.rounds
		r.mu.Lock()
		r.began = time.Now().Add(time.Hour) // so that none begins
		before := r.next.callers
		r.mu.Unlock()
		asked.onSeeks(asker.actors.Address(), columns(questions))
		r.mu.Lock()
		if n := r.next.callers - before; n != len(questions) {
			t.Errorf("%s: %d callers", questions[0].token, n)
		}
		r.mu.Unlock()
	}
}

// A few callers wait for one another, but not for long; a crowd does not, nor one that
// asks anew. A caller counts once, whatever it asks: else its questions would be told
// from what is known. Seen failing with a roundCrowd of 1, without last and with a
// caller for each question.
func TestRoundsBegin(t *testing.T) {
	const many = 20
	ask := make([]sighej.Sighting, many) // some of them more than a crowd
	know := make([]sighej.Sighting, many)
	for i := range many {
		ask[i].Token, know[i].Token = sighej.Token(fmt.Sprintf("nobody%d", i)), "live01"
	}
	for _, tt := range []struct {
		name    string
		callers int
		last    bool // asks them who was in the round before
		heard   []sighej.Sighting
		begins  time.Duration // after the round before
	}{
		{"one, known", 1, false, know[:1], roundEvery},
		{"one, unknown", 1, false, ask[:1], roundEvery},
		{"much, known", 1, false, know, roundEvery},
		{"much, unknown", 1, false, ask, roundEvery},
		{"a few", roundCrowd - 1, false, know, roundEvery},
		{"a crowd, known", roundCrowd, false, know, roundSoon},
		{"a crowd, unknown", roundCrowd, false, ask, roundSoon},
		{"anew, known", 1, true, know, roundSoon},
		{"anew, unknown", 1, true, ask, roundSoon},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &remoteStore{Sessions: memstore.New(), distance: roundSoon / 2}
				s := newSystem(t, store, nil)
				register(t, s, "live01", "chess")
				callers := make([]phone, tt.callers)
				for i := range callers {
					callers[i] = register(t, s, fmt.Sprintf("caller%d", i), "go")
				}
				before := register(t, s, "before", "go")
				if tt.last {
					before = callers[0]
				}
				start := time.Now()
				before.hears("live01")
				var all sync.WaitGroup
				for _, c := range callers {
					all.Go(func() {
						v, err := s.Sight(t.Context(), c.Caller, tt.heard)
						if took := time.Since(start); err != nil || !equal(v[0], sighej.Verdict{}) || took != tt.begins+store.distance {
							t.Errorf("%v after %v", err, took)
						}
					})
				}
				all.Wait()
			})
		})
	}
}

// A crowd shares a round, and with the store away nobody waits for one.
func TestRoundsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &remoteStore{Sessions: memstore.New(), distance: time.Millisecond}
		s := newSystem(t, store, nil)
		a := register(t, s, "alice1", "go")
		register(t, s, "live01", "chess")
		answered := make(chan error, 1000)
		snap, _ := s.index.Load(a.Token)
		for range cap(answered) {
			s.send(snap.pid, &sight{[]sighej.Sighting{{Token: "live01"}}, func(_ []sighej.Verdict, err error) { answered <- err }})
		}
		synctest.Wait()
		time.Sleep(3 * store.distance)
		synctest.Wait()
		if len(answered) != cap(answered) {
			t.Errorf("%d of %d are answered", len(answered), cap(answered))
		}
		if n := store.loads.Load(); n > 4 {
			t.Errorf("%d look-ups for %d sightings", n, cap(answered))
		}

		store.down.Store(true)
		a.hears("live01") // finds out
		start := time.Now()
		if v := a.hears("live01"); !equal(v, sighej.Verdict{}) || time.Since(start) != 0 {
			t.Errorf("with the store away: %+v after %v", v, time.Since(start))
		}
		store.down.Store(false)
		time.Sleep(2 * store.distance)
		a.hears("live01") // finds out
		time.Sleep(2 * store.distance)
		start = time.Now()
		if a.hears("live01"); time.Since(start) != store.distance {
			t.Errorf("with the store back: after %v", time.Since(start))
		}
	})
}
