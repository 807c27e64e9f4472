package bench

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"i80.dk/sighej/bench/benchtest"
	"i80.dk/sighej/bench/report"
	"i80.dk/sighej/server"
)

const patience = 2 * time.Minute

// startMember runs a real member in this process and returns its address.
func startMember(t *testing.T, change func(*server.Options)) string {
	t.Helper()
	o := server.DefaultOptions()
	o.ListenAddr, o.AdminListenAddr, o.DataDir = "127.0.0.1:0", "127.0.0.1:0", t.TempDir()
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithCancel(context.Background())
	addr, ended := make(chan server.Addresses, 1), make(chan error, 1)
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	go func() { ended <- server.Run(ctx, o, "test", logger, func(a server.Addresses) { addr <- a }) }()
	select {
	case a := <-addr:
		t.Cleanup(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error("the member ended with", err)
			}
		})
		return "http://" + a.Public
	case err := <-ended:
		cancel()
		t.Fatal("the member did not start:", err)
		return ""
	}
}

// common are the flags of a short run.
func common(base string) Common {
	return Common{
		Base: []string{base}, Auth: "bearer", Interests: 4, MatchesPerHour: 60, Late: patience,
		Settle: 15 * time.Second, Patience: 15 * time.Second, Connections: 8, Seed: 1, Workers: 1,
	}
}

func steady(base string) *Steady {
	return &Steady{Common: common(base), Duration: time.Second, Phones: 40, Rate: 150, Overlap: .3, Via: "http", Batch: 1}
}

func storm(base string) *Storm {
	return &Storm{Common: common(base), Duration: 200 * time.Millisecond, Phones: 40, Waiting: 1}
}

// festival is so small that all its sightings may wait at the same time, however
// busy the machine is.
func festival(base string) *Festival {
	f := &Festival{
		Common: common(base), Duration: 2 * time.Second, Speed: 60, Phones: 28, Width: 40, Height: 30, Hotspots: 2,
		Background: .2, IOS: .5, Loss: .1, Shadowing: 4, Weakest: -85, Distance: 5, Dwell: 20 * time.Second, Again: 10 * time.Minute, Via: "http",
	}
	f.Interests = 12
	return f
}

func connect(base string) *Connect {
	return &Connect{Common: common(base), Duration: 100 * time.Millisecond, Phones: 40, Rate: 200, Prove: 20}
}

func ramp(base string) *Ramp {
	return &Ramp{
		Common: common(base), Duration: 2 * time.Second, Step: time.Second, Phones: 40, Rate: 100, Factor: 1.5,
		P99: time.Minute, Errors: 1, Overlap: .3, Via: "websocket", Batch: 5,
	}
}

func soak(base string) *Soak {
	return &Soak{
		Common: common(base), WarmUp: time.Second, Duration: 5 * time.Second, Phones: 24, Rate: 60, Overlap: .3, Via: "websocket", Batch: 1, Life: 2 * time.Second,
	}
}

// run measures, and returns the report as its file has it and what was printed.
func run(t *testing.T, s suite) (*report.Report, string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return runUntil(ctx, t, s)
}

func runUntil(ctx context.Context, t *testing.T, s suite) (*report.Report, string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.json")
	s.common().JSON = file
	var out, progress bytes.Buffer
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	err = measure(ctx, Streams{Out: &out, Err: &progress, Version: "test", Self: self}, s)
	r, readErr := report.ReadFile(file)
	if readErr != nil && (err == nil || errors.Is(err, ErrWrong)) {
		t.Fatal(readErr)
	}
	return r, out.String(), err
}

// Each suite finds a real member in order, and has its figures.
func TestSuites(t *testing.T) {
	base := startMember(t, nil)
	for _, c := range []struct {
		suite   suite
		figures []string
	}{
		{steady(base), []string{"answers", "nudges"}},
		{connect(base), []string{"phones connected", "arrivals refused or failed"}},
		{storm(base), []string{"until the last phone had its outbox", "phones back with their outbox"}},
		{ramp(base), []string{"knee: last rate that held"}},
		{festival(base), []string{"true encounters", "of those nudged", "wrong nudges", "sightings per phone and simulated hour"}},
		{soak(base), []string{"sessions renewed", "answers"}},
	} {
		t.Run(c.suite.name(), func(t *testing.T) {
			r, out, err := run(t, c.suite)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			checks := r.Runs[0].Checks
			if checks.Nudges == 0 || checks.Answers == 0 && c.suite.name() != "storm" || len(checks.Errors) > 0 {
				t.Errorf("checks: %+v", checks)
			}
			if checks.Nudges != checks.Expected {
				t.Errorf("%d nudges, %d expected", checks.Nudges, checks.Expected)
			}
			samples := r.Runs[0].Samples
			if len(samples) == 0 {
				t.Fatal("there is no sample")
			}
			if left := samples[len(samples)-1].Connected; c.suite.name() == "soak" && left < 18 {
				t.Errorf("%d of 24 phones are left in the end", left)
			}
			for _, name := range c.figures {
				if figure(t, r, name) == nil {
					t.Errorf("no figure %q", name)
				}
			}
			if !strings.Contains(out, "none wrong") {
				t.Errorf("the table does not tell that all was right:\n%s", out)
			}
		})
	}
}

func figure(t *testing.T, r *report.Report, name string) *report.Figure {
	t.Helper()
	for i, f := range r.Runs[0].Figures {
		if f.Name == name {
			return &r.Runs[0].Figures[i]
		}
	}
	return nil
}

// A server that tampers is caught by every suite that can see it.
func TestTamperedServerIsCaught(t *testing.T) {
	type makeSuite func(base string) suite
	member := startMember(t, func(o *server.Options) { o.RegistrationsPerMinute = 0 }) // all phones come from one address
	sightings := map[string]makeSuite{
		"steady":   func(base string) suite { return steady(base) },
		"ramp":     func(base string) suite { return ramp(base) },
		"festival": func(base string) suite { return festival(base) },
		"soak":     func(base string) suite { return soak(base) },
	}
	all := map[string]makeSuite{
		"connect": func(base string) suite { return connect(base) },
		"storm":   func(base string) suite { return storm(base) },
	}
	for name, s := range sightings {
		all[name] = s
	}
	const label = "an interest of somebody else"
	for fault, c := range map[string]struct {
		fault  benchtest.Fault
		suites map[string]makeSuite
		kind   string
	}{
		"drops one":      {benchtest.Fault{DropNudge: 11}, all, report.FaultMissing},
		"duplicates one": {benchtest.Fault{DuplicateNudge: 11}, all, report.FaultDuplicate},
		"leaks one":      {benchtest.Fault{LeakNudge: 11, Label: label}, all, report.FaultContent},
		"leaks in prose": {benchtest.Fault{LeakMessage: 11, Label: "yoga"}, all, report.FaultContent},
		"leaks answers":  {benchtest.Fault{LeakAnswer: 11, Label: label}, all, report.FaultContent},
		"denies matches": {benchtest.Fault{DenyMatch: 5}, sightings, report.FaultAnswer},
		"claims matches": {benchtest.Fault{ClaimMatch: 5, Label: label}, sightings, report.FaultAnswer},
		"misdelivers":    {benchtest.Fault{Misdeliver: 11}, all, report.FaultStray},
	} {
		for name, suiteAt := range c.suites {
			t.Run(name+" "+fault, func(t *testing.T) {
				t.Parallel()
				proxy := benchtest.Start(t, member, c.fault)
				s := suiteAt(proxy.URL)
				s.common().Settle = time.Second // some nudges never come
				r, out, err := run(t, s)
				if !errors.Is(err, ErrWrong) {
					t.Fatalf("tampered %d times, and the run ended with %v\n%s", proxy.Tampered(), err, out)
				}
				if !found(r, c.kind) {
					t.Errorf("no %q among %+v", c.kind, r.Runs[0].Checks.Findings)
				}
			})
		}
	}
}

func found(r *report.Report, kind string) bool {
	for _, f := range r.Runs[0].Checks.Findings {
		if f.Kind == kind && f.Count > 0 && len(f.Examples) > 0 {
			return true
		}
	}
	return false
}

// One nudge in a thousand is enough.
func TestOneNudgeInAThousandIsMissed(t *testing.T) {
	proxy := benchtest.Start(t, startMember(t, nil), benchtest.Fault{DropNudge: 1000})
	s := steady(proxy.URL)
	s.Phones, s.Interests, s.Rate, s.Overlap, s.Settle = 200, 12, 800, .8, time.Second
	if r, out, err := run(t, s); !errors.Is(err, ErrWrong) || !found(r, report.FaultMissing) {
		t.Errorf("tampered %+v: %v\n%s", proxy.Tampered(), err, out)
	}
}

// A nudge that is held back for longer than allowed is late.
func TestLateNudgeIsCaught(t *testing.T) {
	proxy := benchtest.Start(t, startMember(t, nil), benchtest.Fault{DelayNudge: 11, Delay: 300 * time.Millisecond})
	s := steady(proxy.URL)
	s.Late = 250 * time.Millisecond
	if r, out, err := run(t, s); !errors.Is(err, ErrWrong) || !found(r, report.FaultLate) {
		t.Errorf("%v\n%s", err, out)
	}
}
