package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"

	"i80.dk/sighej/bench/fleet"
	"i80.dk/sighej/bench/report"
)

// Run runs the suite.
func (s *Steady) Run(ctx context.Context, std Streams) error { return measure(ctx, std, s) }

// Run runs the suite.
func (c *Connect) Run(ctx context.Context, std Streams) error { return measure(ctx, std, c) }

// Run runs the suite.
func (s *Storm) Run(ctx context.Context, std Streams) error { return measure(ctx, std, s) }

// Run runs the suite.
func (r *Ramp) Run(ctx context.Context, std Streams) error { return measure(ctx, std, r) }

// Run runs the suite.
func (f *Festival) Run(ctx context.Context, std Streams) error { return measure(ctx, std, f) }

// Run runs the suite.
func (s *Soak) Run(ctx context.Context, std Streams) error { return measure(ctx, std, s) }

// List explains the suites.
type List struct{}

// Run prints them.
func (*List) Run(std Streams) error {
	for _, s := range suites() {
		if _, err := fmt.Fprintf(std.Out, "%-9s %s\n", s.name(), s.about()); err != nil {
			return err
		}
	}
	_, err := fmt.Fprint(std.Out, "\ncompare   Two reports side by side: ratios, with confidence intervals where a report has several runs.\n"+
		"\nEvery suite checks every answer and every nudge. sighej bench SUITE --help lists its flags with their defaults.\n")
	return err
}

// Compare sets two reports side by side.
type Compare struct {
	A    string `arg:"" help:"Report, as --json wrote it."`
	B    string `arg:"" help:"The report to compare with it."`
	JSON string `placeholder:"FILE" help:"Write the comparison as JSON."`
}

// Run prints the comparison.
func (c *Compare) Run(std Streams) error {
	a, err := report.ReadFile(c.A)
	if err != nil {
		return err
	}
	b, err := report.ReadFile(c.B)
	if err != nil {
		return err
	}
	comparison, err := report.Compare(a, b)
	if err != nil {
		return err
	}
	if c.JSON != "" {
		f, err := os.Create(c.JSON)
		if err != nil {
			return fmt.Errorf("the comparison could not be written there: %w", err)
		}
		if err := errors.Join(comparison.WriteJSON(f), f.Close()); err != nil {
			return err
		}
	}
	return comparison.WriteTable(std.Out, report.TableOptions{Width: std.Width, Colour: std.Colour})
}

// Worker is a generator process, which a suite starts with --workers.
type Worker struct{}

// Run does what it is asked on its standard input, until that ends. Ctrl-C is
// for the suite, which ends the worker properly.
func (*Worker) Run(std Streams) error {
	signal.Ignore(os.Interrupt)
	collectOften()
	out, ok := std.Out.(*os.File)
	if !ok {
		return errors.New("a worker answers on a file")
	}
	return fleet.Serve(std.In, out)
}

// collectOften makes the garbage of this process half as large as it would be,
// for a few percent of its CPU: thousands of idle phones are measured by the
// memory they take. GOGC in the environment is obeyed instead.
func collectOften() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}
