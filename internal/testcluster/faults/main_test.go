//go:build linux

package faults

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/cluster"
	"i80.dk/sighej/internal/testcluster"
	"i80.dk/sighej/internal/testcluster/checker"
)

var (
	full   = flag.Bool("full", false, "run the full form of the matrix")
	binary = flag.String("binary", "", "the sighej to test; default: it is built")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if !*full { // the rows wait most of their time
		_ = flag.Set("test.parallel", "4")
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if *binary == "" {
		dir, err := os.MkdirTemp("", "sighej-faults-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()
		if *binary, err = testcluster.Build(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return m.Run()
}

// in chooses between the short and the full form.
func in[T any](short, complete T) T {
	if *full {
		return complete
	}
	return short
}

// town is a cluster with a crowd.
type town struct {
	*testcluster.Cluster
	*checker.Crowd
	t      *testing.T
	view   atomic.Pointer[cluster.View] // by which the crowd tells where sessions live
	settle func()
}

// refresh takes the map as it is now for the crowd's.
func (w *town) refresh() {
	w.t.Helper()
	view, err := w.View(w.t.Context())
	w.must(err)
	w.view.Store(view)
}

// settled is how long a crowd mingles before and after a fault.
func settled() time.Duration { return in(time.Second, 3*time.Second) }

// begin starts a cluster with a crowd that mingles until the test calls end.
func begin(t *testing.T, cfg testcluster.Config) *town {
	t.Helper()
	t.Parallel()
	pastMidnight(t)
	cfg.Binary = *binary
	c, err := testcluster.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			c.Logs(t.Output(), 60)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &town{Cluster: c, t: t}
	w.refresh()
	var bases []string
	for _, m := range c.Members {
		bases = append(bases, m.Base())
	}
	crowd, err := checker.Open(t.Context(), checker.Config{Bases: bases, Home: func(token sighej.Token) string {
		if m := c.Home(w.view.Load(), token); m != nil {
			return m.Base()
		}
		return ""
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(crowd.Close)
	w.Crowd = crowd
	w.mingle()
	w.wait(settled())
	return w
}

// pastMidnight waits until the day is over if a row would see the end of it: the
// statistics that it compares are those of today.
func pastMidnight(t *testing.T) {
	now := time.Now().UTC()
	left := now.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(now)
	if left > in(3*time.Minute, 15*time.Minute) {
		return
	}
	t.Logf("waits for %v, until midnight", left)
	timer := time.NewTimer(left + time.Second)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
	}
}

// mingle lets people come until w.settle is called or the test ends.
func (w *town) mingle() {
	mingling, stop := context.WithCancel(w.t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		w.Mingle(mingling)
	}()
	w.settle = func() { stop(); <-over }
	w.t.Cleanup(w.settle)
}

// end lets the crowd come to rest and checks all that was promised.
func (w *town) end() {
	w.t.Helper()
	w.wait(settled())
	w.settle()
	faults := w.Settle(w.t.Context())
	w.t.Log(w.Summary())
	if len(faults) > 0 {
		w.t.Errorf("%d faults:\n%s", len(faults), strings.Join(faults[:min(len(faults), 30)], "\n"))
	}
	for _, m := range w.Members {
		if err := w.CheckStats(w.t.Context(), m.Admin); err != nil {
			w.t.Errorf("the statistics of %s: %v", m.Name, err)
		}
	}
}

// wait lets the crowd mingle for a while.
func (w *town) wait(d time.Duration) {
	w.t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.t.Context().Done():
	}
}

// must fails the test with an error.
func (w *town) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// whole waits until all members are ready and have the same map.
func (w *town) whole() {
	w.t.Helper()
	began := time.Now()
	w.must(w.AwaitWhole(w.t.Context()))
	w.t.Log("one map again after", time.Since(began).Round(10*time.Millisecond))
}

// eventually polls until done succeeds.
func (w *town) eventually(what string, within time.Duration, done func() error) {
	w.t.Helper()
	deadline := time.Now().Add(within)
	for {
		err := done()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%s: %v", what, err)
		}
		w.wait(50 * time.Millisecond)
	}
}

// status asks a member for a path and returns the status of its answer, 0 for
// none.
func (w *town) status(m *testcluster.Member, path string) int {
	client := http.Client{Timeout: 2 * time.Second}
	res, err := client.Get(m.Base() + path)
	if err != nil {
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}
