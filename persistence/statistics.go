package persistence

import (
	"context"
	"time"
)

// Day is a UTC date as 2006-01-02.
type Day string

// DayOf returns the UTC date of t.
func DayOf(t time.Time) Day { return Day(t.UTC().Format(time.DateOnly)) }

// Totals are the anonymous counts of one day.
type Totals struct {
	Day        Day
	Sessions   int64
	Matches    int64
	Sightings  int64
	Categories map[string]int64 // sessions per interest category
}

// Statistics keeps daily totals for good. Methods block for the store's round
// trip and are safe for concurrent use; one that cannot be reached answers with
// [sighej.CodeUnavailable].
type Statistics interface {
	// Merge raises the stored counts of t.Day to those of t and never lowers one,
	// in one transaction: the same totals merged twice count once.
	Merge(ctx context.Context, t Totals) error

	// Totals returns the counts of a day; zeros for a day without any.
	Totals(ctx context.Context, day Day) (Totals, error)

	// History returns the days from first on that have counts, oldest first.
	History(ctx context.Context, first Day) ([]Totals, error)

	// Ping reports whether the store can be reached.
	Ping(ctx context.Context) error

	// Close gives everything back. The store is not used after it.
	Close() error
}
