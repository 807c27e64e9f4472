package phones

import (
	"context"
	"time"

	"i80.dk/sighej/bench/tally"
)

// Pair makes so many matches by POST /match, connected or not: each between two
// phones that share something and have not met.
type Pair struct{ Count int }

// Do does it.
func (o *Pair) Do(ctx context.Context, g *Generator) error {
	return spread(ctx, o.Count, g.cfg.Connections*len(g.servers), func(int) {
		by, of := g.plan.choose(1, 1)
		if len(of) == 0 {
			return
		}
		g.tally.Count(tally.Due, 1)
		g.send(ctx, HTTP, sighting{by, of, time.Now()})
	})
}
