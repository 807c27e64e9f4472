package actors

import (
	"context"
	"slices"

	"i80.dk/sighej"
	"i80.dk/sighej/actors/actorpb"
)

// Block makes the caller's session and the one that its nudge is about never meet
// again, as long as the caller's lives: sightings on both sides get the neutral
// verdict, as if the other were not open. The other is not told. Errors: those of
// [System.Admit]; CodeNotFound when the session never got that nudge.
func (s *System) Block(ctx context.Context, c sighej.Caller, nudge sighej.NudgeID) error {
	return s.tell(ctx, c, &actorpb.Ask{What: &actorpb.Ask_Block{Block: nudge[:]}},
		func(done func(error)) any { return &block{nudge, done} })
}

var errNoNudge = sighej.Errorf(sighej.CodeNotFound, "the session never got that nudge")

func (a *session) onBlock(m *block) {
	system, self, key, t := a.system, a.pid, a.session.Key(), a.company().trail
	if !system.step(self, func() any {
		pair, err := system.cfg.Store.Block(t.context(), key, m.nudge)
		return t.wrap(&blocked{m, pair, err})
	}) {
		m.fail(errBusy)
	}
}

func (a *session) onBlocked(m *blocked) {
	switch {
	case m.err == nil:
		a.remove(m.asked.nudge)
		a.guard([]sighej.Pair{m.pair})
		a.onRefresh() // a blind match may have two nudges
		m.asked.done(nil)
	case sighej.CodeOf(m.err) == sighej.CodeNotFound:
		m.asked.done(errNoNudge)
	default:
		m.asked.done(m.err)
	}
}

// guard takes in which pairs are never to meet again. Others then ask this
// session, where they would have answered from what they remember.
func (a *session) guard(pairs []sighej.Pair) {
	for _, pair := range pairs {
		if !slices.Contains(a.blocked, pair) {
			a.blocked = append(a.blocked, pair)
		}
	}
	a.guarded.Store(len(a.blocked) > 0)
}

// blocks reports whether this session wants never to meet that one.
func (a *session) blocks(peer *sighej.Session) bool {
	return a.affairs != nil && len(a.blocked) > 0 &&
		slices.Contains(a.blocked, a.system.cfg.Store.Pair(a.session.Key(), peer.Key()))
}
