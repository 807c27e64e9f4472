package phones

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"i80.dk/sighej/bench/pace"
	"i80.dk/sighej/bench/tally"
)

// Populate registers phones and connects them.
type Populate struct {
	Phones int
	Rate   float64       // registrations due a second; 0: one after the other, as fast as Width of them get through
	Width  int           // phones that register at the same time, without a Rate
	Within time.Duration // for all of it; a server that is busy is asked again until then
	Once   bool          // a phone that fails is not tried again, but counted
}

// Do does it. Without Once a phone that cannot be registered and connected ends
// it with an error.
func (o *Populate) Do(ctx context.Context, g *Generator) error {
	ctx, cancel := context.WithTimeout(ctx, o.Within)
	defer cancel()
	var first atomic.Pointer[failure]
	arrive := func(p *phone, due time.Time) {
		g.tally.Count(tally.Due, 1)
		if f := o.arrive(ctx, g, p, due); f != nil {
			g.tally.Count(tally.Errors, 1)
			if first.CompareAndSwap(nil, f) && !o.Once {
				cancel()
			}
			return
		}
		g.tally.Count(tally.Answered, 1)
	}
	phones := make([]*phone, o.Phones)
	for i := range phones {
		phones[i] = g.newPhone()
	}
	var err error
	if o.Rate > 0 {
		err = o.paced(ctx, g, phones, arrive)
	} else {
		err = spread(ctx, o.Phones, o.Width, func(i int) { arrive(phones[i], time.Now()) })
	}
	return o.verdict(g, err, first.Load())
}

func (o *Populate) verdict(g *Generator, err error, f *failure) error {
	switch {
	case f != nil && f.code != "stopped" && !o.Once:
		return fmt.Errorf("a phone could not register and connect: %w", f)
	case o.Once && len(g.all()) == 0 && f != nil:
		return fmt.Errorf("%w: %w", errNobody, f)
	case err != nil:
		return fmt.Errorf("registering %d phones: %w", o.Phones, err)
	}
	return nil
}

// paced lets each phone arrive when it is due, whatever became of those before.
func (o *Populate) paced(ctx context.Context, g *Generator, phones []*phone, arrive func(*phone, time.Time)) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	all := time.Duration(float64(len(phones)) / o.Rate * float64(time.Second))
	schedule := pace.Schedule{Rate: o.Rate, Start: time.Now(), For: all + time.Millisecond}
	return schedule.Run(ctx, func(i int, due time.Time) {
		g.tally.Time(tally.Lag, time.Since(due))
		if i < len(phones) {
			wg.Go(func() { arrive(phones[i], due) })
		}
	})
}

func (o *Populate) arrive(ctx context.Context, g *Generator, p *phone, due time.Time) *failure {
	try := g.insist
	if o.Once {
		try = func(_ context.Context, do func() *failure) *failure { return g.once(do) }
	}
	if f := try(ctx, func() *failure { return g.register(ctx, p, due) }); f != nil {
		return f
	}
	registered := time.Now()
	if f := try(ctx, func() *failure { return g.connect(ctx, p, registered) }); f != nil {
		return f
	}
	g.join(p)
	return nil
}

func (g *Generator) once(do func() *failure) *failure {
	f := do()
	if f != nil {
		g.ledger.Error(f.code)
	}
	return f
}

// Leave makes the server forget all sessions.
type Leave struct{ Width int }

// Do does it. It tells of no failures: what is left ends with its time.
func (o *Leave) Do(ctx context.Context, g *Generator) error {
	phones := g.all()
	return spread(ctx, len(phones), o.Width, func(i int) { g.forget(ctx, phones[i]) })
}

// Settle waits until every nudge and every answer that must come has come, for so
// long at most. What is missing then is for the ledger to say.
type Settle struct{ Within time.Duration }

// Do does it.
func (o *Settle) Do(ctx context.Context, g *Generator) error {
	_, err := until(ctx, o.Within, func() bool {
		g.expire(time.Now())
		nudges, reports := g.ledger.Outstanding()
		return nudges == 0 && reports == 0
	})
	return err
}

// Account ends the run's book-keeping: what has not come is missing.
type Account struct{ bare }

// Do does it.
func (o *Account) Do(_ context.Context, g *Generator) error {
	g.ledger.Close()
	return nil
}
