package bench

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"i80.dk/sighej/bench/report"
	"i80.dk/sighej/server"
)

// TestMain makes the test binary a worker when a suite starts it as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "bench" && os.Args[2] == "worker" {
		if err := new(Worker).Run(Streams{In: os.Stdin, Out: os.Stdout}); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

func beacon(o *server.Options) { o.Auth = server.AuthBeacon }

func listen(t *testing.T, status int, kind, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// What is no server of ours is told apart before anything is measured.
func TestNotOurServer(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, c := range map[string]struct{ base, want string }{
		"nobody":           {gone.URL, "connection refused"},
		"no such host":     {"http://nobody.invalid:8000", "no server answers"},
		"not found":        {listen(t, http.StatusNotFound, "text/plain", "404 page not found"), "status 404"},
		"a web page":       {listen(t, http.StatusOK, "text/html", "<!doctype html>"), "text/html"},
		"another's health": {listen(t, http.StatusOK, "application/json", `["fine"]`), "not a JSON object"},
		"an ill server":    {listen(t, http.StatusServiceUnavailable, "application/json", `{"status":"unavailable"}`), "not healthy"},
		"a wrong shape":    {listen(t, http.StatusOK, "application/json", `{"status":"ok"}`), "no expires_at"},
	} {
		t.Run(name, func(t *testing.T) {
			r, _, err := run(t, steady(c.base))
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v; want one line that says %q", err, c.want)
			}
			if r != nil {
				t.Error("there is a report")
			}
		})
	}
}

func TestFaultsOfFlagsAreListed(t *testing.T) {
	s := steady("ftp://x")
	s.Rate, s.Overlap, s.Batch, s.Phones, s.Interests, s.Duration = 0, 1.5, 0, 1, 21, 0
	_, _, err := run(t, s)
	usage, ok := errors.AsType[*UsageError](err)
	if !ok {
		t.Fatal(err)
	}
	for _, want := range []string{"ftp://x", "--rate", "--overlap", "--batch", "--phones", "--interests", "--duration"} {
		if !strings.Contains(usage.Error(), want) {
			t.Errorf("%q does not tell of %s", usage.Error(), want)
		}
	}
	if len(usage.Faults) != 7 {
		t.Errorf("%d faults: %q", len(usage.Faults), usage.Error())
	}
}

func TestWrongPathIsToldBeforeTheRun(t *testing.T) {
	s := steady("http://127.0.0.1:1")
	s.HTML = filepath.Join(t.TempDir(), "no", "such", "folder.html")
	if _, _, err := run(t, s); err == nil || !strings.Contains(err.Error(), "could not be written") {
		t.Error(err)
	}
	if _, err := os.Stat(s.JSON); !errors.Is(err, os.ErrNotExist) {
		t.Error("an empty file is left behind")
	}
}

func TestTooFewFiles(t *testing.T) {
	s := steady("http://127.0.0.1:1")
	s.Phones = 1_000_000
	if _, _, err := run(t, s); err == nil || !strings.Contains(err.Error(), "--workers") {
		t.Error(err)
	}
}

func TestUnknownProcess(t *testing.T) {
	s := steady(startMember(t, nil))
	s.ServerPID = []int{1 << 30}
	if _, _, err := run(t, s); err == nil || !strings.Contains(err.Error(), "1073741824") {
		t.Error(err)
	}
}

// A store that is named counts beside the server, which is found by itself: a
// figure per core-second of the store alone would flatter the server.
func TestNamedProcessCountsBesideTheServer(t *testing.T) {
	s := steady(startMember(t, nil))
	for _, named := range [][]int{{os.Getppid()}, {os.Getpid(), os.Getppid()}} {
		s.ServerPID = named
		r, out, err := run(t, s)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var pids []int
		for _, p := range r.Runs[0].Processes {
			pids = append(pids, p.PID)
		}
		slices.Sort(pids)
		if want := slices.Sorted(slices.Values([]int{os.Getppid(), os.Getpid()})); !slices.Equal(pids, want) {
			t.Errorf("--server-pid %v: the processes are %v, want %v", named, pids, want)
		}
	}
}

// What was measured until an interruption is reported.
func TestInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	s := steady(afterCalls(t, startMember(t, nil), "/match", 100, interrupt))
	s.Duration = time.Hour
	r, out, err := runUntil(ctx, t, s)
	if !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	if !r.Interrupted || len(r.Runs) != 1 || len(r.Runs[0].Samples) == 0 || r.Runs[0].Checks.Answers == 0 {
		t.Errorf("the report is empty: %+v", r)
	}
	if r.Runs[0].Checks.Wrong() {
		t.Errorf("the interruption counts as the server's fault: %+v", r.Runs[0].Checks.Findings)
	}
	if !strings.Contains(out, "interrupted") {
		t.Errorf("the table does not tell of it:\n%s", out)
	}
}

// An interruption is one also while there is little or nothing to report.
func TestInterruptedEarly(t *testing.T) {
	member := startMember(t, nil)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	if r, _, err := runUntil(ctx, t, steady(afterCalls(t, member, "/health", 1, interrupt))); !errors.Is(err, ErrInterrupted) || r != nil {
		t.Errorf("at the first question: %v, report %v", err, r)
	}
	ctx, interrupt = context.WithCancel(t.Context())
	defer interrupt()
	if r, _, err := runUntil(ctx, t, steady(afterCalls(t, member, "/session", 5, interrupt))); !errors.Is(err, ErrInterrupted) || r == nil || !r.Interrupted {
		t.Errorf("while phones register: %v, report %v", err, r)
	}
}

// afterCalls stands before a member and calls do at the nth call of path.
func afterCalls(t *testing.T, member, path string, n int64, do func()) (base string) {
	t.Helper()
	u, err := url.Parse(member)
	if err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int64
	pass := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(u)
		if r.In.URL.Path == path && calls.Add(1) == n {
			do()
		}
	}, ErrorLog: log.New(io.Discard, "", 0)} // calls are broken off
	s := httptest.NewServer(pass)
	t.Cleanup(s.Close)
	t.Cleanup(s.CloseClientConnections)
	return s.URL
}

// Several processes work as one.
func TestWorkers(t *testing.T) {
	s := steady(startMember(t, nil))
	s.Workers = 2
	r, out, err := run(t, s)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if r.Runs[0].Generator.Workers != 2 || r.Runs[0].Generator.Phones != 40 || r.Runs[0].Checks.Nudges == 0 {
		t.Errorf("%+v, %+v", r.Runs[0].Generator, r.Runs[0].Checks)
	}
}

// Two servers take turns, and are compared.
func TestVs(t *testing.T) {
	s := steady(startMember(t, nil))
	s.Vs, s.Rounds = []string{startMember(t, nil)}, 2
	r, out, err := run(t, s)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var targets []int
	for _, run := range r.Runs {
		targets = append(targets, run.Target)
	}
	if len(targets) != 4 || targets[0] != 0 || targets[1] != 1 || targets[2] != 1 || targets[3] != 0 {
		t.Errorf("targets in the order %v", targets)
	}
	if c, err := report.CompareTargets(r); err != nil || c == nil {
		t.Error(err)
	}
}

// Without credentials, as the seeds have it.
func TestBareServer(t *testing.T) {
	base := startMember(t, beacon)
	s := steady(base)
	s.Auth = "none"
	if r, out, err := run(t, s); err != nil || r.Runs[0].Checks.Nudges == 0 {
		t.Errorf("%v\n%s", err, out)
	}
	s = steady(startMember(t, nil))
	s.Auth = "none"
	if _, _, err := run(t, s); err == nil || !strings.Contains(err.Error(), "--auth") {
		t.Error(err)
	}
}

func TestList(t *testing.T) {
	var out strings.Builder
	if err := new(List).Run(Streams{Out: &out}); err != nil {
		t.Fatal(err)
	}
	for _, s := range suites() {
		if !strings.Contains(out.String(), "\n"+s.name()+" ") && !strings.HasPrefix(out.String(), s.name()) {
			t.Errorf("%s is not explained", s.name())
		}
	}
}
