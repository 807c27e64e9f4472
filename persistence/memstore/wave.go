package memstore

import (
	"context"
	"slices"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

// Wave implements [persistence.Sessions].
func (s *Store) Wave(_ context.Context, key sighej.SessionKey, nudge sighej.NudgeID, at time.Time) (persistence.Waved, error) {
	other, ok := s.peerOf(key, nudge)
	if !ok {
		return persistence.Waved{}, errAbsent
	}
	defer s.lockAll(key, []sighej.SessionKey{other})()
	now := time.Now()
	own, peer := s.shards[s.index(key.Token)].liveAs(key, now), s.shards[s.index(other.Token)].liveAs(other, now)
	mine, theirs := own.matchOf(nudge), peer.matchWith(key.ID)
	if mine == nil {
		return persistence.Waved{}, errAbsent // it has ended meanwhile
	}
	if s := own.sequelOf(mine); !s.blind || s.blocked {
		return persistence.Waved{}, nil
	}
	became := own.become(mine.nudge)
	became.waved = true
	if !became.revealed {
		if s := peer.sequelOf(theirs); !s.waved || s.blocked || !own.open || !peer.open || own.full() || peer.full() {
			return persistence.Waved{}, nil
		}
		own.reveal(mine, at)
		peer.reveal(theirs, at)
	}
	return persistence.Waved{Both: true, Peer: other}, nil
}

// peerOf returns whom a nudge of a live session was about.
func (s *Store) peerOf(key sighej.SessionKey, nudge sighej.NudgeID) (sighej.SessionKey, bool) {
	sh := &s.shards[s.index(key.Token)]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	rec := sh.liveAs(key, time.Now())
	if rec == nil || rec.doings == nil {
		return sighej.SessionKey{}, false
	}
	i := slices.IndexFunc(rec.doings.matches, func(m matched) bool { return m.nudge == nudge })
	if i < 0 {
		return sighej.SessionKey{}, false
	}
	return rec.peer(i), true
}

// reveal puts what a blind match has hidden into the outbox.
func (r *record) reveal(m *matched, at time.Time) {
	s := r.become(m.nudge)
	s.revealed = true
	r.doings.outbox = append(r.doings.outbox, queued{m.nudge.Reveal(), at.UnixMilli(), slices.Clone(s.hidden)})
}
