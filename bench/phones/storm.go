package phones

import (
	"context"
	"math/rand/v2"
	"time"

	"i80.dk/sighej/bench/pace"
	"i80.dk/sighej/bench/tally"
)

// Drop cuts all connections at once, without a close frame.
type Drop struct{ bare }

// Do does it, and waits until the generator's side is gone.
func (o *Drop) Do(ctx context.Context, g *Generator) error {
	for _, p := range g.all() {
		g.hangUp(p)
	}
	_, err := until(ctx, g.cfg.Patience, func() bool { return g.connected.Load() == 0 })
	return err
}

// Return brings all phones back, each at a moment of its own.
type Return struct {
	Within time.Duration // in which the moments lie
	Wait   time.Duration // after that, without any phone getting what it waits for
}

// Do does it. It returns when every phone is connected and has what its outbox
// held, or when it has waited in vain.
func (o *Return) Do(ctx context.Context, g *Generator) error {
	phones := g.all()
	r := rand.New(rand.NewPCG(g.cfg.Seed, uint64(g.cfg.Worker)+1<<32)) // #nosec G404 G115 -- repeatable on purpose
	r.Shuffle(len(phones), func(i, j int) { phones[i], phones[j] = phones[j], phones[i] })
	schedule := pace.Schedule{Rate: float64(len(phones)) / o.Within.Seconds(), Start: time.Now(), For: o.Within}
	err := schedule.Run(ctx, func(i int, due time.Time) { g.returns(phones[i], due) })
	if err != nil {
		return err
	}
	for i := schedule.Len(); i < len(phones); i++ { // rounding may leave the last one out
		g.returns(phones[i], time.Now())
	}
	return o.await(ctx, g)
}

// await waits for the last one, as long as there is progress.
func (o *Return) await(ctx context.Context, g *Generator) error {
	for before := int64(-1); ; {
		left := g.returning.Load()
		if left <= 0 {
			return nil
		}
		if left == before {
			g.note("%d phones did not get back all that waited for them", left)
			return nil
		}
		before = left
		if _, err := until(ctx, o.Wait, func() bool { return g.returning.Load() <= 0 }); err != nil {
			return err
		}
	}
}

func (g *Generator) returns(p *phone, due time.Time) {
	g.tally.Time(tally.Lag, time.Since(due))
	g.returning.Add(1)
	p.mu.Lock()
	p.returned = due
	p.mu.Unlock()
	g.reconnect(p, due)
}

// comeBack reconnects a phone that lost its connection against its will.
func (g *Generator) comeBack(p *phone, after time.Duration) {
	g.reconnect(p, time.Now().Add(after))
}

// reconnect tries until it succeeds, the generator is closed or the server says
// that there is no point.
func (g *Generator) reconnect(p *phone, due time.Time) {
	if g.ctx.Err() != nil {
		return
	}
	g.readers.Go(func() {
		_ = g.insist(g.ctx, func() *failure { return g.connect(g.ctx, p, due) }) // counted
	})
}
