package phones

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"i80.dk/sighej/bench/ledger"
)

const (
	renewEvery = 200 * time.Millisecond
	parting    = 5 * time.Second // at most: before its end a session is no longer chosen, so that nothing is owed to it then
)

// renewing lets each session end, and another take its place: after life, or
// when it expires if that is sooner. The returned function stops that and waits.
func (g *Generator) renewing(ctx context.Context, life time.Duration) func() {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		ticker := time.NewTicker(renewEvery)
		defer ticker.Stop()
		going := map[ledger.Phone]bool{}
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			for _, p := range g.all() {
				g.schedule(p, life)
				if !going[p.Phone] && time.Now().After(p.chosenUntil) {
					going[p.Phone] = true
					g.plan.dismiss(p)
					wg.Go(func() { g.renew(ctx, p) })
				}
			}
		}
	})
	return func() { cancel(); wg.Wait() }
}

// schedule chooses when p ends, once: lives differ by a fifth.
func (g *Generator) schedule(p *phone, life time.Duration) {
	if !p.until.IsZero() {
		return
	}
	now := time.Now()
	p.until = p.expires
	if life > 0 {
		end := now.Add(life*9/10 + rand.N(life/5)) // #nosec G404 -- no secret
		if end.Before(p.expires.Add(-parting)) {
			p.until = end
		}
	}
	p.chosenUntil = p.until.Add(-min(parting, p.until.Sub(now)/4))
}

// renew ends the session of p and registers another phone in its place. When ctx
// ends before that time has come, p stays.
func (g *Generator) renew(ctx context.Context, p *phone) {
	if !g.await(ctx, p) {
		g.plan.admit(p)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.cfg.Patience) // begun is done
	defer cancel()
	g.ledger.Retire(p.Phone)
	g.forget(ctx, p)
	g.part(p)
	next := g.newPhone()
	now := time.Now()
	if f := g.insist(ctx, func() *failure { return g.register(ctx, next, now) }); f != nil {
		g.note("a phone could not be renewed: %s", f.code)
		return
	}
	registered := time.Now()
	if f := g.insist(ctx, func() *failure { return g.connect(ctx, next, registered) }); f != nil {
		g.note("a renewed phone could not connect: %s", f.code)
	}
	g.join(next)
}

// await waits for the session's end: until it is to be forgotten or, at its
// expiry, until the server has closed the connection by itself. It reports false
// when ctx ended first.
func (g *Generator) await(ctx context.Context, p *phone) bool {
	expiring := p.until.Equal(p.expires)
	timer := time.NewTimer(time.Until(p.until))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	}
	if !expiring {
		return true
	}
	closed, err := until(ctx, 2*parting, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.ws == nil
	})
	if !closed && err == nil {
		g.ledger.Broken(p.Phone, "it is still connected well after its expires_at")
	}
	return true
}
