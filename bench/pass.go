package bench

import (
	"context"
	"errors"
	"time"

	"i80.dk/sighej/bench/fleet"
	"i80.dk/sighej/bench/phones"
	"i80.dk/sighej/bench/progress"
	"i80.dk/sighej/bench/report"
	"i80.dk/sighej/bench/tally"
)

// arriving is the phase in which phones register and connect.
const arriving = "register and connect"

// pass is one run of a suite over one target.
type pass struct {
	common   *Common
	target   *target
	fleet    *fleet.Fleet
	recorder *recorder
	progress *progress.Progress
	run      *report.Run
	settled  bool
}

// phase does an operation that is checked, but not measured. For a phase that
// lasts as long as it takes, expected is 0.
func (p *pass) phase(ctx context.Context, name string, expected time.Duration, op phones.Op) error {
	p.progress.Phase(name, expected.Milliseconds(), progress.Milliseconds)
	return p.recorder.phase(ctx, name, func() error { return p.fleet.Do(ctx, op) })
}

// measured does an operation that the figures are about.
func (p *pass) measured(ctx context.Context, name string, expected time.Duration, op phones.Op) error {
	p.recorder.measure(name)
	return p.phase(ctx, name, expected, op)
}

// idle lets time pass.
func (p *pass) idle(ctx context.Context, name string, d time.Duration) error {
	p.progress.Phase(name, d.Milliseconds(), progress.Milliseconds)
	return p.recorder.phase(ctx, name, func() error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		}
	})
}

// populate registers and connects the phones that a suite works with.
func (p *pass) populate(ctx context.Context, n int) error {
	op := &phones.Populate{Phones: n, Width: registering, Within: populateFor + time.Duration(n)*populateEach}
	p.progress.Phase(arriving, int64(n), progress.Phones)
	return p.recorder.phase(ctx, arriving, func() error { return p.fleet.Do(ctx, op) })
}

// settle waits for the last nudges and ends the account.
func (p *pass) settle(ctx context.Context) error {
	if err := p.wait(ctx); err != nil {
		return err
	}
	return p.account(ctx)
}

func (p *pass) wait(ctx context.Context) error {
	return p.phase(ctx, "last nudges", 0, &phones.Settle{Within: p.common.Settle})
}

func (p *pass) account(ctx context.Context) error {
	p.settled = true
	return p.fleet.Do(ctx, &phones.Account{})
}

// leave makes the server forget the sessions, also after an interruption.
func (p *pass) leave(ctx context.Context) {
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	p.progress.Phase("forget the sessions", 0, progress.Milliseconds)
	_ = p.fleet.Do(ctx, &phones.Leave{Width: registering}) // what is left ends with its time
}

func (p *pass) interrupted(err error) bool { return errors.Is(err, context.Canceled) }

// note tells people something, in the report too.
func (p *pass) note(text string) { p.recorder.note(text) }

func (p *pass) total(ph string) *total { return p.recorder.total(ph) }
func (p *pass) connected() int64       { return p.recorder.connected }

func (p *pass) answered(ph string) float64 { return float64(p.total(ph).Counts[tally.Answered]) }

func (p *pass) figure(f report.Figure) { p.run.Figures = append(p.run.Figures, f) }

// perCore adds a figure of what was done in a phase for each second of a core
// that the target used, if that is known.
func (p *pass) perCore(name, ph string, done float64) {
	if cpu := p.total(ph).serverCPU; cpu > 0 {
		p.figure(report.Figure{Name: name, Value: done / cpu, Unit: "1/s", Better: report.More, Robust: true})
	}
}

// perCoreOfAll is perCore over all measured phases.
func (p *pass) perCoreOfAll(name string, c tally.Count) {
	if all := p.recorder.measured(); all.serverCPU > 0 {
		done := float64(all.Counts[c])
		p.figure(report.Figure{Name: name, Value: done / all.serverCPU, Unit: "1/s", Better: report.More, Robust: true})
	}
}

// loadFigures are those of a phase of sightings.
func (p *pass) loadFigures(ph string) {
	t := p.total(ph)
	p.figure(report.Figure{Name: "answers", Value: p.answered(ph) / t.seconds, Unit: "1/s", Better: report.More})
	p.figure(report.Figure{Name: "sightings refused or failed", Value: share(t.Counts[tally.Errors], t.Counts[tally.Due]), Unit: "%", Better: report.Less, Robust: true})
	p.figure(report.Figure{Name: "nudges", Value: float64(t.Counts[tally.Nudges]) / t.seconds, Unit: "1/s", Better: report.More})
	p.perCore("answers per core-second", ph, p.answered(ph))
}

// memory is what the target's processes hold together, in bytes; 0 is unknown.
type memory struct{ rss, pss int64 }

func (p *pass) readAll(ctx context.Context) (m memory) {
	if p.recorder.watcher == nil {
		return m
	}
	for _, proc := range p.recorder.watcher.ReadAll(ctx).Processes {
		m.rss += proc.RSS
		m.pss += proc.PSS
	}
	return m
}
