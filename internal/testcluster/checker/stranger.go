package checker

import (
	"context"
	"fmt"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/phone"
)

// Stranger is a phone that nobody meets, for looking closely at one session.
type Stranger struct {
	crowd *Crowd
	phone *phone.Phone
}

// Stranger registers a phone whose session is at home on a member. It counts as
// one of the crowd.
func (c *Crowd) Stranger(ctx context.Context, home string) (*Stranger, error) {
	token := sighej.NewToken()
	for c.cfg.Home(token) != home {
		token = sighej.NewToken()
	}
	cfg := phone.Config{Base: everywhere, Interests: c.labels[:1], Token: token, HTTPClient: c.client}
	c.mu.Lock()
	c.tries++
	c.mu.Unlock()
	ctx, _ = through(ctx, host(home))
	p, err := phone.Register(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("register a stranger: %w", err)
	}
	return &Stranger{c, p}, nil
}

// SetOpen records consent through a member, as often as it takes.
func (s *Stranger) SetOpen(ctx context.Context, base string, open bool) error {
	return s.insist(ctx, base, func(ctx context.Context) error { return s.phone.SetOpen(ctx, open) })
}

// Forget ends the session through a member, as often as it takes.
func (s *Stranger) Forget(ctx context.Context, base string) error {
	return s.insist(ctx, base, func(ctx context.Context) error {
		err := s.phone.Forget(ctx)
		if sighej.CodeOf(err) == sighej.CodeUnauthorized { // done by a try whose answer was lost
			return nil
		}
		return err
	})
}

// Look asks a member once how the session stands, and returns the status of the
// answer, 0 for none.
func (s *Stranger) Look(ctx context.Context, base string) (status int, open bool) {
	way, trip := through(ctx, host(base))
	state, err := s.phone.State(way)
	return trip.status, err == nil && state.OpenToTalk
}

func (s *Stranger) insist(ctx context.Context, base string, call func(context.Context) error) error {
	for {
		way, trip := through(ctx, host(base))
		err := call(way)
		if err == nil || ctx.Err() != nil || !trip.allowed() {
			return err
		}
		wait(ctx, look)
	}
}
