package actors

import (
	"bytes"
	"context"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/actors/actorpb"
	"i80.dk/sighej/interest"
	"i80.dk/sighej/persistence"
)

type interestSet = interest.Set

// Register creates a session and activates it. Errors: CodeInvalid (token,
// interests), CodeTokenLive, CodeUnavailable.
func (s *System) Register(ctx context.Context, r sighej.NewSession) (sighej.Registered, error) {
	if _, err := sighej.ParseToken(string(r.Token)); err != nil {
		return sighej.Registered{}, err
	}
	access := sighej.NewAccessToken()
	hash := access.Hash()
	registered, err := sighej.Registered{}, error(nil)
	switch f, placed := s.placeNew(r, hash); {
	case placed != nil:
		err = placed
	case f != nil:
		registered, err = elsewhere(ctx, s, f, func(a *actorpb.Answer) (sighej.Registered, error) {
			return sighej.Registered{ID: sessionID(a.GetRegistered().GetSessionId()), ExpiresAt: milli(a.GetRegistered().GetExpiresAt())}, nil
		})
	default:
		registered, err = s.register(ctx, r, hash)
	}
	if err != nil {
		return sighej.Registered{}, err
	}
	registered.Access = access
	return registered, nil
}

// placeNew tells whether a new session is another member's; nil: this one's.
func (s *System) placeNew(r sighej.NewSession, access sighej.AccessHash) (*far, error) {
	if s.cfg.Placement == nil {
		return nil, nil
	}
	return s.place(&actorpb.Ask{Token: string(r.Token), Named: true, Access: bytes.Clone(access[:]), What: &actorpb.Ask_Register{
		Register: &actorpb.NewSession{Interests: r.Interests, Open: r.Open},
	}})
}

// register creates a session of this member.
func (s *System) register(ctx context.Context, r sighej.NewSession, access sighej.AccessHash) (sighej.Registered, error) {
	set, err := s.cfg.Lexicon.Parse(r.Interests)
	if err != nil {
		return sighej.Registered{}, err
	}
	now := s.cfg.Now().UTC().Truncate(time.Millisecond)
	session := &sighej.Session{
		Token: r.Token, ID: sighej.NewSessionID(), Access: access,
		CreatedAt: now, ExpiresAt: now.Add(s.cfg.TTL), Interests: s.cfg.Lexicon.Hashes(set),
	}
	err = s.cfg.Store.Create(ctx, persistence.Registration{
		Session: session, Open: r.Open, Digest: func() string { return s.cfg.Lexicon.Digest(set) }, Categories: s.cfg.Lexicon.Categories(set),
	})
	if err != nil {
		return sighej.Registered{}, err
	}
	if _, err := s.activate(persistence.State{Session: session, Open: r.Open}, set, s.unsettled() > 0); err != nil {
		return sighej.Registered{}, err
	}
	return sighej.Registered{ID: session.ID, ExpiresAt: session.ExpiresAt}, nil
}

// Admit checks a caller's credential and returns the session it proves.
// Errors: CodeUnauthorized, CodeForbidden, with Config.Beacon CodeNotFound,
// CodeUnavailable.
func (s *System) Admit(ctx context.Context, c sighej.Caller) (sighej.SessionKey, error) {
	f, err := s.locate(ctx, c)
	if err != nil {
		return sighej.SessionKey{}, err
	}
	if f != nil {
		f.ask.What = &actorpb.Ask_Admit{}
		return elsewhere(ctx, s, f, func(a *actorpb.Answer) (sighej.SessionKey, error) {
			return sighej.SessionKey{Token: sighej.Token(a.GetToken()), ID: sessionID(a.GetSessionId())}, nil
		})
	}
	snap, err := s.identify(ctx, c)
	if err != nil {
		return sighej.SessionKey{}, err
	}
	return snap.session.Key(), nil
}

// Sight reports what the caller has heard and returns a verdict for each
// sighting, in order, which the caller must not change. Errors: those of
// [System.Admit]; CodeRateLimited when none of the sightings was within the limit.
func (s *System) Sight(ctx context.Context, c sighej.Caller, sightings []sighej.Sighting) ([]sighej.Verdict, error) {
	f, err := s.locate(ctx, c)
	if err != nil {
		return nil, err
	}
	if f != nil {
		f.ask.What = &actorpb.Ask_Sight{Sight: sightingsToPB(sightings)}
		return elsewhere(ctx, s, f, readVerdicts(len(sightings)))
	}
	snap, err := s.identify(ctx, c)
	if err != nil {
		return nil, err
	}
	return await(ctx, s, func(a answer[[]sighej.Verdict]) { s.send(snap.pid, s.trailOf(ctx).wrap(&sight{sightings, a.give})) })
}

// Describe returns the caller's session as it stands.
func (s *System) Describe(ctx context.Context, c sighej.Caller) (sighej.Standing, error) {
	f, err := s.locate(ctx, c)
	if err != nil {
		return sighej.Standing{}, err
	}
	if f != nil {
		f.ask.What = &actorpb.Ask_Describe{}
		return elsewhere(ctx, s, f, readStanding(f.ask.GetToken()))
	}
	snap, err := s.identify(ctx, c)
	if err != nil {
		return sighej.Standing{}, err
	}
	return await(ctx, s, func(a answer[sighej.Standing]) { s.send(snap.pid, s.trailOf(ctx).wrap(&describe{a.give})) })
}

// SetOpen records the caller's consent. Withdrawn, it stops new matches at once,
// even when the store cannot be reached and the call fails.
func (s *System) SetOpen(ctx context.Context, c sighej.Caller, open bool) (sighej.Standing, error) {
	f, err := s.locate(ctx, c)
	if err != nil {
		return sighej.Standing{}, err
	}
	if f != nil {
		f.ask.What = &actorpb.Ask_Open{Open: open}
		return elsewhere(ctx, s, f, readStanding(f.ask.GetToken()))
	}
	snap, err := s.identify(ctx, c)
	if err != nil {
		return sighej.Standing{}, err
	}
	return await(ctx, s, func(a answer[sighej.Standing]) { s.send(snap.pid, s.trailOf(ctx).wrap(&setOpen{open, a.give})) })
}

// Forget ends the caller's session and leaves nothing of it.
func (s *System) Forget(ctx context.Context, c sighej.Caller) error {
	return s.tell(ctx, c, &actorpb.Ask{What: &actorpb.Ask_Forget{}}, func(done func(error)) any { return &forget{done} })
}

// tell passes on to the caller's session what is answered with no more than an
// error: as an Ask when it lives elsewhere, else as the message.
func (s *System) tell(ctx context.Context, c sighej.Caller, ask *actorpb.Ask, message func(done func(error)) any) error {
	f, err := s.locate(ctx, c)
	if err != nil {
		return err
	}
	if f != nil {
		f.ask.What = ask.What
		_, err := elsewhere(ctx, s, f, func(*actorpb.Answer) (struct{}, error) { return struct{}{}, nil })
		return err
	}
	snap, err := s.identify(ctx, c)
	if err != nil {
		return err
	}
	_, err = await(ctx, s, func(a answer[struct{}]) {
		s.send(snap.pid, s.trailOf(ctx).wrap(message(func(err error) { a.give(struct{}{}, err) })))
	})
	return err
}

// answer is where a caller outside the actors waits for one of them.
type answer[T any] struct {
	c chan reply[T]
}

type reply[T any] struct {
	value T
	err   error
}

func newAnswer[T any]() answer[T] { return answer[T]{make(chan reply[T], 1)} }

// give never blocks; only the first answer counts.
func (a answer[T]) give(v T, err error) {
	select {
	case a.c <- reply[T]{v, err}:
	default:
	}
}

// await sends a letter and waits for its answer, delivering letters meanwhile:
// mostly its own and those that follow from it.
func await[T any](ctx context.Context, s *System, send func(answer[T])) (T, error) {
	a := newAnswer[T]()
	s.pool.enter()
	send(a)
	s.pool.lend(func() bool { return len(a.c) > 0 })
	return a.wait(ctx)
}

func (a answer[T]) wait(ctx context.Context) (T, error) {
	select {
	case r := <-a.c:
		return r.value, r.err
	default:
	}
	timeout := time.NewTimer(answerTime)
	defer timeout.Stop()
	var none T
	select {
	case r := <-a.c:
		return r.value, r.err
	case <-ctx.Done():
		return none, sighej.Errorf(sighej.CodeUnavailable, "the call was given up: %w", context.Cause(ctx))
	case <-timeout.C:
		return none, errSlow
	}
}
