package endtoend

import (
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"i80.dk/sighej/internal/testleaks"
	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/server"
)

// noGoroutines waits until nothing of the phone side runs.
func noGoroutines(t *testing.T) {
	t.Helper()
	var left []string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); runtime.Gosched() {
		left = left[:0]
		text := make([]byte, 4<<20)
		for stack := range strings.SplitSeq(string(text[:runtime.Stack(text, true)]), "\n\n") {
			if strings.Contains(stack, "sighej/mobile/internal/core") || strings.Contains(stack, "sighej/mobile/phone") {
				left = append(left, stack)
			}
		}
		if len(left) == 0 {
			return
		}
	}
	t.Errorf("goroutines after Stop:\n%s", strings.Join(left, "\n\n"))
}

// nothingLeft fails a test that leaves anything running when all of it is over, the
// server included.
func nothingLeft(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		testleaks.None(t, before)
	})
}

// stop stops phones. Nothing of them may run when that returns.
func stop(t *testing.T, phones ...*radio) {
	t.Helper()
	for _, r := range phones {
		r.client.Stop()
	}
	noGoroutines(t)
}

// onAir returns what the two send.
func onAir(one, other *radio) [2]string { return [2]string{string(one.onAir()), string(other.onAir())} }

func TestFaultsOfTheWay(t *testing.T) {
	for name, fault := range map[string]struct{ spoil, heal func(*member) }{
		"cut": {
			func(m *member) { m.proxy.Stop() },
			func(m *member) {
				if err := testservers.Rebind(m.proxy.Start); err != nil {
					m.t.Fatal(err)
				}
			},
		},
		"slow": {
			func(m *member) { m.toxic("latency", `{"latency":700,"jitter":300}`) },
			func(m *member) { m.proxy.Toxics.ResetToxics(m.t.Context()) },
		},
		"dribbling": {
			func(m *member) { m.toxic("slicer", `{"average_size":7,"size_variation":3,"delay":1000}`) },
			func(m *member) { m.proxy.Toxics.ResetToxics(m.t.Context()) },
		},
		"reset": {
			func(m *member) { m.toxic("reset_peer", `{"timeout":50}`) },
			func(m *member) { m.proxy.Toxics.ResetToxics(m.t.Context()) },
		},
		"reset after a few bytes": {
			func(m *member) { m.toxic("limit_data", `{"bytes":300}`) },
			func(m *member) { m.proxy.Toxics.ResetToxics(m.t.Context()) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			nothingLeft(t)
			m := startMember(t, nil)
			a, one, other := pair(t, m.base())
			before := onAir(one, other)
			fault.spoil(m)
			other.move(1)
			a.pass(3 * time.Second)
			fault.heal(m)
			nudgedOnce(t, a, one, other)
			if onAir(one, other) != before {
				t.Error("they have other sessions")
			}
			stop(t, one, other)
		})
	}
}

func TestServerStoppedAndStartedWithItsStore(t *testing.T) {
	redis := testservers.Redis(t)
	m := startMember(t, func(o *server.Options) {
		o.RedisURL, o.InterestKey = redis.URL(), strings.Repeat("k", 32)
	})
	a, one, other := pair(t, m.base())
	before := string(one.onAir())
	m.stop()
	other.move(1)
	a.until("the phones to notice", func() bool { return !one.online() && !other.online() })
	m.start()
	nudgedOnce(t, a, one, other)
	if string(one.onAir()) != before {
		t.Error("it has another session")
	}
}

func TestServerThatForgotEverything(t *testing.T) {
	m := startMember(t, nil) // without a store
	a, one, other := pair(t, m.base())
	before := string(one.onAir())
	m.stop()
	other.move(1)
	m.start()
	nudgedOnce(t, a, one, other)
	if string(one.onAir()) == before {
		t.Error("it is on the air with a token that nobody knows")
	}
}

func TestSessionsThatExpire(t *testing.T) {
	nothingLeft(t)
	m := startMember(t, func(o *server.Options) { o.SessionTTLSeconds = 3 })
	a, one, other := pair(t, m.base())
	other.move(1)
	a.until("nudges of three sessions", func() bool { return len(one.ids()) >= 3 && len(other.ids()) >= 3 })
	stop(t, one, other)
	noneTwice(t, one, other)
}

func TestSessionsThatExpireOffline(t *testing.T) {
	nothingLeft(t)
	m := startMember(t, func(o *server.Options) { o.SessionTTLSeconds = 3 })
	a, one, other := pair(t, m.base())
	m.proxy.Stop()
	before := onAir(one, other)
	other.move(1)
	a.pass(4 * time.Second)
	if err := testservers.Rebind(m.proxy.Start); err != nil {
		t.Fatal(err)
	}
	a.until("both nudges", func() bool { return len(one.ids()) > 0 && len(other.ids()) > 0 })
	if now := onAir(one, other); now[0] == before[0] || now[1] == before[1] {
		t.Error("one is on the air with the token of a session that is over")
	}
	stop(t, one, other)
	noneTwice(t, one, other)
}

// noneTwice fails the test when a nudge came twice, or with an error.
func noneTwice(t *testing.T, phones ...*radio) {
	t.Helper()
	for _, r := range phones {
		ids := r.ids()
		slices.Sort(ids)
		if n := len(slices.Compact(slices.Clone(ids))); n != len(ids) {
			t.Errorf("%d nudges came, of which %d are others", len(ids), n)
		}
		if len(r.errors) != 0 {
			t.Errorf("errors: %v", r.errors)
		}
	}
}
