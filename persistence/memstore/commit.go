package memstore

import (
	"context"
	"slices"
	"time"

	"i80.dk/sighej"
)

// Commit implements [persistence.Sessions].
func (s *Store) Commit(_ context.Context, m sighej.Match) (sighej.Outcome, error) {
	a, b := m.A.Session, m.B.Session
	if a.Token == b.Token {
		return sighej.Refused, nil
	}
	i, j := s.index(a.Token), s.index(b.Token)
	s.lockBoth(i, j)
	defer s.unlockBoth(i, j)
	now := time.Now()
	one, two := s.shards[i].liveAs(a, now), s.shards[j].liveAs(b, now)
	with, from := one.matchWith(b.ID), two.matchWith(a.ID)
	switch {
	case with != nil && with.nudge == m.A.Nudge, from != nil && from.nudge == m.B.Nudge:
		return sighej.Committed, nil // by an earlier try
	case !one.ready() || !two.ready() || one.sequelOf(with).blocked || two.sequelOf(from).blocked:
		return sighej.Refused, nil
	case with != nil:
		return sighej.AlreadyMatched, nil
	case one.full() || two.full():
		return sighej.Refused, nil
	}
	shared := slices.Clone(m.Shared)
	one.take(&m, m.A, m.B, shared)
	two.take(&m, m.B, m.A, shared)
	s.counters.match(m.At)
	return sighej.Committed, nil
}

func (s *Store) lockBoth(i, j int) {
	s.shards[min(i, j)].mu.Lock()
	if i != j {
		s.shards[max(i, j)].mu.Lock()
	}
}

func (s *Store) unlockBoth(i, j int) {
	if i != j {
		s.shards[max(i, j)].mu.Unlock()
	}
	s.shards[min(i, j)].mu.Unlock()
}
