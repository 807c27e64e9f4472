package bench

import (
	"context"
	"time"

	"i80.dk/sighej/bench/phones"
	"i80.dk/sighej/bench/report"
	"i80.dk/sighej/bench/tally"
)

// Connect is phones that arrive.
type Connect struct {
	Duration time.Duration `default:"10s" help:"Time for which the phones stay, idle, before memory is read."`
	Phones   int           `default:"5000" help:"Phones that arrive."`
	Rate     float64       `default:"500" help:"Arrivals due a second: each registers, then connects."`
	Prove    int           `default:"100" help:"Pairs of the idle phones that are then nudged, to see that they are still reached."`

	Common `embed:""`
}

func (c *Connect) name() string { return "connect" }

func (c *Connect) about() string {
	return "Phones arrive at a fixed rate, register, connect and stay; tells how many got in, how fast, and what an idle one costs the server in memory."
}

func (c *Connect) validate() []error {
	f := faults(c.Common.validate())
	f.between("--phones", c.Phones, 2, 1_000_000)
	f.over("--rate", c.Rate, 0)
	f.between("--prove", c.Prove, 0, c.Phones/2)
	f.lasting("--duration", c.Duration, 0)
	return f
}

func (c *Connect) files() int { return c.Phones + c.Workers*c.Connections*len(c.Base) }

func (c *Connect) run(ctx context.Context, p *pass) error {
	before := p.readAll(ctx)
	arrival := time.Duration(float64(c.Phones) / c.Rate * float64(time.Second))
	err := p.measured(ctx, "arrive", arrival, &phones.Populate{
		Phones: c.Phones, Rate: c.Rate, Within: arrival + populateFor, Once: true,
	})
	if err != nil {
		return err
	}
	if err := p.idle(ctx, "idle", c.Duration); err != nil {
		return err
	}
	after := p.readAll(ctx)
	if err := p.phase(ctx, "prove", 0, &phones.Pair{Count: c.Prove}); err != nil {
		return err
	}
	c.figures(p, p.connected(), before, after)
	return p.settle(ctx)
}

func (c *Connect) figures(p *pass, in int64, before, after memory) {
	arrive := p.total("arrive")
	p.figure(report.Figure{Name: "phones connected", Value: float64(in), Better: report.More, Robust: true})
	p.figure(report.Figure{Name: "arrivals refused or failed", Value: share(arrive.Counts[tally.Errors], int64(c.Phones)), Unit: "%", Better: report.Less, Robust: true})
	p.figure(report.Figure{Name: "arrivals", Value: float64(in) / arrive.seconds, Unit: "1/s", Better: report.More})
	p.perCore("arrivals per core-second", "arrive", float64(in))
	p.perIdlePhone("server memory per idle phone (RSS)", after.rss-before.rss, in)
	if before.pss > 0 {
		p.perIdlePhone("server memory per idle phone (PSS)", after.pss-before.pss, in)
	}
}

// perIdlePhone leaves out what means nothing: a server that was busy before has
// memory to spare, and takes none for new phones.
func (p *pass) perIdlePhone(name string, grown, phones int64) {
	switch {
	case phones == 0 || grown == 0:
	case grown < 0:
		p.note("the server needed no more memory than it held already: start it anew to see what an idle phone takes")
	default:
		p.figure(report.Figure{Name: name, Value: float64(grown) / float64(phones), Unit: "bytes", Better: report.Less, Robust: true})
	}
}

// share returns part of all in percent.
func share(part, all int64) float64 {
	if all == 0 {
		return 0
	}
	return 100 * float64(part) / float64(all)
}
