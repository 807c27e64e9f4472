package bench

import (
	"context"
	"time"

	"i80.dk/sighej/bench/phones"
)

// Steady is a fixed rate of sightings.
type Steady struct {
	Duration time.Duration `default:"30s" help:"Measured time."`
	WarmUp   time.Duration `default:"3s" help:"Time at the same rate before it, which is checked but not measured."`
	Phones   int           `default:"500" help:"Phones, each with a connection."`
	Rate     float64       `default:"1000" help:"Sightings due a second."`
	Overlap  float64       `default:"0.05" help:"Share of sightings, 0 to 1, whose two phones have an interest in common."`
	Via      string        `enum:"http,websocket" default:"http" help:"How phones report: http or websocket."`
	Batch    int           `default:"1" help:"Sightings in a report, 1 to 100."`

	Common `embed:""`
}

func (s *Steady) name() string { return "steady" }

func (s *Steady) about() string {
	return "Phones hold their connections and report each other at a fixed rate; a share of the sightings are matches, which nudge both."
}

func (s *Steady) validate() []error {
	f := faults(s.Common.validate())
	f.between("--phones", s.Phones, 2, 1_000_000)
	f.over("--rate", s.Rate, 0)
	f.portion("--overlap", s.Overlap)
	f.between("--batch", s.Batch, 1, 100)
	f.lasting("--duration", s.Duration, time.Second)
	f.lasting("--warm-up", s.WarmUp, 0)
	return f
}

func (s *Steady) files() int { return s.Phones + s.Workers*s.Connections*len(s.Base) }

func (s *Steady) load(rate float64, duration time.Duration) *phones.Load {
	return &phones.Load{Rate: rate, For: duration, Overlap: s.Overlap, Batch: s.Batch, Via: s.Via}
}

func (s *Steady) run(ctx context.Context, p *pass) error {
	if err := p.populate(ctx, s.Phones); err != nil {
		return err
	}
	if s.WarmUp > 0 {
		if err := p.phase(ctx, "warm-up", s.WarmUp, s.load(s.Rate, s.WarmUp)); err != nil {
			return err
		}
	}
	if err := p.measured(ctx, "load", s.Duration, s.load(s.Rate, s.Duration)); err != nil {
		return err
	}
	p.loadFigures("load")
	return p.settle(ctx)
}
