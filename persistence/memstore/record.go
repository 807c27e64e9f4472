package memstore

import (
	"slices"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

// record is one session. Session never changes; the rest belongs to whoever
// holds the shard's lock.
type record struct {
	session  *sighej.Session
	rotation *sighej.Rotation // nil until the first; replaced, never changed
	doings   *doings          // nil until the first match
	place    uint32           // in the shard's heap
	open     bool
}

// doings is what most sessions never have.
type doings struct {
	matches []matched
	outbox  []sighej.Nudge
}

// matched remembers a match for as long as the session lives.
type matched struct {
	peer     sighej.SessionKey
	nudge    sighej.NudgeID        // this session's
	theirs   sighej.NudgeID        // the peer's
	at       int64                 // Unix milliseconds
	hidden   []sighej.InterestHash // what a blind match shares
	blocked  bool                  // by this session
	blind    bool
	waved    bool // by this session
	revealed bool
}

func (r *record) before(other *record) bool {
	return r.session.ExpiresAt.Before(other.session.ExpiresAt)
}

func (r *record) rotated() sighej.Rotation {
	if r.rotation == nil {
		return sighej.Rotation{}
	}
	return *r.rotation
}

// matchWith returns the match with that peer, or nil.
func (r *record) matchWith(peer sighej.SessionID) *matched {
	return r.match(func(m *matched) bool { return m.peer.ID == peer })
}

// matchOf returns the match of which the session got that nudge, or nil.
func (r *record) matchOf(nudge sighej.NudgeID) *matched {
	return r.match(func(m *matched) bool { return m.nudge == nudge || m.revealed && m.nudge.Reveal() == nudge })
}

func (r *record) match(is func(*matched) bool) *matched {
	if r == nil || r.doings == nil {
		return nil
	}
	for i := range r.doings.matches {
		if m := &r.doings.matches[i]; is(m) {
			return m
		}
	}
	return nil
}

// isBlocked reports whether a side of a match, nil for none, has blocked the other.
func (m *matched) isBlocked() bool { return m != nil && m.blocked }

// ready reports whether the session may be matched.
func (r *record) ready() bool {
	return r != nil && r.open
}

func (r *record) full() bool {
	return r.doings != nil && len(r.doings.outbox) >= persistence.MaxOutbox
}

// take makes a match the session's own, which is on the side own.
func (r *record) take(match *sighej.Match, own, other sighej.Side, shared []sighej.InterestHash) {
	if r.doings == nil {
		r.doings = new(doings)
	}
	m := matched{peer: other.Session, nudge: own.Nudge, theirs: other.Nudge, at: match.At.UnixMilli(), blind: match.Blind}
	n := sighej.Nudge{ID: own.Nudge, At: match.At, Shared: shared}
	if m.blind {
		m.hidden, n.Shared = shared, nil
	}
	r.doings.matches = append(r.doings.matches, m)
	r.doings.outbox = append(r.doings.outbox, n)
}

func (r *record) ack(ids []sighej.NudgeID) {
	if r.doings == nil {
		return
	}
	r.doings.outbox = slices.DeleteFunc(r.doings.outbox, func(n sighej.Nudge) bool { return slices.Contains(ids, n.ID) })
	if len(r.doings.outbox) == 0 {
		r.doings.outbox = nil
	}
}

// state copies all that the caller may change.
func (r *record) state() persistence.State {
	state := persistence.State{Session: r.session, Rotation: r.rotated(), Open: r.open}
	if r.doings == nil {
		return state
	}
	state.Outbox = slices.Clone(r.doings.outbox)
	for i := range state.Outbox {
		state.Outbox[i].Shared = slices.Clone(state.Outbox[i].Shared)
	}
	slices.SortStableFunc(state.Outbox, func(a, b sighej.Nudge) int { return a.At.Compare(b.At) })
	state.MatchedAt = make([]time.Time, len(r.doings.matches))
	for i, m := range r.doings.matches {
		state.MatchedAt[i] = time.UnixMilli(m.at).UTC()
		if m.blocked {
			state.Blocked = append(state.Blocked, pairOf(r.session.Key(), m.peer))
		}
	}
	slices.SortFunc(state.MatchedAt, time.Time.Compare)
	return state
}
