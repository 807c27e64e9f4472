//go:build linux

package balancer

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"i80.dk/sighej/internal/testcluster"
	"i80.dk/sighej/internal/testservers"
)

// config is what operators get.
const config = "../../../deploy/haproxy/haproxy.cfg"

var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "sighej-balancer-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if binary, err = testcluster.Build(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// start starts three members, with these settings.
func start(t *testing.T, env map[string]string) *testcluster.Cluster {
	t.Helper()
	c, err := testcluster.Start(t.Context(), testcluster.Config{Binary: binary, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			c.Logs(t.Output(), 40)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// balancer is a running one.
type balancer struct {
	base    string // URL for phones
	metrics string // URL for Prometheus
}

// front starts the balancer before the members. Bind are further words for its
// listener.
func front(t *testing.T, c *testcluster.Cluster, bind string) balancer {
	t.Helper()
	phones, stats := freeAddress(t), freeAddress(t)
	env := []string{"BIND=" + strings.TrimSpace(phones+" "+bind), "STATS_BIND=" + stats, "MAX_PHONES=2000"}
	for i, m := range c.Members {
		env = append(env, fmt.Sprintf("MEMBER_%d=%s", i+1, m.Public))
	}
	testservers.HAProxy(t, config, env, stats)
	b := balancer{base: "http://" + phones, metrics: "http://" + stats + "/metrics"}
	eventually(t, "all members to be up for the balancer", func() error { return b.allUp(t.Context(), 2*len(c.Members)) })
	return b
}

func freeAddress(t *testing.T) string {
	t.Helper()
	port, err := testservers.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// allUp asks the balancer's metrics, which shows that they are there.
func (b balancer) allUp(ctx context.Context, servers int) error {
	res, body, err := get(ctx, b.metrics)
	if err != nil {
		return err
	}
	if up := strings.Count(body, `state="L7OK"} 1`); res.StatusCode != http.StatusOK || up != servers {
		return fmt.Errorf("status %d, %d of %d are up", res.StatusCode, up, servers)
	}
	return nil
}

// get reads an answer to its end.
func get(ctx context.Context, url string) (*http.Response, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return res, string(body), err
}

// eventually polls until done succeeds.
func eventually(t *testing.T, what string, done func() error) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		err := done()
		if err == nil {
			return
		}
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s: %v", what, err)
		}
	}
}
