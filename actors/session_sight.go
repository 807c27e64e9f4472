package actors

import (
	"time"

	"i80.dk/sighej"
)

// onSight decides what can be decided on snapshots and asks the peers about
// the rest.
func (a *session) onSight(m *sight) {
	now := a.system.cfg.Now()
	switch {
	case a.system.idle():
		m.done(nil, errMoving)
		return
	case !a.live(now):
		m.done(nil, errGone)
		return
	}
	cfg := &a.system.cfg
	granted, wait := a.heard.take(now, len(m.sightings), cfg.SightingsPerSecond, cfg.SightingsBurst)
	if granted == 0 && len(m.sightings) > 0 {
		a.system.tally.sightings[rateLimitedOutcome].Add(int64(len(m.sightings)))
		m.done(nil, sighej.Errorf(sighej.CodeRateLimited, "too many sightings in this session").After(wait))
		return
	}
	b := report{m: m, tally: &a.system.tally}
	for i := range m.sightings[:granted] {
		v, e := a.look(&b, &m.sightings[i], now)
		if v.Code != "" {
			a.undecided(&m.sightings[i])
		}
		b.put(i, v, e)
	}
	for i := granted; i < len(m.sightings); i++ {
		b.put(i, sighej.Verdict{Code: sighej.CodeRateLimited}, nil)
	}
	a.lookUp(&b)
	b.finish()
}

// lookUp begins a report's look-ups. One that begins none waits for a round all the
// same, be it that all was known or that another report asks already.
func (a *session) lookUp(r *report) {
	switch {
	case len(r.lookUps) > 0:
		a.round = a.system.join(a.round, 1, nil, r.lookUps...)
	case !a.system.cfg.Immediate && (r.neutral > 0 || r.joined):
		a.round = a.system.join(a.round, 1, a.veil(r))
	}
}

// veil leaves it to the function that it returns to answer a report.
func (a *session) veil(r *report) func() {
	b := r.batch
	if b == nil {
		r.veiled = true
		return r.m.neutral
	}
	b.open++
	system, self := a.system, a.pid
	return func() { system.send(self, &unveiled{b}) }
}

// look decides a sighting, or returns the inquiry that will.
func (a *session) look(r *report, s *sighej.Sighting, now time.Time) (sighej.Verdict, *inquiry) {
	if a.closed.Load() || !a.system.cfg.strong(s) {
		return sighej.Verdict{}, nil
	}
	if !s.SeenAt.IsZero() {
		if counts, code := a.company().lates.admit(s, now); !counts {
			return sighej.Verdict{Code: code}, nil
		}
	}
	peer, ok := a.system.active(s.Token, now)
	switch {
	case a.full(peer, s.Token, now):
		return sighej.Verdict{Code: sighej.CodeMatchLimit}, nil
	case ok:
		return a.judge(peer, s, now)
	default:
		return a.seek(r, s.Token)
	}
}

// full reports whether the session's limit of matches stands against a sighting:
// whoever it is of, peer being nil if this member does not know, so that it tells
// nothing about the peer. Only whom it has met, or is about to, is left out.
func (a *session) full(peer *snapshot, token sighej.Token, now time.Time) bool {
	if a.affairs == nil || !a.atLimit(now) {
		return false
	}
	if peer != nil {
		token = peer.session.Token
	}
	return a.inquiries.find(token) == nil && (peer == nil || peer != a.snapshot && !a.inquiries.knows(peer.session))
}

// undecided lets a sighting be told again that says when it was made.
func (a *session) undecided(s *sighej.Sighting) {
	if !s.SeenAt.IsZero() && a.affairs != nil {
		a.lates.undo(s)
	}
}

// tell gives one who waits for it the verdict.
func (a *session) tell(w waiter, v sighej.Verdict) {
	if v.Code != "" {
		a.undecided(w.sighting)
	}
	w.settle(v)
}

// judge decides a sighting of peer, or asks the peer.
func (a *session) judge(peer *snapshot, s *sighej.Sighting, now time.Time) (sighej.Verdict, *inquiry) {
	at := s.SeenAt
	if at.IsZero() {
		at = now
	}
	switch {
	case peer == a.snapshot:
		return sighej.Verdict{Code: sighej.CodeInvalid}, nil
	case !a.meets(peer, now, at), !peer.heardAs(s.Token, now, at):
		return sighej.Verdict{}, nil
	case a.blocks(peer.session):
		return sighej.Verdict{}, nil
	case a.affairs != nil && a.inquiries.knows(peer.session) && !peer.guarded.Load():
		return a.matchWith(peer), nil
	case a.system.cfg.Mutual && !a.report(peer, at, now):
		return sighej.Verdict{}, nil
	default:
		return a.approach(peer, now)
	}
}

// report remembers that a peer was heard, for the peer to ask, and reports whether
// that was lately enough.
func (a *session) report(peer *snapshot, at, now time.Time) bool {
	window := a.system.cfg.SightingWindow
	if at.Before(now.Add(-window)) {
		return false
	}
	a.company().reports.add(peer.session.ID, at, now, window)
	return true
}

// approach asks a peer with an overlap to make a match.
func (a *session) approach(peer *snapshot, now time.Time) (sighej.Verdict, *inquiry) {
	a.company()
	token := peer.session.Token
	if !a.inquiries.find(token).engaged() && !a.inquiries.knows(peer.session) && a.atLimit(now) {
		return sighej.Verdict{}, nil // others were faster; a code would tell that the two share an interest
	}
	e, ok := a.inquiries.begin(token)
	if !ok {
		return sighej.Verdict{Code: sighej.CodeOverloaded}, nil
	}
	if !e.asked {
		a.inquiries.engage(e)
		e.asked, e.peer = true, peer
		a.system.meet(peer, &meet{system: a.system, from: a.snapshot, token: token, trail: a.trail})
	}
	return sighej.Verdict{}, e
}

// atLimit reports whether another match would be over the session's limit,
// those about to be made included.
func (a *session) atLimit(now time.Time) bool {
	most := a.system.cfg.MatchesPerHour
	return most > 0 && a.matched.count(now)+a.inquiries.engaged >= most
}

func (a *session) matchWith(peer *snapshot) sighej.Verdict {
	if a.system.cfg.Blind {
		return sighej.Verdict{Match: true}
	}
	return sighej.Verdict{Match: true, Shared: a.labels(a.system.shown(a.set, peer.set))}
}

// labels names shared interests, as far as they may be shown, in the spelling of
// the session's owner.
func (a *session) labels(shared []sighej.InterestHash) []string {
	cfg := &a.system.cfg
	return cfg.Lexicon.Labels(a.set, cfg.Lexicon.Shown(shared, cfg.MaxSharedLabels))
}

// shown returns what two sessions share, as far as it may be shown to both.
func (s *System) shown(a, b interestSet) []sighej.InterestHash {
	return s.cfg.Lexicon.Shown(s.cfg.Lexicon.Overlap(a, b), s.cfg.MaxSharedLabels)
}

// seek asks for a peer that is not active on this member: the store if it
// belongs here, else the member where it lives.
func (a *session) seek(r *report, token sighej.Token) (sighej.Verdict, *inquiry) {
	address, here := a.system.home(token)
	if here && a.system.absent(token) {
		return sighej.Verdict{}, nil
	}
	e, ok := a.company().inquiries.begin(token)
	q := seek{asker: a.pid, token: token, interests: a.session.Interests, trail: a.trail}
	switch {
	case !ok:
		return sighej.Verdict{Code: sighej.CodeOverloaded}, nil
	case e.seeking:
		r.joined = true
	case here:
		r.lookUps = append(r.lookUps, q.lookUp(a.system, token))
	default:
		a.system.seekAbroad(address, q)
	}
	e.seeking = true
	return sighej.Verdict{}, e
}

func (a *session) onSought(m *sought) {
	e := a.company().inquiries.find(m.token)
	if e == nil || !e.seeking {
		return
	}
	e.seeking = false
	for _, w := range a.release(e, m.err) {
		v, awaited := sighej.Verdict{}, (*inquiry)(nil)
		switch {
		case m.err == nil:
			v, awaited = a.judge(m.peer, w.sighting, a.system.cfg.Now())
		case sighej.CodeOf(m.err) != sighej.CodeNotFound:
			v.Code = sighej.CodeOf(m.err)
		}
		a.resume(w, v, awaited)
	}
	a.inquiries.end(e)
}

// release takes those who wait out of an inquiry of which a call has ended so, and
// returns whom to tell. A call that was lost with its member may have gone there
// before some of them came: those ask once more, unless another call is under way,
// which decides for all.
func (a *session) release(e *inquiry, err error) []waiter {
	if peerLost(err) && (e.seeking || e.asked) {
		return nil
	}
	waiters := e.waiters
	e.waiters = nil
	if !peerLost(err) {
		return waiters
	}
	var others []waiter
	r, now := report{}, a.system.cfg.Now()
	for _, w := range waiters {
		if !w.joined {
			others = append(others, w)
			continue
		}
		w.joined = false
		v, awaited := a.inquire(&r, w.sighting, now)
		a.resume(w, v, awaited)
	}
	if len(r.lookUps) > 0 {
		a.round = a.system.join(a.round, 1, nil, r.lookUps...)
	}
	return others
}

// inquire judges a sighting of a peer that is active on this member, or seeks the peer.
func (a *session) inquire(r *report, s *sighej.Sighting, now time.Time) (sighej.Verdict, *inquiry) {
	if peer, ok := a.system.active(s.Token, now); ok {
		return a.judge(peer, s, now)
	}
	return a.seek(r, s.Token)
}

// resume makes one wait for the inquiry, or tells it the verdict if there is none.
func (a *session) resume(w waiter, v sighej.Verdict, awaited *inquiry) {
	if awaited != nil {
		awaited.waiters = append(awaited.waiters, w)
		return
	}
	a.tell(w, v)
}
