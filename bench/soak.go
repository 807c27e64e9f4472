package bench

import (
	"context"
	"time"

	"i80.dk/sighej/bench/phones"
	"i80.dk/sighej/bench/report"
	"i80.dk/sighej/bench/tally"
)

// Soak is a long time.
type Soak struct {
	Duration time.Duration `default:"1h" help:"Measured time."`
	WarmUp   time.Duration `default:"1m" help:"Time before it, in which caches and heaps find their size."`
	Phones   int           `default:"1000" help:"Phones, each with a connection."`
	Rate     float64       `default:"200" help:"Sightings due a second."`
	Overlap  float64       `default:"0.05" help:"Share of sightings, 0 to 1, whose two phones have an interest in common."`
	Via      string        `enum:"http,websocket" default:"websocket" help:"How phones report: http or websocket."`
	Batch    int           `default:"1" help:"Sightings in a report, 1 to 100."`
	Life     time.Duration `default:"10m" help:"Of a session, until its phone forgets it and registers anew; 0, or longer than the server lets it live: until it expires."`

	Common `embed:""`
}

func (s *Soak) name() string { return "soak" }

func (s *Soak) about() string {
	return "A moderate rate for hours, while sessions end and others take their place; tells whether memory, goroutines or latency creep up."
}

func (s *Soak) validate() []error {
	f := faults(s.Common.validate())
	f.between("--phones", s.Phones, 2, 1_000_000)
	f.over("--rate", s.Rate, 0)
	f.portion("--overlap", s.Overlap)
	f.between("--batch", s.Batch, 1, 100)
	f.lasting("--duration", s.Duration, 5*time.Second)
	f.lasting("--warm-up", s.WarmUp, 0)
	if s.Life != 0 {
		f.lasting("--life", s.Life, time.Second)
	}
	return f
}

// files has room for a phone's successor while the phone itself goes.
func (s *Soak) files() int { return s.Phones + s.Phones/10 + s.Workers*s.Connections*len(s.Base) }

func (s *Soak) load(duration time.Duration) *phones.Load {
	return &phones.Load{
		Rate: s.Rate, For: duration, Overlap: s.Overlap, Batch: s.Batch, Via: s.Via, Renew: true, Life: s.Life,
	}
}

func (s *Soak) run(ctx context.Context, p *pass) error {
	if err := p.populate(ctx, s.Phones); err != nil {
		return err
	}
	if s.WarmUp > 0 {
		if err := p.phase(ctx, "warm-up", s.WarmUp, s.load(s.WarmUp)); err != nil {
			return err
		}
	}
	err := p.measured(ctx, "load", s.Duration, s.load(s.Duration))
	if p.interrupted(err) || err == nil {
		s.slopes(p)
		p.loadFigures("load")
	}
	if err != nil {
		return err
	}
	return p.settle(ctx)
}

// slopes tells what creeps: the line through all seconds of the load.
func (s *Soak) slopes(p *pass) {
	const mebi = 1 << 20
	p.figure(report.Figure{Name: "sessions renewed", Value: float64(p.total("load").Len(tally.Register)), Robust: true})
	creep := func(name, unit string, scale float64, robust bool, of func(report.Sample) (float64, bool)) {
		if perSecond, ok := slope(p.recorder.samples, "load", of); ok {
			p.figure(report.Figure{Name: name, Value: perSecond * 3600 * scale, Unit: unit, Better: report.Less, Robust: robust})
		}
	}
	creep("server memory growth", "MiB/h", 1.0/mebi, true, func(s report.Sample) (float64, bool) {
		return sum(s, func(p report.ProcessSample) int64 { return p.RSS })
	})
	creep("goroutine growth", "1/h", 1, true, func(s report.Sample) (float64, bool) {
		return sum(s, func(p report.ProcessSample) int64 { return p.Goroutines })
	})
	creep("answer p99 growth", "ms/h", 1, false, func(s report.Sample) (float64, bool) {
		q := s.Latency[tally.Answer.String()]
		return q.P99, q.Max > 0
	})
}

func sum(s report.Sample, of func(report.ProcessSample) int64) (total float64, ok bool) {
	for _, server := range s.Servers {
		total += float64(of(server))
	}
	return total, total > 0
}

// slope fits a line by least squares through a value of the samples of a phase,
// and returns how much it rises a second.
func slope(samples []report.Sample, phase string, of func(report.Sample) (float64, bool)) (perSecond float64, ok bool) {
	var n, x, y, xx, xy float64
	for _, s := range samples {
		v, known := of(s)
		if s.Phase != phase || !known {
			continue
		}
		n, x, y, xx, xy = n+1, x+s.At, y+v, xx+s.At*s.At, xy+s.At*v
	}
	spread := n*xx - x*x
	if n < 3 || spread <= 0 {
		return 0, false
	}
	return (n*xy - x*y) / spread, true
}
