package server

import (
	"context"
	"sync"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/actors"
	"i80.dk/sighej/transport/ws"
	"i80.dk/sighej/wire"
)

// sessions are the live sessions of this process: those of the actor system that
// serves now. In a cluster there is none before the member has joined nor after
// it was fenced; until the next one calls are answered with CodeUnavailable.
type sessions struct {
	mu     sync.RWMutex
	system *actors.System  // nil: none
	mayAct func() bool     // of the member whose system it is
	past   int64           // sightings that earlier systems took
	summed actors.Counters // of earlier systems
}

var errNobodyServes = sighej.Errorf(sighej.CodeUnavailable, "this member is not in the cluster at the moment").After(time.Second)

// serve makes system the one that answers.
func (s *sessions) serve(system *actors.System, mayAct func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.system, s.mayAct = system, mayAct
}

// retire makes nobody answer any more.
func (s *sessions) retire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.system != nil {
		s.past += s.system.Sightings()
		s.summed = s.summed.Plus(s.system.Counters())
	}
	s.system = nil
}

// serving returns the system that answers, and an error when there is none or it
// must not.
func (s *sessions) serving() (*actors.System, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.system == nil || !s.mayAct() {
		return nil, errNobodyServes
	}
	return s.system, nil
}

// fresh reports whether the system still may act that has just answered: a
// process that was frozen meanwhile would tell what was true before.
func (s *sessions) fresh(system *actors.System) bool {
	now, err := s.serving()
	return err == nil && now == system
}

// sightings returns how many were taken since the process started.
func (s *sessions) sightings() int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.system == nil {
		return s.past
	}
	return s.past + s.system.Sightings()
}

// activated returns how many sessions are active here.
func (s *sessions) activated() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.system == nil {
		return 0
	}
	return s.system.Activated()
}

// counters returns the sums since the process started.
func (s *sessions) counters() actors.Counters {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.system == nil {
		return s.summed.Plus(actors.Counters{})
	}
	return s.summed.Plus(s.system.Counters())
}

// queues returns what waits here.
func (s *sessions) queues() actors.Queues {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.system == nil {
		return actors.Queues{}
	}
	return s.system.Queues()
}

// outbox returns how old the nudges are that wait here.
func (s *sessions) outbox(ages ...time.Duration) actors.Outbox {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.system == nil {
		return actors.Outbox{Older: make([]int64, len(ages))}
	}
	return s.system.Outbox(ages...)
}

// told is what a call answers that only tells how things are.
func told[T any](s *sessions, call func(*actors.System) (T, error)) (T, error) {
	var none T
	system, err := s.serving()
	if err != nil {
		return none, err
	}
	v, err := call(system)
	if !s.fresh(system) {
		return none, errNobodyServes
	}
	return v, err
}

// Register implements [transport.Sessions], as do the next seven.
func (s *sessions) Register(ctx context.Context, r sighej.NewSession) (sighej.Registered, error) {
	system, err := s.serving()
	if err != nil {
		return sighej.Registered{}, err
	}
	return system.Register(ctx, r)
}

// Describe returns the caller's session.
func (s *sessions) Describe(ctx context.Context, c sighej.Caller) (sighej.Standing, error) {
	return told(s, func(system *actors.System) (sighej.Standing, error) { return system.Describe(ctx, c) })
}

// SetOpen records consent.
func (s *sessions) SetOpen(ctx context.Context, c sighej.Caller, open bool) (sighej.Standing, error) {
	return told(s, func(system *actors.System) (sighej.Standing, error) { return system.SetOpen(ctx, c, open) })
}

// Rotate makes the caller's session heard by another token.
func (s *sessions) Rotate(ctx context.Context, c sighej.Caller, token sighej.Token) (sighej.Standing, error) {
	return told(s, func(system *actors.System) (sighej.Standing, error) { return system.Rotate(ctx, c, token) })
}

// Forget ends the caller's session.
func (s *sessions) Forget(ctx context.Context, c sighej.Caller) error {
	system, err := s.serving()
	if err != nil {
		return err
	}
	return system.Forget(ctx, c)
}

// Block makes the caller's session never meet again whom a nudge was about.
func (s *sessions) Block(ctx context.Context, c sighej.Caller, nudge sighej.NudgeID) error {
	system, err := s.serving()
	if err != nil {
		return err
	}
	return system.Block(ctx, c, nudge)
}

// Wave tells that the caller would like to know more of whom a nudge is about.
func (s *sessions) Wave(ctx context.Context, c sighej.Caller, nudge sighej.NudgeID) error {
	system, err := s.serving()
	if err != nil {
		return err
	}
	return system.Wave(ctx, c, nudge)
}

// Sight reports what the caller has heard.
func (s *sessions) Sight(ctx context.Context, c sighej.Caller, heard []sighej.Sighting) ([]sighej.Verdict, error) {
	return told(s, func(system *actors.System) ([]sighej.Verdict, error) { return system.Sight(ctx, c, heard) })
}

// Admit implements [ws.Sessions], as does Attach.
func (s *sessions) Admit(ctx context.Context, c sighej.Caller) (sighej.SessionKey, error) {
	return told(s, func(system *actors.System) (sighej.SessionKey, error) { return system.Admit(ctx, c) })
}

// Attach makes socket the connection of a session, or closes it when nobody
// serves any more.
func (s *sessions) Attach(key sighej.SessionKey, socket ws.Socket, bare bool) ws.Connection {
	system, err := s.serving()
	if err != nil {
		socket.Close(wire.CloseReset)
		return nobody{}
	}
	return system.Attach(key, socket, bare)
}

// nobody is the actor of a connection that closes at once.
type nobody struct{}

func (nobody) Received(wire.ClientFrame)     {}
func (nobody) Malformed(sighej.Code, string) {}
func (nobody) Delivered([]sighej.NudgeID)    {}
func (nobody) Closed()                       {}
