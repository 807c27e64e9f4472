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
	known, _ := s.matchesOf(key)
	i := slices.IndexFunc(known, func(m matched) bool { return m.nudge == nudge })
	if i < 0 {
		return persistence.Waved{}, errAbsent
	}
	defer s.lockAll(key, known[i:i+1])()
	now := time.Now()
	own := s.shards[s.index(key.Token)].liveAs(key, now)
	peer := s.shards[s.index(known[i].peer.Token)].liveAs(known[i].peer, now)
	mine, theirs := own.matchOf(nudge), peer.matchWith(key.ID)
	switch {
	case mine == nil:
		return persistence.Waved{}, errAbsent // it has ended meanwhile
	case !mine.blind || mine.blocked:
		return persistence.Waved{}, nil
	}
	mine.waved = true
	if !mine.revealed {
		if theirs == nil || !theirs.waved || theirs.blocked || !own.open || !peer.open || own.full() || peer.full() {
			return persistence.Waved{}, nil
		}
		own.reveal(mine, at)
		peer.reveal(theirs, at)
	}
	return persistence.Waved{Both: true, Peer: mine.peer}, nil
}

// reveal puts what a blind match has hidden into the outbox.
func (r *record) reveal(m *matched, at time.Time) {
	m.revealed = true
	r.doings.outbox = append(r.doings.outbox, sighej.Nudge{ID: m.nudge.Reveal(), At: at, Shared: slices.Clone(m.hidden), Reveals: m.nudge})
}
