package bench

import (
	"context"
	"time"

	"i80.dk/sighej/bench/phones"
	"i80.dk/sighej/bench/report"
	"i80.dk/sighej/bench/tally"
)

// Storm is everybody coming back at once.
type Storm struct {
	Duration time.Duration `default:"5s" help:"Time within which all phones come back, each at a moment of its own."`
	Phones   int           `default:"2000" help:"Phones that drop."`
	Waiting  float64       `default:"0.5" help:"Matches made while they are away, as a share of the phones, 0 to 5: each leaves two nudges in outboxes."`

	Common `embed:""`
}

func (s *Storm) name() string { return "storm" }

func (s *Storm) about() string {
	return "All phones lose their connections at once, are matched while they are away, and come back within a short time; tells when the last one has what waited for it."
}

func (s *Storm) validate() []error {
	f := faults(s.Common.validate())
	f.between("--phones", s.Phones, 2, 1_000_000)
	if !(s.Waiting >= 0 && s.Waiting <= 5) {
		f.add("--waiting must be from 0 to 5, not %g", s.Waiting)
	}
	f.lasting("--duration", s.Duration, 10*time.Millisecond)
	return f
}

func (s *Storm) files() int { return s.Phones + s.Workers*s.Connections*len(s.Base) }

func (s *Storm) run(ctx context.Context, p *pass) error {
	if err := p.populate(ctx, s.Phones); err != nil {
		return err
	}
	if err := p.phase(ctx, "drop", 0, &phones.Drop{}); err != nil {
		return err
	}
	if err := p.phase(ctx, "match", 0, &phones.Pair{Count: int(float64(s.Phones) * s.Waiting)}); err != nil {
		return err
	}
	err := p.measured(ctx, "return", s.Duration, &phones.Return{Within: s.Duration, Wait: s.Settle})
	if err != nil {
		return err
	}
	t := p.total("return")
	p.figure(report.Figure{Name: "until the last phone had its outbox", Value: t.seconds, Unit: "s", Better: report.Less})
	p.figure(report.Figure{Name: "phones back with their outbox", Value: share(t.Len(tally.Outbox), int64(s.Phones)), Unit: "%", Better: report.More, Robust: true})
	p.perCore("reconnects per core-second", "return", float64(t.Len(tally.Connect)))
	return p.settle(ctx)
}
