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
		known, ok := s.peersOf(key)
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

// peersOf returns those whom a live session has met.
func (s *Store) peersOf(key sighej.SessionKey) ([]sighej.SessionKey, bool) {
	sh := &s.shards[s.index(key.Token)]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	rec := sh.liveAs(key, time.Now())
	return rec.peers(), rec != nil
}

// setOpen takes the step, unless the session to be closed has more matches by now
// than are known: then it reports that it is not done.
func (s *Store) setOpen(key sighej.SessionKey, open bool, known []sighej.SessionKey) (done, live bool) {
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
	for _, k := range known {
		peer := s.shards[s.index(k.Token)].liveAs(k, now)
		if theirs := peer.matchWith(key.ID); theirs != nil {
			peer.ack([]sighej.NudgeID{theirs.nudge, theirs.nudge.Reveal()})
		}
	}
	return true, true
}

// lockAll locks the shards of a session and of those it has met, and returns what
// unlocks them.
func (s *Store) lockAll(key sighej.SessionKey, known []sighej.SessionKey) (unlock func()) {
	shards := []int{s.index(key.Token)}
	for _, k := range known {
		shards = append(shards, s.index(k.Token))
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
