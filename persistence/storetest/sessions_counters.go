package storetest

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"i80.dk/sighej/persistence"
)

func (s sessions) totals(t *testing.T) {
	store := s.open(t)
	wantEqual(t, "a day without any", totals(t, store, newYear), persistence.Totals{Day: newYear})
	midnight := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		at         time.Time
		categories []string
	}{
		{midnight.Add(-time.Millisecond), []string{"music"}},
		{midnight, []string{"arts & crafts", "music"}},
		{midnight, []string{"music", "other"}},
		{midnight.Add(time.Hour), nil},
	} {
		r := registration(long)
		r.Session.CreatedAt, r.Categories = c.at, c.categories
		create(t, store, r)
	}
	m := matchOf(register(t, store), register(t, store))
	m.At = midnight
	for range 2 {
		if _, err := store.Commit(t.Context(), m); err != nil {
			t.Fatalf("Commit: %v", err)
		}
	}
	wantEqual(t, "the day before", totals(t, store, eve),
		persistence.Totals{Day: eve, Sessions: 1, Categories: map[string]int64{"music": 1}})
	wantEqual(t, "the day", totals(t, store, newYear), persistence.Totals{
		Day: newYear, Sessions: 3, Matches: 1,
		Categories: map[string]int64{"arts & crafts": 1, "music": 2, "other": 1},
	})
}

func (s sessions) sightings(t *testing.T) {
	store := s.open(t)
	add := func(writer string, seq, n int64) {
		t.Helper()
		if err := store.AddSightings(t.Context(), newYear, writer, seq, n); err != nil {
			t.Errorf("AddSightings: %v", err)
		}
	}
	add("member-1", 1, 10)
	add("member-1", 1, 10) // tried again
	add("member-2", 1, 5)
	add("member-1", 2, 100)
	add("member-1", 1, 10) // overtaken
	add("member-1", 9, 1)
	add("member-1", 10, 1) // a longer number
	add("member-1", 1<<62+1, 1)
	add("member-1", 1<<62+1, 1)
	add("member-1", 1<<62+2, 1) // beyond what a float tells apart
	wantEqual(t, "totals", totals(t, store, newYear), persistence.Totals{Day: newYear, Sightings: 119})
	wantEqual(t, "another day", totals(t, store, eve), persistence.Totals{Day: eve})

	var group errgroup.Group
	for writer := range 4 {
		group.Go(func() error {
			for seq := range int64(100) {
				for range 2 {
					if err := store.AddSightings(t.Context(), eve, fmt.Sprint("writer-", writer), seq+1, 3); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatalf("AddSightings: %v", err)
	}
	wantEqual(t, "totals", totals(t, store, eve), persistence.Totals{Day: eve, Sightings: 1200})
}

func (s sessions) seed(t *testing.T) {
	store := s.open(t)
	r := registration(long)
	r.Session.CreatedAt = time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	create(t, store, r)
	before := persistence.Totals{
		Day: newYear, Sessions: 40, Matches: 30, Sightings: 20,
		Categories: map[string]int64{"music": 4, "other": 3},
	}
	for range 3 {
		if err := store.Seed(t.Context(), before); err != nil {
			t.Fatalf("Seed: %v", err)
		}
	}
	wantEqual(t, "totals", totals(t, store, newYear), persistence.Totals{
		Day: newYear, Sessions: 41, Matches: 30, Sightings: 20,
		Categories: map[string]int64{"music": 5, "other": 3, "tech": 1},
	})
	wantEqual(t, "the given totals", before.Categories, map[string]int64{"music": 4, "other": 3})
	for range 2 {
		if err := store.Seed(t.Context(), persistence.Totals{Day: eve}); err != nil {
			t.Fatalf("Seed: %v", err)
		}
	}
	if err := store.Seed(t.Context(), persistence.Totals{Day: eve, Sessions: 1}); err != nil {
		t.Fatalf("Seed: %v", err)
	}
	wantEqual(t, "a day seeded with nothing", totals(t, store, eve), persistence.Totals{Day: eve})
}

func (s sessions) lease(t *testing.T) {
	store := s.open(t)
	lease := func(holder string, ttl time.Duration) bool {
		t.Helper()
		held, err := store.Lease(t.Context(), holder, ttl)
		if err != nil {
			t.Fatalf("Lease: %v", err)
		}
		return held
	}
	wantEqual(t, "the first", lease("member-1", long), true)
	wantEqual(t, "another", lease("member-2", long), false)
	wantEqual(t, "the first again, for a moment", lease("member-1", 50*time.Millisecond), true)
	until(t, "another takes over", func() bool { return lease("member-2", long) })
	wantEqual(t, "the first, late", lease("member-1", long), false)
}
