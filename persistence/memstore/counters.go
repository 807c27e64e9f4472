package memstore

import (
	"context"
	"maps"
	"sync"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

// keepDays is how long the counts of a day are kept after their first one.
const keepDays = 8 * 24 * time.Hour

// counters are the totals by UTC day, as days since 1970.
type counters struct {
	mu   sync.Mutex
	days map[int64]*tally
}

// tally is the counts of one day.
type tally struct {
	persistence.Totals
	seeded bool
	seqs   map[string]int64 // the newest of each writer
	until  time.Time        // when it is forgotten
}

// lease says who flushes.
type lease struct {
	mu     sync.Mutex
	holder string
	until  time.Time
}

func (c *counters) session(at time.Time, categories []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.day(dayNumber(at))
	t.Sessions++
	for _, category := range categories {
		t.Categories[category]++
	}
}

func (c *counters) match(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.day(dayNumber(at)).Matches++
}

// day returns the tally of a day, which begins if it has none. c.mu is held.
func (c *counters) day(n int64) *tally {
	if t := c.days[n]; t != nil {
		return t
	}
	now := time.Now()
	maps.DeleteFunc(c.days, func(_ int64, t *tally) bool { return !now.Before(t.until) })
	if c.days == nil {
		c.days = make(map[int64]*tally)
	}
	t := &tally{until: now.Add(keepDays)}
	t.Categories = make(map[string]int64)
	c.days[n] = t
	return t
}

// Totals implements [persistence.Counters].
func (s *Store) Totals(_ context.Context, day persistence.Day) (persistence.Totals, error) {
	n, err := parseDay(day)
	if err != nil {
		return persistence.Totals{}, err
	}
	s.counters.mu.Lock()
	defer s.counters.mu.Unlock()
	totals := persistence.Totals{Day: day}
	if t := s.counters.days[n]; t != nil {
		totals = t.Totals
		totals.Day = day
		totals.Categories = maps.Clone(t.Categories)
	}
	return totals, nil
}

// AddSightings implements [persistence.Counters].
func (s *Store) AddSightings(_ context.Context, day persistence.Day, writer string, seq, n int64) error {
	number, err := parseDay(day)
	if err != nil {
		return err
	}
	s.counters.mu.Lock()
	defer s.counters.mu.Unlock()
	t := s.counters.day(number)
	if last, known := t.seqs[writer]; known && seq <= last {
		return nil
	}
	if t.seqs == nil {
		t.seqs = make(map[string]int64)
	}
	t.seqs[writer] = seq
	t.Sightings += n
	return nil
}

// Seed implements [persistence.Counters].
func (s *Store) Seed(_ context.Context, t persistence.Totals) error {
	n, err := parseDay(t.Day)
	if err != nil {
		return err
	}
	s.counters.mu.Lock()
	defer s.counters.mu.Unlock()
	own := s.counters.day(n)
	if own.seeded {
		return nil
	}
	own.seeded = true
	own.Sessions += t.Sessions
	own.Matches += t.Matches
	own.Sightings += t.Sightings
	for category, sessions := range t.Categories {
		own.Categories[category] += sessions
	}
	return nil
}

// Lease implements [persistence.Counters].
func (s *Store) Lease(_ context.Context, holder string, ttl time.Duration) (bool, error) {
	now := time.Now()
	s.lease.mu.Lock()
	defer s.lease.mu.Unlock()
	if s.lease.holder != holder && now.Before(s.lease.until) {
		return false, nil
	}
	s.lease.holder, s.lease.until = holder, now.Add(ttl)
	return true, nil
}

func dayNumber(at time.Time) int64 { return at.Unix() / 86400 }

func parseDay(day persistence.Day) (int64, error) {
	at, err := time.Parse(time.DateOnly, string(day))
	if err != nil {
		return 0, sighej.Errorf(sighej.CodeInvalid, "a day: %w", err)
	}
	return dayNumber(at), nil
}
