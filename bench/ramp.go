package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"i80.dk/sighej/bench/phones"
	"i80.dk/sighej/bench/report"
	"i80.dk/sighej/bench/tally"
)

// Ramp is a rate that rises until it is too much.
type Ramp struct {
	Duration time.Duration `default:"2m" help:"Longest time for all steps together."`
	Step     time.Duration `default:"5s" help:"Time of a step."`
	Phones   int           `default:"1000" help:"Phones, each with a connection."`
	Rate     float64       `default:"500" help:"Sightings due a second in the first step."`
	Factor   float64       `default:"1.4" help:"From one step's rate to the next."`
	P99      time.Duration `name:"p99" default:"100ms" help:"Objective: 99 of 100 answers come within this."`
	Errors   float64       `default:"0.001" help:"Objective: no larger share of the sightings fails, 0 to 1."`
	Overlap  float64       `default:"0.02" help:"Share of sightings, 0 to 1, whose two phones have an interest in common."`
	Via      string        `enum:"http,websocket" default:"http" help:"How phones report: http or websocket."`
	Batch    int           `default:"1" help:"Sightings in a report, 1 to 100."`

	Common `embed:""`
}

func (r *Ramp) name() string { return "ramp" }

func (r *Ramp) about() string {
	return "The rate of sightings rises step by step until answers come too late or not at all; tells the last rate at which all was well."
}

func (r *Ramp) validate() []error {
	f := faults(r.Common.validate())
	f.between("--phones", r.Phones, 2, 1_000_000)
	f.over("--rate", r.Rate, 0)
	f.over("--factor", r.Factor, 1)
	f.portion("--errors", r.Errors)
	f.portion("--overlap", r.Overlap)
	f.between("--batch", r.Batch, 1, 100)
	f.lasting("--p99", r.P99, time.Millisecond)
	f.lasting("--step", r.Step, time.Second)
	f.lasting("--duration", r.Duration, r.Step)
	return f
}

// late is never: that is what the objective is about.
func (r *Ramp) late() time.Duration { return 0 }

func (r *Ramp) files() int { return r.Phones + r.Workers*r.Connections*len(r.Base) }

func (r *Ramp) run(ctx context.Context, p *pass) error {
	if err := p.populate(ctx, r.Phones); err != nil {
		return err
	}
	var steps []report.Step
	rate := r.Rate
	for n, held := 1, true; held && time.Duration(n)*r.Step <= r.Duration; n++ {
		name := fmt.Sprintf("%.0f/s", rate)
		err := p.measured(ctx, name, r.Step, &phones.Load{Rate: rate, For: r.Step, Overlap: r.Overlap, Batch: r.Batch, Via: r.Via})
		if err != nil {
			return err
		}
		step := r.judge(rate, p.total(name))
		held = step.Held
		steps = append(steps, step)
		p.run.Steps = steps
		rate *= r.Factor
	}
	r.knee(p, steps)
	return p.settle(ctx)
}

// ownFault begins the reason of a step that the generator itself could not hold.
const ownFault = "generator"

func (r *Ramp) judge(rate float64, t *total) report.Step {
	due, bad := t.Counts[tally.Due], t.Counts[tally.Errors]
	q := t.Quantiles(tally.Answer)
	s := report.Step{Rate: rate, Answered: float64(t.Counts[tally.Answered]) / t.seconds, P50: q.P50, P99: q.P99, Held: true}
	if due > 0 {
		s.Errors = float64(bad) / float64(due)
	}
	switch lag := t.Quantile(tally.Lag, .99); {
	case lag > r.P99/2:
		s.Held, s.Why = false, fmt.Sprintf(ownFault+" %v late", lag.Round(time.Millisecond))
	case s.Errors > r.Errors:
		s.Held, s.Why = false, fmt.Sprintf("%.2f %% failed", 100*s.Errors)
	case t.Quantile(tally.Answer, .99) > r.P99:
		s.Held, s.Why = false, fmt.Sprintf("p99 over %v", r.P99)
	}
	return s
}

func (r *Ramp) knee(p *pass, steps []report.Step) {
	var knee report.Step
	for _, s := range steps {
		if s.Held {
			knee = s
		}
	}
	p.figure(report.Figure{Name: "knee: last rate that held", Value: knee.Rate, Unit: "1/s", Better: report.More})
	switch last := steps[len(steps)-1]; {
	case last.Held:
		p.note("the ramp ended before anything broke: give it a longer --duration, or a higher --rate to begin with")
	case strings.HasPrefix(last.Why, ownFault):
		p.note("the generator broke first: use --workers, or another machine for it")
	}
	p.perCoreOfAll("answers per core-second", tally.Answered)
}
