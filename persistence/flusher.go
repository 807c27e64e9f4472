package persistence

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync/atomic"
	"time"

	"i80.dk/sighej"
)

const (
	defaultInterval = time.Second
	minLease        = 5 * time.Second
	lastFlush       = 3 * time.Second
	flushedDays     = 8 // today and seven before: as long as the Counters keep a day
)

// Flusher carries the counts from the Counters to the Statistics. Each process
// runs one. All of them add the sightings that they have seen to the Counters;
// whoever holds the lease merges the recent days into the Statistics.
//
// What is carried twice counts once. While the Statistics are away the counts
// wait in the Counters, for a week. A day that the Counters lose begins anew
// with what was carried of it.
//
// Set the fields before Run and leave them alone after it.
type Flusher struct {
	Counters   Counters
	Statistics Statistics
	Sightings  func() int64     // seen by this process since it started; never falls; safe for concurrent use
	Holder     string           // names this process among all, to the lease and to AddSightings
	Interval   time.Duration    // between two flushes; 0: a second
	Now        func() time.Time // the clock by which days begin; nil: this machine's
	Logger     *slog.Logger     // nil: silent

	well     atomic.Pointer[time.Time] // when Run began, or a round last ended well
	counted  int64                     // sightings that are in the Counters or in pending
	pending  batch                     // sightings that may or may not be in the Counters
	done     map[Day]bool              // days older than yesterday that were carried: nothing is added any more
	troubles [2]trouble
}

// batch is one call of AddSightings, kept until it succeeded.
type batch struct {
	day    Day
	seq, n int64
}

// Run flushes until ctx ends, then once more, in three seconds at most, and
// returns nil. Stores that fail are logged when it begins and when it ends.
// It must run once at a time.
func (f *Flusher) Run(ctx context.Context) error {
	interval := f.Interval
	if interval <= 0 {
		interval = defaultInterval
	}
	lease := max(3*interval, minLease)
	tick := time.NewTicker(interval)
	defer tick.Stop()
	f.endedWell()
	for {
		f.round(ctx, lease)
		select {
		case <-tick.C:
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
			defer cancel()
			f.round(last, lease)
			return nil
		}
	}
}

// Lag returns how long ago a flush of this process last ended well, or Run began if
// none has; the largest of all processes is the age of the Statistics. 0: Run has
// not begun. It is safe for concurrent use, also beside Run.
func (f *Flusher) Lag() time.Duration {
	if well := f.well.Load(); well != nil {
		return time.Since(*well)
	}
	return 0
}

func (f *Flusher) endedWell() {
	now := time.Now()
	f.well.Store(&now)
}

// round is one flush. It ends with the lease at the latest.
func (f *Flusher) round(ctx context.Context, lease time.Duration) {
	bounded, cancel := context.WithTimeout(ctx, lease)
	defer cancel()
	if f.flush(bounded, f.now().UTC(), lease) {
		f.endedWell()
	}
	f.report(errors.Is(ctx.Err(), context.Canceled))
}

func (f *Flusher) now() time.Time {
	if f.Now != nil {
		return f.Now()
	}
	return time.Now()
}

// flush reports whether all that is this process's part was done: if another one
// holds the lease, that is little.
func (f *Flusher) flush(ctx context.Context, now time.Time, lease time.Duration) (well bool) {
	if !f.addSightings(ctx, now) {
		return false
	}
	leased, err := f.Counters.Lease(ctx, f.Holder, lease)
	if !f.ok(ofCounters, err) || !leased {
		return err == nil
	}
	well = true
	for age := range flushedDays {
		day := DayOf(now.AddDate(0, 0, -age))
		if f.done[day] {
			continue
		}
		err := f.carry(ctx, day, age == 0)
		if sighej.CodeOf(err) == sighej.CodeUnavailable || ctx.Err() != nil {
			return false
		}
		well = well && err == nil
		if err == nil && age > 1 { // yesterday's last sightings may still come in
			f.finish(day, now)
		}
	}
	return well
}

// finish notes that a day needs no more flushes, and forgets the days that
// nobody asks for any more.
func (f *Flusher) finish(day Day, now time.Time) {
	if f.done == nil {
		f.done = make(map[Day]bool, flushedDays)
	}
	f.done[day] = true
	forgotten := DayOf(now.AddDate(0, 0, -flushedDays))
	maps.DeleteFunc(f.done, func(day Day, _ bool) bool { return day <= forgotten })
}

// addSightings hands the sightings since the last call to the Counters. A call
// that failed is repeated as it was, since it may have counted.
func (f *Flusher) addSightings(ctx context.Context, now time.Time) bool {
	if !f.settle(ctx) {
		return false
	}
	seen := f.Sightings()
	if seen == f.counted {
		return true
	}
	f.pending = batch{
		day: DayOf(now),
		// The clock lets seq grow past the calls of an earlier process of this name.
		seq: max(f.pending.seq+1, now.UnixMilli()),
		n:   seen - f.counted,
	}
	f.counted = seen
	return f.settle(ctx)
}

func (f *Flusher) settle(ctx context.Context) bool {
	if f.pending.n == 0 {
		return true
	}
	err := f.Counters.AddSightings(ctx, f.pending.day, f.Holder, f.pending.seq, f.pending.n)
	if err == nil {
		f.pending.n = 0
	}
	return f.ok(ofCounters, err)
}

// carry brings one day over.
//
// The seed goes first, every time: totals that lack what the Statistics have
// must never be merged, or a later seed would count them twice. Whether the
// Counters lost the day cannot be told from its totals, and a seed that is not
// needed does nothing. Of the days before today only those with counts are
// looked at: a seed would bring back what the Counters have forgotten.
func (f *Flusher) carry(ctx context.Context, day Day, today bool) error {
	totals, err := f.Counters.Totals(ctx, day)
	if !f.ok(ofCounters, err) {
		return err
	}
	if !today && totals.zero() {
		return nil
	}
	stored, err := f.Statistics.Totals(ctx, day)
	if !f.ok(ofStatistics, err) {
		return err
	}
	if err := f.Counters.Seed(ctx, stored); !f.ok(ofCounters, err) {
		return err
	}
	if totals, err = f.Counters.Totals(ctx, day); !f.ok(ofCounters, err) {
		return err
	}
	if same(totals, stored) {
		return nil
	}
	err = f.Statistics.Merge(ctx, totals)
	f.ok(ofStatistics, err)
	return err
}

func (t Totals) zero() bool {
	return t.Sessions == 0 && t.Matches == 0 && t.Sightings == 0 && len(t.Categories) == 0
}

func same(a, b Totals) bool {
	return a.Sessions == b.Sessions && a.Matches == b.Matches && a.Sightings == b.Sightings &&
		maps.Equal(a.Categories, b.Categories)
}
