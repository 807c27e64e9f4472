package memstore

import (
	"context"
	"slices"
	"time"

	"i80.dk/sighej"
)

// SetOpen implements [persistence.Sessions].
func (s *Store) SetOpen(_ context.Context, key sighej.SessionKey, open bool) error {
	for {
		known, ok := s.matchesOf(key)
		if !ok {
			return errAbsent
		}
		if open {
			known = nil
		}
		if done, ok := s.setOpen(key, open, known); done {
			if !ok {
				return errAbsent
			}
			return nil
		}
	}
}

// matchesOf returns a copy of a live session's matches.
func (s *Store) matchesOf(key sighej.SessionKey) ([]matched, bool) {
	sh := &s.shards[s.index(key.Token)]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	rec := sh.liveAs(key, time.Now())
	if rec == nil || rec.doings == nil {
		return nil, rec != nil
	}
	return slices.Clone(rec.doings.matches), true
}

// setOpen takes the step, unless the session to be closed has more matches by now
// than are known: then it reports that it is not done.
func (s *Store) setOpen(key sighej.SessionKey, open bool, known []matched) (done, live bool) {
	defer s.lockAll(key, known)()
	now := time.Now()
	rec := s.shards[s.index(key.Token)].liveAs(key, now)
	switch {
	case rec == nil:
		return true, false
	case !open && rec.doings != nil && len(rec.doings.matches) != len(known):
		return false, true
	}
	rec.open = open
	for i := range known {
		m := &known[i]
		if peer := s.shards[s.index(m.peer.Token)].liveAs(m.peer, now); peer != nil {
			peer.ack([]sighej.NudgeID{m.theirs, m.theirs.Reveal()})
		}
	}
	return true, true
}

// lockAll locks the shards of a session and of those it has met, and returns what
// unlocks them.
func (s *Store) lockAll(key sighej.SessionKey, known []matched) (unlock func()) {
	shards := []int{s.index(key.Token)}
	for i := range known {
		shards = append(shards, s.index(known[i].peer.Token))
	}
	slices.Sort(shards)
	shards = slices.Compact(shards)
	for _, i := range shards {
		s.shards[i].mu.Lock()
	}
	return func() {
		for _, i := range shards {
			s.shards[i].mu.Unlock()
		}
	}
}
