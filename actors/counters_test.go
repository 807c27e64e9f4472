package actors

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence/memstore"
	"i80.dk/sighej/wire"
)

// sums are counters that are not 0.
func sums(s *System) map[string]int64 {
	c := s.Counters()
	all := map[string]int64{"activations": c.Activations, "pushed": c.Pushed, "acked": c.Acked, "expired": c.Expired, "spared": c.Spared}
	for outcome, n := range c.Sightings {
		all[outcome] = n
	}
	for name, n := range all {
		if n == 0 {
			delete(all, name)
		}
	}
	return all
}

func TestCounters(t *testing.T) {
	var acked, budget atomic.Int64
	s := newSystem(t, memstore.New(), func(c *Config) {
		c.SightingsPerSecond, c.SightingsBurst, c.MatchesPerHour = 1, 6, 2
		c.NudgeAcked = func(time.Duration) { acked.Add(1) }
		c.Matched = func(lastHour int) { budget.Add(int64(lastHour)) }
	})
	a := register(t, s, "alice1", "go")
	b, c, d := register(t, s, "bob001", "go"), register(t, s, "carol1", "go"), register(t, s, "dave01", "go")
	register(t, s, "erin01", "knitting")
	for _, token := range []sighej.Token{"erin01", "nobody", b.Token, b.Token, c.Token, d.Token} {
		a.hears(token)
	}
	d.hears(a.Token) // who is at the limit
	_, err := s.Sight(t.Context(), a.Caller, make([]sighej.Sighting, 3))
	code(t, err, sighej.CodeRateLimited)
	sock := a.connect(false)
	sock.awaitFrames(3) // welcome, two nudges
	sock.conn.Received(wire.ClientFrame{Type: wire.TypeAck, ID: sock.frames[1]["id"].(string)})
	a.awaitPending(1)
	want := map[string]int64{
		"neutral": 3, "spared": 1, "matched": 2, "already_matched": 1, "match_limit": 1, "rate_limited": 3,
		"activations": 5, "pushed": 2, "acked": 1,
	}
	if diff := cmp.Diff(want, sums(s)); diff != "" || acked.Load() != 1 {
		t.Error(diff, acked.Load())
	}
	if budget.Load() != 1+2+1+1 {
		t.Errorf("%d matches of sessions in their last hours", budget.Load())
	}
	if s.Sightings() != 7 {
		t.Errorf("%d sightings", s.Sightings())
	}
	if err := s.Forget(t.Context(), b.Caller); err != nil {
		t.Fatal(err)
	}
	if want["expired"] = 1; sums(s)["expired"] != 1 {
		t.Error(cmp.Diff(want, sums(s)))
	}
}

// Nudges that wait are counted by their age, wherever they come from and however
// they go.
func TestWaitingNudges(t *testing.T) {
	store := memstore.New()
	now := time.Now()
	later := func(d time.Duration) func(*Config) {
		return func(c *Config) { c.Now = func() time.Time { return now.Add(d) } }
	}
	first := newSystem(t, store, later(0))
	a := register(t, first, "alice1", "go")
	a.hears(register(t, first, "bob001", "go").Token)
	if o := first.Outbox(0, time.Minute); o.Older[0] != 2 || o.Older[1] != 0 {
		t.Error("at once:", o)
	}
	if err := first.Leave(t.Context(), wire.CloseDraining); err != nil {
		t.Fatal(err)
	}
	if o := first.Outbox(0); o.Older[0] != 0 || o.Oldest != 0 {
		t.Error("let go:", o)
	}
	second := newSystem(t, store, later(30*time.Minute))
	if _, err := second.Describe(t.Context(), a.Caller); err != nil {
		t.Fatal(err)
	}
	o := second.Outbox(0, time.Minute, time.Hour)
	if o.Older[0] != 1 || o.Older[1] != 1 || o.Older[2] != 0 || (o.Oldest-30*time.Minute).Abs() > 2*time.Second {
		t.Error("half an hour later:", o)
	}
}

// Nudges that are withdrawn wait no longer, whoever withdraws them.
func TestWithdrawnNudgesDoNotWait(t *testing.T) {
	store := memstore.New()
	s := newSystem(t, store, nil)
	a, b, c := register(t, s, "alice1", "go"), register(t, s, "bob001", "go"), register(t, s, "carol1", "go")
	a.hears(b.Token)
	a.hears(c.Token)
	waiting := func(when string, want int64) {
		t.Helper()
		if o := s.Outbox(0); o.Older[0] != want {
			t.Errorf("%s: %d nudges wait, want %d", when, o.Older[0], want)
		}
	}
	waiting("at first", 4)
	state, err := store.Load(t.Context(), a.Token)
	if err != nil {
		t.Fatal(err)
	}
	a.blocks(state.Outbox[0].ID)
	waiting("one blocked", 3)
	c.opens(false)
	a.awaitPending(0) // by asking, which takes the other one out
	waiting("the other closed", 2)
}

// A system tells how long its letters wait.
func TestMailboxWait(t *testing.T) {
	waits := make(chan time.Duration, 16)
	newSystem(t, memstore.New(), func(c *Config) { c.MailboxWait = func(d time.Duration) { waits <- d } })
	for range 2 {
		if d := <-waits; d < 0 {
			t.Error(d)
		}
	}
}

func TestCountersAddUp(t *testing.T) {
	c := Counters{Sightings: map[string]int64{SightingNeutral: 1}, Activations: 1, Pushed: 2, Acked: 3, Expired: 4, Silent: 5, Gaps: 6}
	sum := c.Plus(c)
	if sum.Sightings[SightingNeutral] != 2 || len(sum.Sightings) != len(sightingOutcomes) {
		t.Error(sum)
	}
	sum.Sightings = nil
	if diff := cmp.Diff(Counters{Activations: 2, Pushed: 4, Acked: 6, Expired: 8, Silent: 10, Gaps: 12}, sum); diff != "" {
		t.Error(diff)
	}
}
