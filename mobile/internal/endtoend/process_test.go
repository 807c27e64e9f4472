//go:build linux

package endtoend

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"i80.dk/sighej/internal/testcluster"
	"i80.dk/sighej/internal/testleaks"
)

// binary is the sighej of these tests, built once into builtIn.
var (
	binary = sync.OnceValues(func() (path string, err error) {
		if builtIn, err = os.MkdirTemp("", "sighej-endtoend-"); err != nil {
			return "", err
		}
		return testcluster.Build(builtIn)
	})
	builtIn string
)

func TestMain(m *testing.M) {
	status := m.Run()
	if builtIn != "" {
		_ = os.RemoveAll(builtIn)
	}
	os.Exit(status)
}

// startCluster starts members that are processes, on one Redis.
func startCluster(t *testing.T, members int) *testcluster.Cluster {
	t.Helper()
	built, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	c, err := testcluster.Start(t.Context(), testcluster.Config{Binary: built, Members: members})
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

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A member is killed as by kill -9 and comes back on the same Redis, before two
// phones meet or when the first of them has been nudged.
func TestServerKilled(t *testing.T) {
	for name, as := range map[string]func(a *air, one, other *radio){
		"before they meet": func(*air, *radio, *radio) {},
		"as they meet": func(a *air, one, other *radio) {
			other.move(1)
			a.until("the first nudge", func() bool { return len(one.ids())+len(other.ids()) > 0 })
		},
	} {
		t.Run(name, func(t *testing.T) {
			nothingLeft(t)
			c := startCluster(t, 1)
			before := goleak.IgnoreCurrent() // nothing but the phones begins here
			a, one, other := pair(t, c.Members[0].Base())
			sent := onAir(one, other)
			as(a, one, other)
			must(t, c.Members[0].Kill())
			other.move(1)
			a.until("the phones to notice", func() bool { return !one.online() && !other.online() })
			must(t, c.Members[0].Start())
			nudgedOnce(t, a, one, other)
			if onAir(one, other) != sent {
				t.Error("they have other sessions")
			}
			stop(t, one, other)
			testleaks.None(t, before, goleak.IgnoreAnyFunction("os/exec.(*Cmd).Wait")) // for the member
		})
	}
}

// front is what stands before members and takes new requests to one of them.
type front struct {
	base string
	to   atomic.Pointer[testcluster.Member]
}

func newFront(t *testing.T) *front {
	t.Helper()
	f, transport := &front{}, &http.Transport{}
	server := httptest.NewServer(&httputil.ReverseProxy{
		Transport: transport,
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: f.to.Load().Public}) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.WriteHeader(http.StatusBadGateway)
		},
	})
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		transport.CloseIdleConnections()
	})
	f.base = server.URL
	return f
}

// One member after the other is asked to leave (SIGTERM) while the phones are
// connected to it: the first as they meet, the second when they have met.
func TestMembersThatDrain(t *testing.T) {
	nothingLeft(t)
	c, f := startCluster(t, 2), newFront(t)
	first, second := c.Members[0], c.Members[1]
	f.to.Store(first)
	a, one, other := pair(t, f.base)
	before := onAir(one, other)

	f.to.Store(second)
	gone := leaving(first)
	other.move(1)
	a.until("the first to have left", func() bool { return len(gone) == 1 })
	must(t, <-gone)
	nudgedOnce(t, a, one, other)

	must(t, first.Start())
	must(t, first.AwaitReady(t.Context()))
	f.to.Store(first)
	gone = leaving(second)
	a.until("the second to have left", func() bool { return len(gone) == 1 })
	must(t, <-gone)
	nudgedOnce(t, a, one, other)
	if onAir(one, other) != before {
		t.Error("they have other sessions")
	}
	stop(t, one, other)
}

// leaving asks a member to leave, and returns what tells that it has.
func leaving(m *testcluster.Member) <-chan error {
	gone := make(chan error, 1)
	go func() { gone <- m.Stop() }()
	return gone
}
