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

// doings is what most sessions never have. Matches are looked through for each new
// one, and hold nothing that the garbage collector has to follow.
type doings struct {
	matches []matched
	tokens  []sighej.Token             // of those it has met, in the same order
	sequels map[sighej.NudgeID]*sequel // by the nudge of the match
	outbox  []queued
}

// matched remembers a match for as long as the session lives.
type matched struct {
	peer  sighej.SessionID
	nudge sighej.NudgeID // this session's
	at    int64          // Unix milliseconds
}

// sequel is what came of a match that is blind, or whose peer this session has blocked.
type sequel struct {
	blocked  bool // by this session
	blind    bool
	hidden   []sighej.InterestHash // what a blind match shares
	waved    bool                  // by this session
	revealed bool
}

// queued is a nudge that is not acked. What it reveals its match tells.
type queued struct {
	id     sighej.NudgeID
	at     int64 // Unix milliseconds
	shared []sighej.InterestHash
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
	if r == nil || r.doings == nil {
		return nil
	}
	for i := range r.doings.matches {
		if m := &r.doings.matches[i]; m.peer == peer {
			return m
		}
	}
	return nil
}

// matchOf returns the match of which the session got that nudge, or nil.
func (r *record) matchOf(nudge sighej.NudgeID) *matched {
	if r == nil || r.doings == nil {
		return nil
	}
	for i := range r.doings.matches {
		if m := &r.doings.matches[i]; m.nudge == nudge || r.sequelOf(m).revealed && m.nudge.Reveal() == nudge {
			return m
		}
	}
	return nil
}

// sequelOf returns what came of one of the session's matches, or of none.
func (r *record) sequelOf(m *matched) sequel {
	if m == nil {
		return sequel{}
	}
	if s := r.doings.sequels[m.nudge]; s != nil {
		return *s
	}
	return sequel{}
}

// become returns what came of the match of which the session got that nudge first,
// to be changed.
func (r *record) become(nudge sighej.NudgeID) *sequel {
	s := r.doings.sequels[nudge]
	if s == nil {
		s = new(sequel)
		if r.doings.sequels == nil {
			r.doings.sequels = map[sighej.NudgeID]*sequel{}
		}
		r.doings.sequels[nudge] = s
	}
	return s
}

// peers returns those the session has met.
func (r *record) peers() []sighej.SessionKey {
	if r == nil || r.doings == nil {
		return nil
	}
	keys := make([]sighej.SessionKey, len(r.doings.matches))
	for i := range keys {
		keys[i] = r.peer(i)
	}
	return keys
}

// peer returns whom the session has met in a match.
func (r *record) peer(match int) sighej.SessionKey {
	return sighej.SessionKey{Token: r.doings.tokens[match], ID: r.doings.matches[match].peer}
}

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
	r.doings.matches = append(r.doings.matches, matched{other.Session.ID, own.Nudge, match.At.UnixMilli()})
	r.doings.tokens = append(r.doings.tokens, other.Session.Token)
	if match.Blind {
		s := r.become(own.Nudge)
		s.blind, s.hidden, shared = true, shared, nil
	}
	r.doings.outbox = append(r.doings.outbox, queued{own.Nudge, match.At.UnixMilli(), shared})
}

func (r *record) ack(ids []sighej.NudgeID) {
	if r.doings == nil {
		return
	}
	r.doings.outbox = slices.DeleteFunc(r.doings.outbox, func(n queued) bool { return slices.Contains(ids, n.id) })
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
	for _, q := range r.doings.outbox {
		n := sighej.Nudge{ID: q.id, At: time.UnixMilli(q.at).UTC(), Shared: slices.Clone(q.shared)}
		if m := r.matchOf(q.id); m != nil && m.nudge != q.id {
			n.Reveals = m.nudge
		}
		state.Outbox = append(state.Outbox, n)
	}
	slices.SortStableFunc(state.Outbox, func(a, b sighej.Nudge) int { return a.At.Compare(b.At) })
	state.MatchedAt = make([]time.Time, len(r.doings.matches))
	for i := range r.doings.matches {
		m := &r.doings.matches[i]
		state.MatchedAt[i] = time.UnixMilli(m.at).UTC()
		if r.sequelOf(m).blocked {
			state.Blocked = append(state.Blocked, pairOf(r.session.ID, m.peer))
		}
	}
	slices.SortFunc(state.MatchedAt, time.Time.Compare)
	return state
}
