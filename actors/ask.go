package actors

import (
	"context"
	"crypto/subtle"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/actors/actorpb"
)

// far is a session on another member, and how the caller proved it to be its own.
type far struct {
	address string
	ask     *actorpb.Ask
	trail   *trail
}

// locate tells whether the caller's session lives on another member; nil: on
// this one.
func (s *System) locate(ctx context.Context, c sighej.Caller) (*far, error) {
	if s.cfg.Placement == nil {
		return nil, nil
	}
	ask := &actorpb.Ask{Token: string(c.Token), Named: c.Token != ""}
	if !s.cfg.Beacon || c.Token == "" {
		access, err := sighej.ParseAccessToken(string(c.Access))
		if err != nil {
			return nil, errUnauthorized
		}
		hash := access.Hash()
		ask.Access = hash[:]
		if c.Token == "" {
			token, err := s.cfg.Store.Find(ctx, hash)
			if sighej.CodeOf(err) == sighej.CodeNotFound {
				return nil, errUnauthorized
			}
			if err != nil {
				return nil, err
			}
			ask.Token = string(token)
		}
	}
	f, err := s.place(ask)
	if f != nil || err != nil {
		return f, err
	}
	return s.follow(ctx, ask)
}

// place tells where an Ask is to go; nil: it is for this member.
func (s *System) place(ask *actorpb.Ask) (*far, error) {
	onTo, err := s.here(ask.GetToken(), ask.GetHops())
	if err != nil || onTo == "" {
		return nil, err
	}
	return &far{address: onTo, ask: ask}, nil
}

// follow makes an Ask for a token that its session has taken one for the session's
// own, which may be another member's; nil: it is for this member. It may ask the
// store.
func (s *System) follow(ctx context.Context, ask *actorpb.Ask) (*far, error) {
	if _, own := s.index.Load(sighej.Token(ask.GetToken())); own || ask.GetRegister() != nil {
		return nil, nil
	}
	snap, err := s.find(ctx, sighej.Token(ask.GetToken()))
	if err != nil || snap.session.Token == sighej.Token(ask.GetToken()) {
		return nil, nil //nolint:nilerr // what is wrong is told by whoever identifies the caller
	}
	ask.Token = string(snap.session.Token)
	return s.place(ask)
}

// elsewhere asks the session's member and waits for its answer.
func elsewhere[T any](ctx context.Context, s *System, f *far, read func(*actorpb.Answer) (T, error)) (T, error) {
	answer := newAnswer[T]()
	f.trail = s.trailOf(ctx)
	s.ask(f, func(a *actorpb.Answer, err error) {
		var v T
		if err == nil {
			v, err = read(a)
		}
		answer.give(v, err)
	})
	return answer.wait(ctx)
}

func (s *System) ask(f *far, done func(*actorpb.Answer, error)) {
	s.links.call(f.address, &actorpb.Item{Trace: f.trail.encode(), Kind: &actorpb.Item_Ask{Ask: f.ask}}, func(item *actorpb.Item, err error) {
		if err == nil {
			err = faultFromPB(item.GetAnswer().GetFault())
		}
		done(item.GetAnswer(), err)
	})
}

var errGarbled = sighej.Errorf(sighej.CodeUnavailable, "the session's member gave an answer that nobody understands").After(time.Second)

func readVerdicts(n int) func(*actorpb.Answer) ([]sighej.Verdict, error) {
	return func(a *actorpb.Answer) ([]sighej.Verdict, error) {
		if verdicts := verdictsFromPB(a.GetVerdicts(), n); verdicts != nil {
			return verdicts, nil
		}
		return nil, errGarbled
	}
}

func readStanding(token string) func(*actorpb.Answer) (sighej.Standing, error) {
	return func(a *actorpb.Answer) (sighej.Standing, error) {
		if a.GetStanding() == nil {
			return sighej.Standing{}, errGarbled
		}
		return standingFromPB(a.GetStanding(), sighej.Token(token)), nil
	}
}

// onAsk takes a phone's call that another member passed on.
func (s *System) onAsk(t *trail, a *actorpb.Ask, answer func(*actorpb.Answer)) {
	fail := func(err error) { answer(&actorpb.Answer{Fault: faultToPB(err)}) }
	switch f, err := s.place(a); {
	case err != nil:
		fail(err)
	case f != nil:
		a.Hops++
		f.trail = t
		s.passOn(f, nil, answer)
	case a.GetRegister() != nil:
		if !s.desk.do(func() { s.onRegister(t, a, answer) }) {
			fail(errBusy)
		}
	default:
		s.at(t, a.GetToken(), func(snap *snapshot, err error) {
			if err == nil && s.away(snap.pid) { // the token is one that its session has taken
				a.Token = string(snap.session.Token)
				a.Hops++
				if f, err := s.place(a); f != nil || err != nil {
					if f != nil {
						f.trail = t
					}
					s.passOn(f, err, answer)
					return
				}
			}
			if err == nil && s.proves(a, snap) {
				s.carryOut(t, snap, a, answer)
				return
			}
			if !s.desk.do(func() { fail(s.unproven(t, a, err)) }) {
				fail(errBusy)
			}
		})
	}
}

// passOn asks another member, unless err says why it cannot be.
func (s *System) passOn(f *far, err error, answer func(*actorpb.Answer)) {
	if err != nil {
		answer(&actorpb.Answer{Fault: faultToPB(err)})
		return
	}
	s.ask(f, func(r *actorpb.Answer, err error) {
		if err != nil {
			r = &actorpb.Answer{Fault: faultToPB(err)}
		}
		answer(r)
	})
}

// proves reports whether an Ask has what opens the session.
func (s *System) proves(a *actorpb.Ask, snap *snapshot) bool {
	switch {
	case len(a.GetSessionId()) > 0:
		return snap.session.ID == sessionID(a.GetSessionId())
	case len(a.GetAccess()) == 0:
		return s.cfg.Beacon && a.GetNamed()
	}
	return subtle.ConstantTimeCompare(a.GetAccess(), snap.session.Access[:]) == 1
}

// unproven is what the caller is told, err being what came of the search. It
// asks the store.
func (s *System) unproven(t *trail, a *actorpb.Ask, err error) error {
	switch {
	case err != nil && sighej.CodeOf(err) != sighej.CodeNotFound:
		return err
	case len(a.GetSessionId()) > 0:
		return errGone
	case len(a.GetAccess()) == 0:
		return errUnknown
	case !a.GetNamed():
		return errUnauthorized
	}
	switch _, err := s.cfg.Store.Find(t.context(), sighej.AccessHash(a.GetAccess())); {
	case err == nil:
		return errForbidden
	case sighej.CodeOf(err) == sighej.CodeNotFound:
		return errUnauthorized
	default:
		return err
	}
}

// carryOut does what a phone asked of its session.
func (s *System) carryOut(t *trail, snap *snapshot, a *actorpb.Ask, answer func(*actorpb.Answer)) {
	done := func(err error) { answer(&actorpb.Answer{Fault: faultToPB(err)}) }
	standing := func(v sighej.Standing, err error) {
		if err != nil {
			answer(&actorpb.Answer{Fault: faultToPB(err)})
			return
		}
		answer(&actorpb.Answer{What: &actorpb.Answer_Standing{Standing: standingToPB(v)}})
	}
	switch k := a.GetWhat().(type) {
	case *actorpb.Ask_Sight:
		s.send(snap.pid, t.wrap(&sight{sightingsFromPB(k.Sight), func(v []sighej.Verdict, err error) {
			if err != nil {
				answer(&actorpb.Answer{Fault: faultToPB(err)})
				return
			}
			answer(&actorpb.Answer{What: &actorpb.Answer_Verdicts{Verdicts: verdictsToPB(v)}})
		}}))
	case *actorpb.Ask_Open:
		s.send(snap.pid, t.wrap(&setOpen{k.Open, standing}))
	case *actorpb.Ask_Rotate:
		s.send(snap.pid, t.wrap(&rotate{sighej.Token(k.Rotate), standing}))
	case *actorpb.Ask_Describe:
		s.send(snap.pid, t.wrap(&describe{standing}))
	case *actorpb.Ask_Forget:
		s.send(snap.pid, t.wrap(&forget{done}))
	case *actorpb.Ask_Wave:
		s.send(snap.pid, t.wrap(&wave{nudgeID(k.Wave), done}))
	case *actorpb.Ask_Look:
		s.send(snap.pid, refresh{})
		done(nil)
	case *actorpb.Ask_Block:
		s.send(snap.pid, t.wrap(&block{nudgeID(k.Block), done}))
	case *actorpb.Ask_Admit:
		answer(&actorpb.Answer{What: &actorpb.Answer_SessionId{SessionId: snap.session.ID[:]}, Token: string(snap.session.Token)})
	default:
		answer(&actorpb.Answer{Fault: faultToPB(errGarbled)})
	}
}

func (s *System) onRegister(t *trail, a *actorpb.Ask, answer func(*actorpb.Answer)) {
	r := a.GetRegister()
	registered, err := s.register(t.context(), sighej.NewSession{
		Token: sighej.Token(a.GetToken()), Interests: r.GetInterests(), Open: r.GetOpen(),
	}, sighej.AccessHash(a.GetAccess()))
	if err != nil {
		answer(&actorpb.Answer{Fault: faultToPB(err)})
		return
	}
	answer(&actorpb.Answer{What: &actorpb.Answer_Registered{Registered: &actorpb.Registered{
		SessionId: registered.ID[:], ExpiresAt: registered.ExpiresAt.UnixMilli(),
	}}})
}
