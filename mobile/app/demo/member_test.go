package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const root = "../../.."

// member is a running server with the app in it.
type member struct {
	public, admin string // addresses
}

// startMember builds the server and starts it on free ports, with further settings.
// It is ended with the test.
func startMember(t *testing.T, settings ...string) member {
	t.Helper()
	if _, err := os.Stat(filepath.Join(root, "transport/webapp/dist/app.wasm.gz")); err != nil {
		t.Fatal("the app is not built (make app): ", err)
	}
	binary := filepath.Join(t.TempDir(), "sighej")
	build := exec.Command("go", "build", "-tags", "demo", "-o", binary, "./cmd/sighej")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m := member{freeAddress(t), freeAddress(t)}
	serve := exec.Command(binary, "serve", "--listen-addr", m.public, "--admin-listen-addr", m.admin, "--data-dir", t.TempDir())
	serve.Env = append(os.Environ(), settings...)
	stderr, err := serve.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for s := bufio.NewScanner(stderr); s.Scan(); {
			t.Log(s.Text())
		}
	}()
	t.Cleanup(func() {
		_ = serve.Process.Signal(os.Interrupt)
		<-done
		_ = serve.Wait()
	})
	m.await(t, "readiness", func() bool {
		res, err := http.Get("http://" + m.public + "/ready")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return m
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// await polls until done is true.
func (m member) await(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}

// awaitSessions waits until so many sessions live.
func (m member) awaitSessions(t *testing.T, n int) {
	t.Helper()
	m.await(t, "the sessions", func() bool {
		res, err := http.Get("http://" + m.admin + "/stats")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		var stats struct {
			ActiveSessions int `json:"active_sessions_now"`
		}
		return json.NewDecoder(res.Body).Decode(&stats) == nil && stats.ActiveSessions == n
	})
}
