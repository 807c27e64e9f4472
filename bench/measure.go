package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"i80.dk/sighej/bench/fleet"
	"i80.dk/sighej/bench/phones"
	"i80.dk/sighej/bench/probe"
	"i80.dk/sighej/bench/progress"
	"i80.dk/sighej/bench/report"
)

// Streams are what a command reads and writes, and what it should know of them.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	Terminal bool   // Err is a terminal: progress is drawn on one line
	Colour   bool   // Out takes colours
	Width    int    // columns; 0 is unknown
	Version  string // of this program
	Self     string // path of this program, for workers
}

var (
	// ErrWrong tells that the server got something wrong; the report says what.
	ErrWrong = errors.New("the server got something wrong, see above")
	// ErrInterrupted tells that the run was stopped; the report until then is
	// written, if anything had begun.
	ErrInterrupted = errors.New("interrupted")
)

// measurement is a suite at work.
type measurement struct {
	suite    suite
	std      Streams
	progress *progress.Progress
	targets  []*target
	report   *report.Report
}

// measure runs a suite and writes its report.
func measure(ctx context.Context, std Streams, s suite) error {
	if f := s.validate(); len(f) > 0 {
		return &UsageError{f}
	}
	c := s.common()
	if err := enoughFiles(s.files(), c.Workers); err != nil {
		return err
	}
	outputs, err := openOutputs(c)
	if err != nil {
		return err
	}
	collectOften()
	m := &measurement{suite: s, std: std, targets: c.targets()}
	for _, t := range m.targets {
		if err := t.preflight(ctx); err != nil {
			return errors.Join(early(ctx, err), outputs.discard())
		}
	}
	err = m.run(ctx)
	if m.report == nil || len(m.report.Runs) == 0 {
		return errors.Join(early(ctx, err), outputs.discard())
	}
	if failed := errors.Join(m.show(c), outputs.write(m.report)); failed != nil {
		return errors.Join(err, failed)
	}
	return m.verdict(err)
}

// early is why there is nothing to report.
func early(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("%w before anything was measured", ErrInterrupted)
	}
	return err
}

func (m *measurement) verdict(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%w; the report covers the time until then", ErrInterrupted)
	case err != nil:
		return err
	}
	for i := range m.report.Runs {
		if m.report.Runs[i].Checks.Wrong() {
			return ErrWrong
		}
	}
	return nil
}

// order returns which target each run is for. Two targets alternate so that each
// goes first as often as second: what drifts on the machine hits both alike.
func order(targets, rounds int) (runs []int) {
	for round := range rounds {
		for i := range targets {
			if round%2 == 1 {
				i = targets - 1 - i
			}
			runs = append(runs, i)
		}
	}
	return runs
}

func (m *measurement) run(ctx context.Context) error {
	c := m.suite.common()
	m.report = &report.Report{
		Format: report.Format, Version: m.std.Version, Suite: m.suite.name(), About: m.suite.about(),
		Settings: settings(m.suite), Machine: probe.Machine(), Started: time.Now(),
	}
	for _, t := range m.targets {
		m.report.Targets = append(m.report.Targets, t.Target)
	}
	m.progress = progress.New(m.std.Err, progress.Options{Terminal: m.std.Terminal, Width: m.std.Width, Colour: m.std.Colour && m.std.Terminal})
	defer m.progress.Close()
	defer func() { m.report.Ended = time.Now() }()
	runs := order(len(m.targets), c.rounds())
	for n, i := range runs {
		if len(runs) > 1 {
			m.progress.Note(fmt.Sprintf("run %d of %d: %s", n+1, len(runs), m.targets[i].Bases[0]))
		}
		if err := m.pass(ctx, i, n); err != nil {
			m.report.Interrupted = errors.Is(err, context.Canceled)
			return err
		}
	}
	return nil
}

// pass runs the suite once. The run is in the report also when it broke off, as
// far as it got.
func (m *measurement) pass(ctx context.Context, i, n int) (err error) {
	c, t := m.suite.common(), m.targets[i]
	watcher, err := t.watch()
	if err != nil {
		return err
	}
	f, err := fleet.New(ctx, c.Workers, phones.Config{
		Bases: t.Bases, Auth: t.Auth, Seed: c.Seed, Labels: t.labels, Interests: c.Interests, Late: m.suite.late(),
		MatchLimit: c.MatchesPerHour, Connections: c.Connections, Patience: c.Patience,
	}, m.std.Self, "bench", "worker")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	p := &pass{common: c, target: t, fleet: f, progress: m.progress, recorder: newRecorder(f, watcher, m.progress)}
	p.run = &report.Run{Target: i, Started: time.Now()}
	before := watcher.ReadAll(ctx)
	err = m.suite.run(ctx, p)
	if len(p.recorder.names) == 0 && err != nil && !p.interrupted(err) { // nothing that a figure could be about
		p.leave(ctx)
		return err
	}
	p.close(ctx, before, m.report.Machine.Cores)
	m.report.Runs = append(m.report.Runs, *p.run)
	return err
}

// close writes down what was measured and lets the server forget the phones.
func (p *pass) close(ctx context.Context, before probe.Reading, cores int) {
	p.summarise(cores)
	p.recorder.finish(ctx, p.run, before)
	if s, err := p.fleet.Take(context.WithoutCancel(ctx)); err == nil {
		p.run.Checks = s.Checks
	} else {
		p.note("the checks are lost: " + err.Error())
	}
	p.run.Checks.Notes = p.recorder.notes
	p.leave(ctx)
}

// show prints the table.
func (m *measurement) show(c *Common) error {
	return m.report.WriteTable(m.std.Out, report.TableOptions{Width: m.std.Width, Colour: m.std.Colour, ShowDisturbed: c.ShowDisturbed})
}

// outputs are the files of a report, opened before the run so that no hour is
// lost to a wrong path.
type outputs struct{ json, html *os.File }

func openOutputs(c *Common) (o outputs, err error) {
	if c.JSON != "" {
		if o.json, err = os.Create(c.JSON); err != nil {
			return o, fmt.Errorf("the report could not be written there: %w", err)
		}
	}
	if c.HTML != "" {
		if o.html, err = os.Create(c.HTML); err != nil {
			return o, errors.Join(fmt.Errorf("the report could not be written there: %w", err), o.discard())
		}
	}
	return o, nil
}

// discard removes files that would stay empty.
func (o outputs) discard() error {
	var errs []error
	for _, f := range []*os.File{o.json, o.html} {
		if f != nil {
			errs = append(errs, f.Close(), os.Remove(f.Name()))
		}
	}
	return errors.Join(errs...)
}

func (o outputs) write(r *report.Report) error {
	var errs []error
	if o.json != nil {
		errs = append(errs, r.WriteJSON(o.json), o.json.Close())
	}
	if o.html != nil {
		errs = append(errs, r.WriteHTML(o.html), o.html.Close())
	}
	return errors.Join(errs...)
}
