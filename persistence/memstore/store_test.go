package memstore

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
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
		},
		Open:       true,
		Categories: []string{"music"},
	}
}

func register(t testing.TB, s *Store, lifetime time.Duration) persistence.Registration {
	t.Helper()
	r := registration(lifetime)
	if err := s.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return r
}

func matchOf(a, b persistence.Registration) sighej.Match {
	return sighej.Match{
		A:  sighej.Side{Session: a.Session.Key(), Nudge: sighej.NewNudgeID()},
		B:  sighej.Side{Session: b.Session.Key(), Nudge: sighej.NewNudgeID()},
		At: a.Session.CreatedAt,
	}
}

// held counts what is in memory, dead or alive.
func (s *Store) held() (records, heaped, access int) {
	for i := range s.shards {
		records += len(s.shards[i].records)
		heaped += len(s.shards[i].byExpiry)
	}
	for i := range s.access {
		access += len(s.access[i].records)
	}
	return records, heaped, access
}

func wantHeld(t *testing.T, s *Store, want int) {
	t.Helper()
	if records, heaped, access := s.held(); records != want || heaped != want || access != want {
		t.Errorf("%d records, %d in heaps, %d by access token; want %d each", records, heaped, access, want)
	}
}

func wantLive(t *testing.T, s *Store, r persistence.Registration, want bool) {
	t.Helper()
	_, loadErr := s.Load(t.Context(), r.Session.Token)
	_, findErr := s.Find(t.Context(), r.Session.Access)
	if (loadErr == nil) != want || (findErr == nil) != want {
		t.Errorf("live %v: Load %v, Find %v", want, loadErr, findErr)
	}
}

func TestDeadAtTheInstantOfExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New()
		a, b := register(t, s, time.Minute), register(t, s, time.Hour)
		time.Sleep(time.Minute - time.Millisecond)
		wantLive(t, s, a, true)
		time.Sleep(time.Millisecond)
		wantLive(t, s, a, false)
		if outcome, _ := s.Commit(t.Context(), matchOf(a, b)); outcome != sighej.Refused {
			t.Errorf("a match with a dead one: outcome %d", outcome)
		}
		wantHeld(t, s, 2)
		if n, _ := s.Active(t.Context()); n != 1 {
			t.Errorf("%d active, want 1", n)
		}
		wantHeld(t, s, 1)
	})
}

func TestSweepForgetsTheDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New()
		const n = 4 * sweepStep
		for range n {
			register(t, s, time.Minute)
		}
		stays := register(t, s, time.Hour)
		wantHeld(t, s, n+1)
		s.Sweep(time.Now().Add(time.Minute - time.Millisecond))
		wantHeld(t, s, n+1)
		s.Sweep(time.Now().Add(time.Minute))
		wantHeld(t, s, 1)
		wantLive(t, s, stays, true)
	})
}

// One shard with more dead than a step takes.
func TestSweepGoesOnAfterAStep(t *testing.T) {
	s := New()
	sh := &s.shards[7]
	for range 3*sweepStep + 1 {
		sh.add(&record{session: registration(-time.Hour).Session})
	}
	sh.add(&record{session: registration(time.Hour).Session})
	if left := s.sweepShard(sh, time.Now()); left != 1 || len(sh.byExpiry) != 1 {
		t.Errorf("%d left, %d in the heap", left, len(sh.byExpiry))
	}
}

func TestDeleteForgetsAll(t *testing.T) {
	s := New()
	var all []persistence.Registration
	for range 500 {
		all = append(all, register(t, s, time.Duration(1+rand.IntN(1000))*time.Hour)) //nolint:gosec // any will do
	}
	for _, r := range all {
		if err := s.Delete(t.Context(), r.Session.Key()); err != nil {
			t.Fatal(err)
		}
	}
	wantHeld(t, s, 0)
}

func TestExpiryOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sh shard
		var all []*record
		base := time.Now()
		check := func() {
			for i, rec := range sh.byExpiry {
				if int(rec.place) != i || i > 0 && rec.before(sh.byExpiry[(i-1)/2]) {
					t.Fatalf("record %d of %d is misplaced", i, len(sh.byExpiry))
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				session := registration(0).Session
				session.ExpiresAt = base.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "second")) * time.Second)
				all = append(all, &record{session: session})
				sh.add(all[len(all)-1])
			},
			"remove": func(t *rapid.T) {
				if len(all) == 0 {
					return
				}
				i := rapid.IntRange(0, len(all)-1).Draw(t, "record")
				sh.remove(all[i])
				all = slices.Delete(all, i, i+1)
			},
			"": func(*rapid.T) { check() },
		})
		if len(sh.byExpiry) != len(all) || len(sh.records) != len(all) {
			t.Fatalf("%d in the heap, %d by token, want %d", len(sh.byExpiry), len(sh.records), len(all))
		}
	})
}

func TestCountsAreForgottenAfterEightDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New()
		first := persistence.DayOf(register(t, s, time.Hour).Session.CreatedAt)
		sessions := func() int64 {
			t.Helper()
			totals, err := s.Totals(t.Context(), first)
			if err != nil {
				t.Fatal(err)
			}
			return totals.Sessions
		}
		time.Sleep(7 * 24 * time.Hour)
		register(t, s, time.Hour)
		if n := sessions(); n != 1 {
			t.Errorf("%d sessions after 7 days, want 1", n)
		}
		time.Sleep(24 * time.Hour)
		register(t, s, time.Hour)
		if n := sessions(); n != 0 {
			t.Errorf("%d sessions after 8 days, want 0", n)
		}
	})
}

// Commits lock two shards, in one order: else these wait for each other, and the
// test never ends.
func TestOppositeCommitsDoNotDeadlock(t *testing.T) {
	s := New()
	a, b := register(t, s, time.Hour), register(t, s, time.Hour)
	for s.index(a.Session.Token) == s.index(b.Session.Token) {
		b = register(t, s, time.Hour)
	}
	var group errgroup.Group
	for _, m := range []sighej.Match{matchOf(a, b), matchOf(b, a)} {
		group.Go(func() error {
			for range 200_000 {
				if _, err := s.Commit(t.Context(), m); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

// The caller owns what it gets and what it gave.
func TestStateIsACopy(t *testing.T) {
	s := New()
	a, b := register(t, s, time.Hour), register(t, s, time.Hour)
	m := matchOf(a, b)
	m.Shared = []sighej.InterestHash{7}
	if _, err := s.Commit(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	m.Shared[0] = 8
	for range 2 {
		state, err := s.Load(t.Context(), a.Session.Token)
		if err != nil || state.Outbox[0].Shared[0] != 7 || !state.MatchedAt[0].Equal(m.At) {
			t.Fatalf("somebody else's change shows: %+v, %v", state, err)
		}
		state.Outbox[0].Shared[0] = 9
		state.Outbox[0].ID = sighej.NudgeID{}
		state.MatchedAt[0] = time.Time{}
	}
}

func TestBadDay(t *testing.T) {
	s := New()
	_, totalsErr := s.Totals(t.Context(), "yesterday")
	for _, err := range []error{
		totalsErr,
		s.AddSightings(t.Context(), "2027-13-01", "member-1", 1, 1),
		s.Seed(t.Context(), persistence.Totals{}),
	} {
		if sighej.CodeOf(err) != sighej.CodeInvalid {
			t.Errorf("%v, want code invalid", err)
		}
	}
}
