//go:build linux

package faults

import (
	"context"
	"net/http"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/internal/testcluster"
	"i80.dk/sighej/mobile/phone"
	"i80.dk/sighej/wire"
)

// The clocks of two members are five minutes off, to either side. Sessions live
// and die by Redis's clock, wherever they are made and asked for.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	const life = 8 * time.Second
	wrong, err := testcluster.BuildWithWrongClock(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c, err := testcluster.Start(t.Context(), testcluster.Config{
		Binary: wrong, Clocks: []time.Duration{5 * time.Minute, -5 * time.Minute, 0},
		Env: map[string]string{"SESSION_TTL_SECONDS": "8"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, m := range c.Members {
		res, err := http.Get(m.Base() + "/health")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if at, err := http.ParseTime(res.Header.Get("Date")); err != nil || time.Since(at).Abs() > 3*time.Second {
			t.Errorf("%s says that it is %v (%v)", m.Name, at, err) // phones set their clocks by that
		}
	}
	var phones []*phone.Phone
	for i, made := range c.Members { // at home on the next one
		before := time.Now()
		p := register(ctx, t, c, made, c.Members[(i+1)%len(c.Members)])
		if p.ExpiresAt().Before(before.Add(life-time.Second)) || p.ExpiresAt().After(time.Now().Add(life+time.Second)) {
			t.Errorf("a session of %s made at %v ends at %v", made.Name, before, p.ExpiresAt())
		}
		phones = append(phones, p)
	}
	for i, p := range phones {
		peer := phones[(i+1)%len(phones)]
		results, err := p.Sight(ctx, []wire.Sighting{{Token: string(peer.Token()), SeenAt: new(time.Now())}})
		if err != nil || !results[0].Match {
			t.Errorf("phone %d has just heard another: %+v, %v", i, results, err)
		}
	}
	last := phones[len(phones)-1].ExpiresAt()
	timer := time.NewTimer(time.Until(last.Add(time.Second)))
	defer timer.Stop()
	for {
		for i, p := range phones {
			asked := time.Now()
			_, err := p.State(ctx)
			switch lives := sighej.CodeOf(err) != sighej.CodeUnauthorized; {
			case lives && asked.After(p.ExpiresAt().Add(time.Second/2)):
				t.Errorf("session %d is alive half a second after its end: %v", i, err)
			case !lives && time.Now().Before(p.ExpiresAt().Add(-time.Second/2)):
				t.Errorf("session %d is over half a second before its end", i)
			}
		}
		select {
		case <-timer.C:
			return
		case <-ctx.Done():
			t.Fatal("the sessions do not end")
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// register makes a session through one member that is at home on another.
func register(ctx context.Context, t *testing.T, c *testcluster.Cluster, through, home *testcluster.Member) *phone.Phone {
	t.Helper()
	view, err := c.View(ctx)
	if err != nil {
		t.Fatal(err)
	}
	token := sighej.NewToken()
	for c.Home(view, token) != home {
		token = sighej.NewToken()
	}
	p, err := phone.Register(ctx, phone.Config{Base: through.Base(), Interests: []string{"devops"}, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	return p
}
