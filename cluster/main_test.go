package cluster_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"i80.dk/sighej/cluster"
	"i80.dk/sighej/internal/testleaks"
	_ "i80.dk/sighej/internal/testraces"
	"i80.dk/sighej/internal/testservers"
)

// TestMain is also the main function of the process that a test freezes.
func TestMain(m *testing.M) {
	redis.SetLogger(&logging.VoidLogger{})
	if url := os.Getenv(childRedis); url != "" {
		os.Exit(childMain(url))
	}
	testleaks.Main(m) // the library's writer to a member that could not be reached sleeps for two seconds
}

// until waits for a state, however long it takes on this machine.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !done() {
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("not in time: %s", what)
		}
	}
}

// redisLeases returns a client's leases in a Redis.
func redisLeases(t testing.TB, server *testservers.RedisServer) *cluster.RedisLeases {
	t.Helper()
	client := newClient(t, server.URL())
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return cluster.NewRedisLeases(client)
}

func newClient(t testing.TB, url string) *redis.Client {
	t.Helper()
	opts, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	opts.DialTimeout, opts.ReadTimeout, opts.WriteTimeout, opts.MaxRetries = time.Second, time.Second, time.Second, 1
	return redis.NewClient(opts)
}

// config is that of a member which has nothing to say.
func config(leases cluster.Leases) cluster.Config {
	return cluster.Config{Leases: leases, Version: "test", Protocol: 1}
}

// join runs a membership until the test ends, or stop is called: then it is
// gone without a farewell.
func join(t testing.TB, cfg cluster.Config, id string) (m *cluster.Membership, stop func()) {
	t.Helper()
	m, err := cluster.Join(t.Context(), cfg, id, "127.0.0.1:7000")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = m.Run(ctx) }) // how it ended is asked of m
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return m, stop
}

// agree waits until all see exactly these members, and checks that they agree
// about everything then.
func agree(t testing.TB, views []func() *cluster.View, ids ...string) {
	t.Helper()
	until(t, fmt.Sprintf("all see %v", ids), func() bool {
		for _, view := range views {
			if !sees(view(), ids) {
				return false
			}
		}
		return true
	})
	for _, view := range views[1:] {
		if a, b := views[0](), view(); a.Epoch() != b.Epoch() {
			t.Errorf("the same members, but epochs %x and %x", a.Epoch(), b.Epoch())
		}
	}
}

func sees(v *cluster.View, ids []string) bool {
	if len(v.Members()) != len(ids) {
		return false
	}
	for _, id := range ids {
		if _, there := v.Member(id); !there {
			return false
		}
	}
	return true
}

func viewsOf(members ...*cluster.Membership) []func() *cluster.View {
	var views []func() *cluster.View
	for _, m := range members {
		views = append(views, m.View)
	}
	return views
}

// logBook is a log that tests read while it is written.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *logBook) count(what string) int { return strings.Count(b.String(), what) }

func loggerTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
