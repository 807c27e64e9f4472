package actors

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence/memstore"
	"i80.dk/sighej/wire"
)

func mutual(c *Config) { c.Mutual, c.SightingWindow = true, time.Minute }

// One report alone gets the neutral answer; with the other's, both get the nudge,
// wherever they live, and who reported second learns that the match is made. Seen failing
// without the look into reports in onMeet.
func TestMutual(t *testing.T) {
	w := newTown(t, 3, mutual)
	for i, homes := range []string{"00", "01", "10", "12"} {
		a := register(t, w.members[i%3], fmt.Sprintf("session-a-%d-%c", i, homes[0]), "go")
		b := register(t, w.members[0], fmt.Sprintf("session-b-%d-%c", i, homes[1]), "go")
		c := register(t, w.members[0], fmt.Sprintf("session-c-%d-%c", i, homes[1]), "go")
		sockA, sockB := a.connect(false), b.connect(false)
		for range 2 {
			if v := a.hears(b.Token); !equal(v, sighej.Verdict{}) {
				t.Errorf("%s: one side: %+v", homes, v)
			}
		}
		if v := c.hears(a.Token); !equal(v, sighej.Verdict{}) {
			t.Errorf("%s: whom nobody has heard: %+v", homes, v)
		}
		if v := b.hears(a.Token); !equal(v, match) {
			t.Errorf("%s: the other side: %+v", homes, v)
		}
		sockA.nudge(1)
		sockB.nudge(1)
		if v := a.hears(b.Token); !equal(v, sighej.Verdict{Match: true, Shared: []string{"go"}}) {
			t.Errorf("%s: once more: %+v", homes, v)
		}
		a.awaitPending(1)
	}
}

func TestMutualWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := Config{Store: memstore.New(), Lexicon: lexicon(), TTL: 3 * time.Hour, Logger: testLogger(t)}
		mutual(&cfg)
		s := New(cfg)
		pair := func() (phone, phone) {
			return register(t, s, string(sighej.NewToken()), "go"), register(t, s, string(sighej.NewToken()), "go")
		}
		a, b := pair()
		a.hears(b.Token)
		time.Sleep(time.Minute + time.Second)
		if v := b.hears(a.Token); !equal(v, sighej.Verdict{}) {
			t.Errorf("after the window: %+v", v)
		}
		time.Sleep(50 * time.Second)
		if v := a.hears(b.Token); !v.NudgeSent {
			t.Errorf("within the window of the second report: %+v", v)
		}
		a, b = pair()
		time.Sleep(10 * time.Minute)
		a.heard(b.Token, time.Now().Add(-2*time.Minute))
		if v := b.hears(a.Token); !equal(v, sighej.Verdict{}) {
			t.Errorf("heard before the window: %+v", v)
		}
		if v := a.heard(b.Token, time.Now().Add(-2*time.Minute-time.Millisecond)); !equal(v, sighej.Verdict{}) {
			t.Errorf("heard before the window of the other's report: %+v", v)
		}
		a, b = pair()
		a.heard(b.Token, time.Now().Add(50*time.Second)) // its clock is wrong
		time.Sleep(70 * time.Second)
		if v := b.hears(a.Token); !equal(v, sighej.Verdict{}) {
			t.Errorf("heard by a clock that is before ours: %+v", v)
		}
		if err := s.Close(t.Context(), wire.CloseDraining); err != nil {
			t.Error(err)
		}
	})
}

// Both report each other at once, again and again: there is one match, and one of
// the answers says so.
func TestMutualCrossfire(t *testing.T) {
	s := newSystem(t, memstore.New(), mutual)
	for range 500 {
		a, b := register(t, s, string(sighej.NewToken()), "go"), register(t, s, string(sighej.NewToken()), "go")
		sent := make([]int, 2)
		var wg sync.WaitGroup
		for i, p := range [][2]phone{{a, b}, {b, a}} {
			wg.Go(func() {
				for range 2 {
					if p[0].hears(p[1].Token).NudgeSent {
						sent[i]++
					}
				}
			})
		}
		wg.Wait()
		a.awaitPending(1)
		b.awaitPending(1)
		if sent[0]+sent[1] != 1 {
			t.Fatalf("%v answers made the match", sent)
		}
	}
}

// What is remembered is bounded: who was reported before too many others must be
// reported again.
func TestMutualMemory(t *testing.T) {
	s := newSystem(t, memstore.New(), mutual)
	a := register(t, s, "alice1", "go")
	peers := make([]phone, maxHeard+1)
	for i := range peers {
		peers[i] = register(t, s, string(sighej.NewToken()), "go")
		a.hears(peers[i].Token)
	}
	if v := peers[0].hears(a.Token); !equal(v, sighej.Verdict{}) {
		t.Errorf("the oldest: %+v", v)
	}
	if v := peers[1].hears(a.Token); !v.NudgeSent {
		t.Errorf("the next: %+v", v)
	}
	a.hears(peers[0].Token) // heard lately by that one
	if v := peers[0].hears(a.Token); !v.Match {
		t.Errorf("reported again: %+v", v)
	}
}

func TestRSSIFloor(t *testing.T) {
	s := newSystem(t, memstore.New(), func(c *Config) { c.RSSIFloor = -80 })
	a := register(t, s, "alice1", "go")
	for rssi, want := range map[int8]bool{-80: true, -79: true, 4: true, -81: false, -127: false, 0: false} {
		b := register(t, s, string(sighej.NewToken()), "go")
		v, err := s.Sight(t.Context(), a.Caller, []sighej.Sighting{{Token: b.Token, RSSI: rssi}})
		if err != nil || v[0].NudgeSent != want || !want && !equal(v[0], sighej.Verdict{}) {
			t.Errorf("%d dBm: %+v, %v", rssi, v, err)
		}
	}
}

// At the limit of one's own matches all that one does not know gets the same
// answer: it must not tell who shares an interest.
func TestLimitTellsNothing(t *testing.T) {
	s := newSystem(t, memstore.New(), func(c *Config) { c.MatchesPerHour = 1 })
	a, met := register(t, s, "alice1", "go"), register(t, s, "bob001", "go")
	overlap, closed, other := register(t, s, "carol1", "go"), register(t, s, "dave01", "go"), register(t, s, "erin01", "chess")
	closed.opens(false)
	batch := []sighej.Sighting{{Token: met.Token}, {Token: overlap.Token}, {Token: closed.Token}, {Token: other.Token}, {Token: "nobody"}, {Token: met.Token}}
	for i := range 2 {
		verdicts, err := s.Sight(t.Context(), a.Caller, batch)
		if err != nil {
			t.Fatal(err)
		}
		for n, v := range verdicts {
			if known := n == 0 || n == 5; known && !v.Match || !known && !equal(v, sighej.Verdict{Code: sighej.CodeMatchLimit}) {
				t.Errorf("time %d, sighting %d: %+v", i, n, v)
			}
		}
	}
	if v := a.hears(a.Token); v.Code != sighej.CodeInvalid {
		t.Errorf("oneself: %+v", v)
	}
	if v := overlap.hears(met.Token); !equal(v, sighej.Verdict{}) { // met is at its limit, too
		t.Errorf("over the peer's limit: %+v", v)
	}
}
