package endtoend

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/mobile/phone"
	"i80.dk/sighej/mobile/sdk"
	"i80.dk/sighej/server"
	"i80.dk/sighej/wire"
)

// pair is two phones that share an interest, out of each other's reach.
func pair(t *testing.T, m *member) (*air, *radio, *radio) {
	t.Helper()
	a := newAir(t)
	one, other := a.phone(m.base(), 0), a.phone(m.base(), 500)
	for phone, interests := range map[*radio]string{one: "devops\nhardstyle\nchess", other: "DevOps\nHardstyle\n"} {
		if err := phone.client.Start(interests); err != nil {
			t.Fatal(err)
		}
	}
	a.until("both phones to be online", func() bool { return one.online() && other.online() })
	return a, one, other
}

// nudgedOnce waits for the nudge of both and for everything after it.
func nudgedOnce(t *testing.T, a *air, one, other *radio) {
	t.Helper()
	a.until("both nudges", func() bool { return len(one.ids()) > 0 && len(other.ids()) > 0 })
	calm := time.Now()
	a.until("a while", func() bool { return time.Since(calm) > time.Second && one.online() && other.online() })
	if one, other := one.ids(), other.ids(); len(one) != 1 || len(other) != 1 {
		t.Errorf("nudges: %v and %v", one, other)
	}
	for _, r := range []*radio{one, other} {
		if len(r.errors) != 0 {
			t.Errorf("errors: %v", r.errors)
		}
	}
}

func TestTwoPhonesNudgeEachOther(t *testing.T) {
	m := startMember(t, nil)
	a, one, other := pair(t, m)
	if len(one.ids()) != 0 || m.stats().ActiveSessionsNow != 2 {
		t.Fatalf("far apart: nudges %v, %d sessions", one.ids(), m.stats().ActiveSessionsNow)
	}
	other.move(0.5)
	nudgedOnce(t, a, one, other)
	n := one.nudges[0]
	if n.Interests() != "devops\nhardstyle" || n.Message() == "" || n.Distance() == sdk.DistanceUnknown || time.Since(time.UnixMilli(n.AtMillis())).Abs() > time.Minute {
		t.Errorf("nudge: %q %q %d %d", n.Interests(), n.Message(), n.Distance(), n.AtMillis())
	}
	if other.nudges[0].Interests() != "DevOps\nHardstyle" {
		t.Errorf("the other's spelling: %q", other.nudges[0].Interests())
	}
	if last := one.people[len(one.people)-1]; last != [2]int{1, 1} {
		t.Errorf("in range: %v", one.people)
	}
	one.client.Stop()
	other.client.Stop()
	if n := m.stats().ActiveSessionsNow; n != 0 {
		t.Errorf("%d sessions after both stopped", n)
	}
	if one.onAir() != nil || other.listens || one.link() != sdk.LinkStopped {
		t.Error("the radio goes on after Stop")
	}
	noGoroutines(t)
}

// A phone takes another token while it is connected: whoever hears that is its
// match, and its connection brings the nudge.
func TestRotation(t *testing.T) {
	m := startMember(t, nil)
	nudged := make(chan wire.Nudge, 1)
	one, err := phone.Register(t.Context(), phone.Config{Base: m.base(), Interests: []string{"devops"}, OnNudge: func(n wire.Nudge) { nudged <- n }})
	if err != nil {
		t.Fatal(err)
	}
	other, err := phone.Register(t.Context(), phone.Config{Base: m.base(), Interests: []string{"devops"}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- one.Run(ctx) }()
	<-one.Connected()
	first, next := one.Token(), sighej.NewToken()
	if err := one.Rotate(t.Context(), next); err != nil || one.Token() != next || first == next {
		t.Fatalf("%v: %s", err, one.Token())
	}
	if result, err := other.Match(t.Context(), next); err != nil || !result.NudgeSent {
		t.Errorf("%+v, %v", result, err)
	}
	<-nudged
	if result, err := one.Match(t.Context(), other.Token()); err != nil || !result.Match {
		t.Errorf("a report under the new token: %+v, %v", result, err)
	}
	end()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

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

func TestFaultsOfTheWay(t *testing.T) {
	for name, fault := range map[string]struct{ spoil, heal func(*member) }{
		"cut": {
			func(m *member) { m.proxy.Stop() },
			func(m *member) {
				if err := m.proxy.Start(); err != nil {
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
			m := startMember(t, nil)
			a, one, other := pair(t, m)
			fault.spoil(m)
			other.move(1)
			spoilt := time.Now()
			a.until("a while", func() bool { return time.Since(spoilt) > 3*time.Second })
			fault.heal(m)
			nudgedOnce(t, a, one, other)
			one.client.Stop()
			other.client.Stop()
			noGoroutines(t)
		})
	}
}

func TestServerStoppedAndStartedWithItsStore(t *testing.T) {
	redis := testservers.Redis(t)
	m := startMember(t, func(o *server.Options) {
		o.RedisURL, o.InterestKey = redis.URL(), strings.Repeat("k", 32)
	})
	a, one, other := pair(t, m)
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
	a, one, other := pair(t, m)
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
	m := startMember(t, func(o *server.Options) { o.SessionTTLSeconds = 3 })
	a, one, other := pair(t, m)
	other.move(1)
	a.until("nudges of three sessions", func() bool { return len(one.ids()) >= 3 && len(other.ids()) >= 3 })
	seen := map[string]bool{}
	for _, id := range one.ids() {
		if seen[id] {
			t.Errorf("nudge %s came twice", id)
		}
		seen[id] = true
	}
	if len(one.errors) != 0 {
		t.Errorf("errors: %v", one.errors)
	}
}
