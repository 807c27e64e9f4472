package phones

import (
	"context"
	"sync"
	"time"

	"i80.dk/sighej/bench/pace"
	"i80.dk/sighej/bench/tally"
)

// backlog is how many seconds' worth of reports may wait for a free connection;
// more are not sent, and counted as errors.
const backlog = 10

// Load makes phones report each other at a fixed rate.
type Load struct {
	Rate    float64 // sightings due a second
	For     time.Duration
	Overlap float64       // share of the sightings whose two phones have something in common, 0 to 1
	Batch   int           // sightings in a report
	Via     string        // HTTP or WebSocket
	Life    time.Duration // of a session, until the phone forgets it and registers anew; 0: until it expires
	Renew   bool          // whether sessions are renewed at all
}

// Do does it. It returns once every report has its answer, or was given up.
func (o *Load) Do(ctx context.Context, g *Generator) error {
	stopRenewal := func() {}
	if o.Renew {
		stopRenewal = g.renewing(ctx, o.Life)
	}
	defer stopRenewal()
	perSecond := o.Rate / float64(o.Batch)
	schedule := pace.Schedule{Rate: perSecond, Start: time.Now(), For: o.For}
	queue, wait := g.senders(ctx, o.Via, int(perSecond*backlog)+1000)
	err := schedule.Run(ctx, func(_ int, due time.Time) {
		by, of := g.plan.choose(o.Batch, o.Overlap)
		if len(of) == 0 {
			return
		}
		g.dispatch(queue, sighting{by, of, due})
	})
	close(queue)
	wait()
	if g.plan.repeated() > 0 {
		g.note("new pairs ran out, so phones met again and were nudged less: more --phones or --interests give more pairs")
	}
	if via := o.Via; via == WebSocket && err == nil {
		_, err = until(ctx, g.cfg.Patience, func() bool { g.expire(time.Now()); return !g.waiting() })
	}
	return err
}

// dispatch hands a report to the senders.
func (g *Generator) dispatch(queue chan<- sighting, s sighting) {
	g.tally.Count(tally.Due, len(s.of))
	g.tally.Time(tally.Lag, time.Since(s.due))
	select {
	case queue <- s:
	default:
		g.tally.Count(tally.Errors, len(s.of))
		g.ledger.Error("not sent: too many are waiting")
	}
}

// senders starts the goroutines that send reports, until the queue is closed;
// wait waits for them.
func (g *Generator) senders(ctx context.Context, via string, length int) (queue chan sighting, wait func()) {
	const writers = 8 // of frames: each may be held up by a server that does not read
	width := g.cfg.Connections * len(g.servers)
	if via == WebSocket {
		width = writers
	}
	queue = make(chan sighting, length)
	var wg sync.WaitGroup
	for range width {
		wg.Go(func() {
			for s := range queue {
				if ctx.Err() == nil {
					g.send(ctx, via, s)
				}
			}
		})
	}
	return queue, wg.Wait
}

// waiting reports whether any frame has no answer yet.
func (g *Generator) waiting() bool {
	for _, p := range g.all() {
		p.mu.Lock()
		n := len(p.waiting)
		p.mu.Unlock()
		if n > 0 {
			return true
		}
	}
	return false
}
