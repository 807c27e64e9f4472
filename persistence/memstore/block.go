package memstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"time"

	"i80.dk/sighej"
)

// Block implements [persistence.Sessions].
func (s *Store) Block(_ context.Context, key sighej.SessionKey, nudge sighej.NudgeID) (sighej.Pair, error) {
	sh := &s.shards[s.index(key.Token)]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	rec := sh.liveAs(key, time.Now())
	m := rec.matchOf(nudge)
	if m == nil {
		return sighej.Pair{}, errAbsent
	}
	rec.become(m.nudge).blocked = true
	rec.ack([]sighej.NudgeID{m.nudge, m.nudge.Reveal()})
	return pairOf(key.ID, m.peer), nil
}

// Pair implements [persistence.Sessions].
func (s *Store) Pair(a, b sighej.SessionKey) sighej.Pair { return pairOf(a.ID, b.ID) }

// pairOf needs no key: it never leaves this process.
func pairOf(a, b sighej.SessionID) sighej.Pair {
	if bytes.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	var both [2 * len(a)]byte
	copy(both[copy(both[:], a[:]):], b[:])
	sum := sha256.Sum256(both[:])
	return sighej.Pair(sum[:len(sighej.Pair{})])
}
