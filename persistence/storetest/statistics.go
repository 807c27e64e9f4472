package storetest

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"i80.dk/sighej/persistence"
)

// Statistics holds a store of daily totals to what [persistence.Statistics]
// promises. Fresh returns a new, empty place, such as a file or a database;
// open opens the store at that place, where others may have it open too.
func Statistics(t *testing.T, fresh func(*testing.T) string, open func(t *testing.T, place string) persistence.Statistics) {
	s := statistics{fresh: fresh, open: open}
	t.Run("a day without counts is zero", s.empty)
	t.Run("what was merged is read back", s.roundTrip)
	t.Run("merging twice counts once", s.mergeTwice)
	t.Run("a lower count never lowers", s.neverLower)
	t.Run("categories are added to", s.categories)
	t.Run("odd category names", s.oddNames)
	t.Run("zeros make no history", s.zeros)
	t.Run("history is in order and in range", s.history)
	t.Run("large counts", s.large)
	t.Run("concurrent merges leave the maxima", s.concurrent)
	t.Run("any merges leave the maxima", s.anyOrder)
	t.Run("counts outlive the store", s.reopen)
}

type statistics struct {
	fresh func(*testing.T) string
	open  func(*testing.T, string) persistence.Statistics
}

const (
	newYear = persistence.Day("2027-01-01")
	eve     = persistence.Day("2026-12-31")
)

func (s statistics) openFresh(t *testing.T) persistence.Statistics {
	t.Helper()
	return s.openAt(t, s.fresh(t))
}

func (s statistics) openAt(t *testing.T, place string) persistence.Statistics {
	t.Helper()
	store := s.open(t, place)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return store
}

func (s statistics) empty(t *testing.T) {
	store := s.openFresh(t)
	if err := store.Ping(t.Context()); err != nil {
		t.Fatalf("ping: %v", err)
	}
	wantTotals(t, store, persistence.Totals{Day: newYear})
	wantHistory(t, store, "2000-01-01")
}

func (s statistics) roundTrip(t *testing.T) {
	store := s.openFresh(t)
	first := persistence.Totals{Day: eve, Sessions: 5, Matches: 2, Sightings: 9, Categories: map[string]int64{"music": 4, "sport": 1}}
	second := persistence.Totals{Day: newYear, Sessions: 7, Matches: 3, Sightings: 1, Categories: map[string]int64{"music": 6}}
	merge(t, store, first, second)
	wantTotals(t, store, first)
	wantTotals(t, store, second)
	wantHistory(t, store, eve, first, second)
}

func (s statistics) mergeTwice(t *testing.T) {
	store := s.openFresh(t)
	totals := persistence.Totals{Day: eve, Sessions: 5, Matches: 2, Sightings: 9, Categories: map[string]int64{"music": 4}}
	merge(t, store, totals, totals)
	wantTotals(t, store, totals)
}

func (s statistics) neverLower(t *testing.T) {
	high := persistence.Totals{Day: eve, Sessions: 5, Matches: 5, Sightings: 5, Categories: map[string]int64{"music": 5}}
	tests := map[string]func(*persistence.Totals){
		"sessions":   func(t *persistence.Totals) { t.Sessions = 1 },
		"matches":    func(t *persistence.Totals) { t.Matches = 1 },
		"sightings":  func(t *persistence.Totals) { t.Sightings = 1 },
		"category":   func(t *persistence.Totals) { t.Categories = map[string]int64{"music": 1} },
		"everything": func(t *persistence.Totals) { *t = persistence.Totals{Day: eve} },
	}
	for name, lower := range tests {
		t.Run(name, func(t *testing.T) {
			store := s.openFresh(t)
			low := high
			lower(&low)
			merge(t, store, high, low)
			wantTotals(t, store, high)
		})
	}
}

func (s statistics) categories(t *testing.T) {
	store := s.openFresh(t)
	merge(t, store,
		persistence.Totals{Day: eve, Sessions: 2, Categories: map[string]int64{"music": 1, "sport": 2}},
		persistence.Totals{Day: eve, Sessions: 3, Categories: map[string]int64{"food": 1, "sport": 3}},
	)
	wantTotals(t, store, persistence.Totals{Day: eve, Sessions: 3, Categories: map[string]int64{"music": 1, "sport": 3, "food": 1}})
}

func (s statistics) oddNames(t *testing.T) {
	store := s.openFresh(t)
	totals := persistence.Totals{Day: eve, Sessions: 1, Categories: map[string]int64{
		"": 1, " ": 2, "'); DROP TABLE daily_stats; --": 3, `"quoted"`: 4, `back\slash`: 5, "søvn og 心 🎣": 6,
		"{a,b}": 7, "NULL": 8, "tab\tand\nnewline": 9, "e\u0301": 10, "\u00e9": 11, "Music": 12, "music": 13,
	}}
	merge(t, store, totals)
	wantTotals(t, store, totals)
	wantHistory(t, store, eve, totals)
}

func (s statistics) zeros(t *testing.T) {
	store := s.openFresh(t)
	merge(t, store, persistence.Totals{Day: eve})
	wantHistory(t, store, eve)
	sighted := persistence.Totals{Day: eve, Sightings: 1}
	merge(t, store, sighted)
	wantHistory(t, store, eve, sighted)
}

func (s statistics) history(t *testing.T) {
	store := s.openFresh(t)
	on := func(day persistence.Day) persistence.Totals {
		return persistence.Totals{Day: day, Matches: 1, Categories: map[string]int64{string(day): 1}}
	}
	merge(t, store, on(newYear), on("2026-02-28"), on(eve), on("2028-02-29"), on("1999-12-31"))
	wantHistory(t, store, "1999-12-31", on("1999-12-31"), on("2026-02-28"), on(eve), on(newYear), on("2028-02-29"))
	wantHistory(t, store, "2026-03-01", on(eve), on(newYear), on("2028-02-29"))
	wantHistory(t, store, newYear, on(newYear), on("2028-02-29"))
	wantHistory(t, store, "2028-03-01")
}

func (s statistics) large(t *testing.T) {
	store := s.openFresh(t)
	totals := persistence.Totals{
		Day: eve, Sessions: math.MaxInt32, Matches: math.MaxInt32, Sightings: math.MaxInt64,
		Categories: map[string]int64{"music": math.MaxInt32},
	}
	merge(t, store, totals)
	wantTotals(t, store, totals)
}

func (s statistics) concurrent(t *testing.T) {
	const writers, rounds = 6, 15
	place := s.fresh(t)
	var g errgroup.Group
	for w := range int64(writers) {
		store := s.openAt(t, place)
		g.Go(func() error {
			for r := range int64(rounds) {
				n := r*writers + w + 1
				if err := store.Merge(t.Context(), persistence.Totals{
					Day: eve, Sessions: n, Matches: 1000 - n, Sightings: n * n,
					Categories: map[string]int64{"music": n, "sport": 1000 - n, "food": n},
				}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatalf("merge: %v", err)
	}
	const most = writers * rounds
	wantTotals(t, s.openAt(t, place), persistence.Totals{
		Day: eve, Sessions: most, Matches: 999, Sightings: most * most,
		Categories: map[string]int64{"music": most, "sport": 999, "food": most},
	})
}

// anyOrder compares a store with the one-line model of Merge, on a day of its
// own for each run.
func (s statistics) anyOrder(t *testing.T) {
	store := s.openFresh(t)
	day := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	counts := rapid.Int64Range(0, 50)
	rapid.Check(t, func(rt *rapid.T) {
		day = day.AddDate(0, 0, 1)
		want := persistence.Totals{Day: persistence.DayOf(day), Categories: map[string]int64{}}
		for range rapid.IntRange(1, 4).Draw(rt, "merges") {
			next := persistence.Totals{
				Day:        want.Day,
				Sessions:   counts.Draw(rt, "sessions") + 1, // a day of zeros has no history
				Matches:    counts.Draw(rt, "matches"),
				Sightings:  counts.Draw(rt, "sightings"),
				Categories: rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c"}), counts, 0, 3).Draw(rt, "categories"),
			}
			merge(t, store, next)
			raise(&want, next)
		}
		wantTotals(t, store, want)
	})
}

func raise(have *persistence.Totals, next persistence.Totals) {
	have.Sessions = max(have.Sessions, next.Sessions)
	have.Matches = max(have.Matches, next.Matches)
	have.Sightings = max(have.Sightings, next.Sightings)
	for category, count := range next.Categories {
		have.Categories[category] = max(have.Categories[category], count)
	}
}

func (s statistics) reopen(t *testing.T) {
	place := s.fresh(t)
	totals := persistence.Totals{Day: eve, Sessions: 5, Matches: 2, Sightings: 9, Categories: map[string]int64{"music": 4}}
	store := s.open(t, place)
	merge(t, store, totals)
	if err := store.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	wantTotals(t, s.openAt(t, place), totals)
}

func merge(t *testing.T, store persistence.Statistics, days ...persistence.Totals) {
	t.Helper()
	for _, totals := range days {
		if err := store.Merge(t.Context(), totals); err != nil {
			t.Fatalf("merge: %v", err)
		}
	}
}

func wantTotals(t *testing.T, store persistence.Statistics, want persistence.Totals) {
	t.Helper()
	got, err := store.Totals(t.Context(), want.Day)
	if err != nil {
		t.Fatalf("totals: %v", err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("totals of %s (-want +got):\n%s", want.Day, diff)
	}
}

func wantHistory(t *testing.T, store persistence.Statistics, first persistence.Day, want ...persistence.Totals) {
	t.Helper()
	got, err := store.History(t.Context(), first)
	if err != nil {
		t.Fatalf("history: %v", err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("history from %s (-want +got):\n%s", first, diff)
	}
}
