package actors

import (
	"time"

	"i80.dk/sighej"
)

// onMeet is the peer's side of a sighting with an overlap: it checks what only
// it may know, behind the same neutral answer, and asks the store to commit.
func (a *session) onMeet(m *meet) {
	now := a.system.cfg.Now()
	from := m.from
	reporter := from.session.Token
	refuse := func(outcome sighej.Outcome, err error) {
		m.reply(&met{system: a.system, token: m.token, outcome: outcome, err: err})
	}
	switch e := a.company().inquiries.find(reporter); {
	case a.system.idle():
		refuse(sighej.Refused, errMoving)
	case e != nil && e.committing: // the answer to that goes to the same reporter
	case !a.live(now) || a.closed.Load() || a.blocks(from.session):
		refuse(sighej.Refused, nil)
	case a.inquiries.knows(from.session):
		refuse(sighej.AlreadyMatched, nil)
	case a.system.cfg.Mutual && !a.reports.has(from.session.ID, now, a.system.cfg.SightingWindow):
		refuse(sighej.Refused, nil) // this one's phone has not heard the other, or not yet
	case !e.engaged() && a.atLimit(now):
		a.system.tally.spared.Add(1)
		refuse(sighej.Refused, nil)
	default:
		if !a.commit(m, now) {
			refuse(sighej.Refused, errBusy)
		}
	}
}

// commit asks the store to make the match and reports false when there is no
// room for the question.
func (a *session) commit(asked *meet, now time.Time) bool {
	from := asked.from
	shared := a.system.shown(a.set, from.set)
	match := &sighej.Match{
		A:      sighej.Side{Session: from.session.Key(), Nudge: sighej.NewNudgeID()},
		B:      sighej.Side{Session: a.session.Key(), Nudge: sighej.NewNudgeID()},
		At:     now.UTC().Truncate(time.Millisecond),
		Shared: shared,
		Blind:  a.system.cfg.Blind,
	}
	system, self, t := a.system, a.pid, a.trail
	if len(shared) == 0 { // two hashes agreed in the bits that the sets compare
		asked.reply(&met{system: a.system, token: a.session.Token})
		return true
	}
	e, ok := a.inquiries.begin(from.session.Token)
	if !ok {
		return false
	}
	if !system.step(self, func() any {
		outcome, err := system.cfg.Store.Commit(t.context(), *match)
		return t.wrap(&committed{system, asked, outcome, match, err})
	}) {
		a.inquiries.end(e)
		return false
	}
	a.inquiries.engage(e)
	e.committing = true
	return true
}

// onCommitted takes what the store said about a match that a reporter wanted,
// and passes it on.
func (a *session) onCommitted(m *committed) {
	from := m.asked.from
	reporter := from.session.Token
	if e := a.company().inquiries.find(reporter); e != nil && e.committing {
		e.committing = false
		a.conclude(from, m.outcome, m.match, m.err)
		a.inquiries.disengage(e)
	}
	m.asked.reply(&met{system: a.system, token: a.session.Token, outcome: m.outcome, match: m.match, err: m.err})
}

// onMet is the reporter's side: the verdict for everyone who waits for it.
func (a *session) onMet(m *met) {
	e := a.company().inquiries.find(m.token)
	if e == nil || !e.asked { // an earlier activation of this session had asked
		if m.outcome != sighej.Refused {
			a.onRefresh()
		}
		return
	}
	peer := e.peer
	if m.match != nil && peer.session.ID != m.match.B.Session.ID {
		peer = nil // another session has the token by now; the match, if it was made, stands
	}
	e.asked, e.peer = false, nil
	a.conclude(peer, m.outcome, m.match, m.err)
	a.inquiries.disengage(e)
	verdict := a.verdict(peer, m)
	for _, w := range a.release(e, m.err) {
		a.tell(w, verdict)
		verdict.NudgeSent = false // it is only the first one's doing
	}
	a.inquiries.end(e)
}

func (a *session) verdict(peer *snapshot, m *met) sighej.Verdict {
	switch {
	case m.err != nil:
		return sighej.Verdict{Code: sighej.CodeOf(m.err)}
	case m.outcome == sighej.Committed:
		v := sighej.Verdict{Match: true, NudgeSent: true}
		if !m.match.Blind {
			v.Shared = a.labels(m.match.Shared)
		}
		return v
	case m.outcome == sighej.AlreadyMatched && peer != nil:
		return a.matchWith(peer)
	default:
		return sighej.Verdict{}
	}
}

// conclude takes over what a match means for this session. One that nobody told
// it of has left a nudge in the store.
func (a *session) conclude(peer *snapshot, outcome sighej.Outcome, match *sighej.Match, err error) {
	switch {
	case err != nil:
		a.outbox.inDoubt = true // the store may have committed it all the same, or do so after it was asked
		a.refreshSoon()
	case outcome == sighej.Committed:
		a.matched.add(match.At)
		if a.system.cfg.Matched != nil {
			a.system.cfg.Matched(a.matched.count(a.system.cfg.Now()))
		}
		if peer != nil {
			a.inquiries.remember(peer.session)
		}
		a.accept(a.nudgeOf(match))
	case outcome == sighej.AlreadyMatched && peer != nil && !a.inquiries.knows(peer.session):
		a.inquiries.remember(peer.session)
		a.onRefresh()
	}
}

// nudgeOf returns this session's nudge of a match.
func (a *session) nudgeOf(m *sighej.Match) sighej.Nudge {
	own := m.A
	if own.Session != a.session.Key() {
		own = m.B
	}
	n := sighej.Nudge{ID: own.Nudge, At: m.At}
	if !m.Blind {
		n.Shared = m.Shared
	}
	return n
}
