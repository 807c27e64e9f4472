package phones

import (
	"context"
	"math/rand/v2"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/bench/tally"
	"i80.dk/sighej/wire"
)

const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 2 * time.Second
	longestAsk = 30 * time.Second // bound of a Retry-After
)

// newPhone makes a phone that no server knows yet.
func (g *Generator) newPhone() *phone {
	interests := g.plan.draw(g.cfg.Interests)
	p := &phone{Phone: g.ledger.Add(interests), interests: interests}
	p.server = g.servers[int(p.Phone)%len(g.servers)]
	p.token = sighej.NewToken()
	return p
}

// register does POST /session, which is due then.
func (g *Generator) register(ctx context.Context, p *phone, due time.Time) *failure {
	var created wire.SessionCreated
	body := wire.Encode(wire.CreateSession{BLEToken: string(p.token), Interests: g.vocabulary.Labels(p.interests)})
	if f := p.server.call(ctx, "POST", "/session", "", body, &created); f != nil {
		return f
	}
	g.tally.Time(tally.Register, time.Since(due))
	if created.ExpiresAt.IsZero() {
		return &failure{code: "broken", text: "POST /session answered no expires_at", done: true}
	}
	if g.cfg.Auth == Bearer && created.AccessToken == "" {
		return &failure{code: "broken", text: "POST /session answered no access_token; a server without credentials wants --auth none", done: true}
	}
	p.access, p.expires = created.AccessToken, created.ExpiresAt
	return nil
}

// insist tries again what a busy server refuses, until ctx ends. Each failure is
// counted; the last one is returned.
func (g *Generator) insist(ctx context.Context, try func() *failure) *failure {
	for delay := firstRetry; ; delay = min(2*delay, lastRetry) {
		f := try()
		if f == nil {
			return nil
		}
		g.ledger.Error(f.code)
		if !f.worthwhile() {
			return f
		}
		wait := min(max(f.after, delay/2+rand.N(delay)), longestAsk) // #nosec G404 -- no secret
		select {
		case <-ctx.Done():
			return f
		case <-time.After(wait):
		}
	}
}

// worthwhile reports whether another try may end better.
func (f *failure) worthwhile() bool {
	switch f.code {
	case "broken", "internal", "stopped", "too many open files", "status 404", "unauthorized", "forbidden", "invalid", "token_live":
		return false
	}
	return true
}

// forget does DELETE /session; what is left anyway ends with the session's time.
func (g *Generator) forget(ctx context.Context, p *phone) {
	p.leave()
	if p.access != "" || g.cfg.Auth == None {
		_ = p.server.call(ctx, "DELETE", "/session", p.server.credential(p), nil, nil)
	}
	g.hangUp(p)
}
