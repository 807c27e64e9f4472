package endtoend

import (
	"context"
	"errors"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/phone"
	"i80.dk/sighej/mobile/sdk"
	"i80.dk/sighej/wire"
)

// pair is two phones that share an interest, out of each other's reach.
func pair(t *testing.T, base string) (*air, *radio, *radio) {
	t.Helper()
	a := newAir(t)
	one, other := a.phone(base, 0), a.phone(base, 500)
	begin(a, one, other)
	return a, one, other
}

// begin starts the two and waits until they are online.
func begin(a *air, one, other *radio) {
	a.t.Helper()
	for phone, interests := range map[*radio]string{one: "devops\nhardstyle\nchess", other: "DevOps\nHardstyle\n"} {
		if err := phone.client.Start(interests); err != nil {
			a.t.Fatal(err)
		}
	}
	a.until("both phones to be online", func() bool { return one.online() && other.online() })
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
	a, one, other := pair(t, m.base())
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
