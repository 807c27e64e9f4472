package actors

import (
	"context"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/puzpuzpuz/xsync/v4"

	"i80.dk/sighej"
	"i80.dk/sighej/actors/actorpb"
	"i80.dk/sighej/persistence"
)

// rotationGrace is how long a token is good for sightings after the session has
// taken another one: who has heard it may report it a little later.
const rotationGrace = time.Minute

// A session elsewhere is remembered by the other tokens that it is heard by,
// which this member was asked for: for less than the grace, so that none is good
// for longer than it should be.
const (
	rememberFor = rotationGrace / 2
	maxStrays   = 1 << 16
)

// stray is a session on another member that is heard by a token of this one.
type stray struct {
	snap  *snapshot
	until time.Time
}

var errRotating = sighej.Errorf(sighej.CodeOverloaded, "the session is about to take another token already").After(time.Second)

// heardAs reports whether having heard a token at a time, and telling it now, is
// having heard this session.
func (p *snapshot) heardAs(token sighej.Token, now, at time.Time) bool {
	r := p.rotation.Load()
	if r == nil {
		return token == p.session.Token
	}
	return p.session.HeardAs(token, *r, now) && !at.Before(p.session.Since(token, *r, rotationGrace).Add(-clockSkew))
}

// rotated returns the tokens that the session has taken.
func (p *snapshot) rotated() sighej.Rotation {
	if r := p.rotation.Load(); r != nil {
		return *r
	}
	return sighej.Rotation{}
}

// active returns the active session that has a token or is heard by it.
func (s *System) active(token sighej.Token, now time.Time) (*snapshot, bool) {
	if snap, ok := s.index.Load(token); ok {
		return snap, true
	}
	snap, ok := s.aliases.Load(token)
	return snap, ok && snap.heardAs(token, now, now)
}

// alias makes an active session be found by the tokens it has taken, and no
// longer by those it had.
func (s *System) alias(snap *snapshot, now sighej.Rotation) {
	s.unalias(snap)
	if now == (sighej.Rotation{}) {
		return
	}
	snap.rotation.Store(&now)
	for _, token := range [...]sighej.Token{now.Token, now.Former} {
		if token != snap.session.Token {
			s.aliases.Store(token, snap)
		}
	}
}

func (s *System) unalias(snap *snapshot) {
	r := snap.rotation.Load()
	if r == nil {
		return
	}
	for _, token := range [...]sighej.Token{r.Token, r.Former} {
		s.aliases.Compute(token, func(now *snapshot, loaded bool) (*snapshot, xsync.ComputeOp) {
			if loaded && now == snap {
				return nil, xsync.DeleteOp
			}
			return now, xsync.CancelOp
		})
	}
}

// astray returns the session on another member that is heard by a token of this
// one, if this member was asked for it lately.
func (s *System) astray(token sighej.Token, now time.Time) (*snapshot, bool) {
	found, ok := s.strays.Load(token)
	if !ok {
		return nil, false
	}
	if !now.Before(found.until) || !found.snap.live(now) {
		s.strays.Delete(token)
		return nil, false
	}
	return found.snap, true
}

// remember keeps what the store said of a session that lives elsewhere and is
// heard by a token of this member.
func (s *System) remember(token sighej.Token, state persistence.State, address string) *snapshot {
	snap := &snapshot{
		session: state.Session, set: s.cfg.Lexicon.Restore(state.Session.Interests),
		pid: actor.NewPID(address, actorPrefix+string(state.Session.Token)),
	}
	snap.closed.Store(!state.Open)
	snap.guarded.Store(true) // for all that this member will know
	if state.Rotation != (sighej.Rotation{}) {
		snap.rotation.Store(&state.Rotation)
	}
	if s.strays.Size() >= maxStrays {
		s.strays.Clear()
	}
	s.strays.Store(token, stray{snap, s.cfg.Now().Add(rememberFor)})
	return snap
}

// Rotate makes token what the caller's session is heard by from now on; what it
// was heard by stays good for sightings for a minute. Everything else goes on.
// Errors: those of [System.Admit]; CodeTokenLive when the token is a live
// session's, or was this one's; CodeInvalid.
func (s *System) Rotate(ctx context.Context, c sighej.Caller, token sighej.Token) (sighej.Standing, error) {
	if _, err := sighej.ParseToken(string(token)); err != nil {
		return sighej.Standing{}, err
	}
	f, err := s.locate(ctx, c)
	if err != nil {
		return sighej.Standing{}, err
	}
	if f != nil {
		f.ask.What = &actorpb.Ask_Rotate{Rotate: string(token)}
		return elsewhere(ctx, s, f, readStanding(f.ask.GetToken()))
	}
	snap, err := s.identify(ctx, c)
	if err != nil {
		return sighej.Standing{}, err
	}
	return await(ctx, s, func(a answer[sighej.Standing]) { s.send(snap.pid, s.trailOf(ctx).wrap(&rotate{token, a.give})) })
}

// onRotate takes another token, one at a time.
func (a *session) onRotate(m *rotate) {
	if a.company().rotating {
		m.fail(errRotating)
		return
	}
	system, self, key, t := a.system, a.pid, a.session.Key(), a.trail
	a.rotating = system.step(self, func() any {
		r, err := system.cfg.Store.Rotate(t.context(), key, m.token, rotationGrace)
		return t.wrap(&rotated{r, err, m.done})
	})
	if !a.rotating {
		m.fail(errBusy)
	}
}

func (a *session) onRotated(m *rotated) {
	a.rotating = false
	if m.err != nil {
		m.done(sighej.Standing{}, m.err)
		return
	}
	a.system.alias(a.snapshot, m.rotation)
	m.done(a.standing(), nil)
}
