// Package testmember starts whole members in the process of a test, for tests
// that know nothing of a member but its public contract.
package testmember

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/server"
)

// Key is the interest key of all members.
const Key = "an interest key for tests, of 32+ characters"

// Member is a member on free loopback ports.
type Member struct {
	server.Addresses
	Options server.Options
	Stop    func() // ends it and waits; further calls do nothing

	mu  sync.Mutex
	log bytes.Buffer
}

// Start starts a member with a data directory of its own, which logs all that a
// member ever logs, and stops it when the test ends. Change may be nil.
func Start(t testing.TB, change func(*server.Options)) *Member {
	t.Helper()
	o := server.DefaultOptions()
	o.ListenAddr, o.AdminListenAddr, o.DataDir, o.InterestKey, o.LogLevel = "127.0.0.1:0", "127.0.0.1:0", t.TempDir(), Key, "debug"
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithCancel(context.Background())
	started, ended := make(chan server.Addresses, 1), make(chan error, 1)
	m := &Member{Options: o}
	logger := slog.New(slog.NewJSONHandler(m, &slog.HandlerOptions{Level: slog.LevelDebug}))
	go func() { ended <- server.Run(ctx, o, "test", logger, func(a server.Addresses) { started <- a }) }()
	m.Stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error("the member ended with", err)
		}
	})
	select {
	case m.Addresses = <-started:
	case err := <-ended:
		t.Fatal("the member did not start:", err)
	}
	t.Cleanup(m.Stop)
	m.awaitReady(t)
	return m
}

// StartCluster starts n members beside one Redis and waits until all are ready.
func StartCluster(t testing.TB, n int, redis *testservers.RedisServer, change func(*server.Options)) []*Member {
	t.Helper()
	members := make([]*Member, n)
	for i := range members {
		members[i] = Start(t, func(o *server.Options) {
			o.RedisURL, o.ClusterListenAddr = redis.URL(), "127.0.0.1:0"
			if change != nil {
				change(o)
			}
		})
	}
	return members
}

// Base is the URL of the public listener.
func (m *Member) Base() string { return "http://" + m.Public }

// AdminBase is the URL of the internal listener.
func (m *Member) AdminBase() string { return "http://" + m.Admin }

// Write is for the member's logger.
func (m *Member) Write(line []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.log.Write(line)
}

// Log returns what it has logged.
func (m *Member) Log() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.log.String()
}

func (m *Member) awaitReady(t testing.TB) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(15 * time.Second); ; <-tick.C {
		resp, err := http.Get(m.Base() + "/ready")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the member does not get ready: ", err)
		}
	}
}
