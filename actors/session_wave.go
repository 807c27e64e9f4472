package actors

import (
	"context"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/actors/actorpb"
)

// Wave tells that the caller would like to know more of whom its blind nudge is
// about. Once both have waved, each gets another nudge that names what they share;
// before that the other learns nothing, nor does the caller learn what the other
// did. Errors: those of [System.Admit]; CodeNotFound when the session never got
// that nudge.
func (s *System) Wave(ctx context.Context, c sighej.Caller, nudge sighej.NudgeID) error {
	return s.tell(ctx, c, &actorpb.Ask{What: &actorpb.Ask_Wave{Wave: nudge[:]}},
		func(done func(error)) any { return &wave{nudge, done} })
}

func (a *session) onWave(m *wave) {
	system, self, key, t := a.system, a.pid, a.session.Key(), a.company().trail
	now := system.cfg.Now().UTC().Truncate(time.Millisecond)
	if !system.step(self, func() any {
		w, err := system.cfg.Store.Wave(t.context(), key, m.nudge, now)
		return t.wrap(&waved{m, w, err})
	}) {
		m.fail(errBusy)
	}
}

func (a *session) onWaved(m *waved) {
	switch {
	case sighej.CodeOf(m.err) == sighej.CodeNotFound:
		m.asked.done(errNoNudge)
		return
	case m.err != nil:
		a.company()
		a.refreshSoon() // it may be revealed all the same
	case m.Both:
		a.onRefresh() // the outbox has it, unless it was acknowledged
		a.system.alert(m.Peer, maxAlerts)
	}
	m.asked.done(m.err)
}

// maxAlerts is how often a session elsewhere is told.
const maxAlerts = 8

// alert makes a session, wherever it is active, look for a nudge that this one's
// step has put into its outbox. It is told again until it could be: whoever is not
// told finds it when its phone connects anew.
func (s *System) alert(peer sighej.SessionKey, tries int) {
	again := func() {
		if tries > 1 {
			time.AfterFunc(storeRetry, func() { s.alert(peer, tries-1) })
		}
	}
	switch address, here := s.home(peer.Token); {
	case here:
		s.refresh(peer.Token)
	case address == "":
		again()
	default:
		s.ask(&far{address: address, ask: &actorpb.Ask{
			Token: string(peer.Token), SessionId: peer.ID[:], What: &actorpb.Ask_Look{Look: &actorpb.Nothing{}},
		}}, func(_ *actorpb.Answer, err error) {
			if retriable(err) {
				again()
			}
		})
	}
}
