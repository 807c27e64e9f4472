package actors

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence/memstore"
	"i80.dk/sighej/wire"
)

// heard reports that a token was heard at a time.
func (p phone) heard(token sighej.Token, at time.Time) sighej.Verdict {
	p.t.Helper()
	v, err := p.s.Sight(p.t.Context(), p.Caller, []sighej.Sighting{{Token: token, SeenAt: at}})
	if err != nil {
		p.t.Fatal(err)
	}
	return v[0]
}

// A sighting that tells when counts only if both tokens were in the air then, and
// no longer than a quarter of an hour ago. Seen failing without maxLate.
func TestLateSightings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Store: memstore.New(), Lexicon: lexicon(), TTL: 3 * time.Hour, Logger: testLogger(t)})
		early := register(t, s, "early1", "go")
		time.Sleep(time.Hour)
		b, other := register(t, s, "bob001", "go"), register(t, s, "early2", "go")
		register(t, s, "still1", "go") // keeps its token
		time.Sleep(20 * time.Minute)
		b.rotate("bob002")
		rotated := time.Now()
		late := register(t, s, "late01", "go")
		time.Sleep(30 * time.Second)
		now := time.Now()
		fresh := func() phone { return register(t, s, string(sighej.NewToken()), "go") }
		for _, c := range []struct {
			what  string
			by    phone
			token sighej.Token
			at    time.Time
			want  bool
		}{
			{"just now", early, "bob002", now, true},
			{"a while ago, by the former token", fresh(), "bob001", now.Add(-10 * time.Second), true},
			{"a quarter of an hour ago", other, "still1", now.Add(-15*time.Minute + time.Second), true},
			{"more than a quarter of an hour ago", early, "still1", now.Add(-15*time.Minute - time.Second), false},
			{"before the session of who reports", late, "bob001", now.Add(-10 * time.Minute), false},
			{"before it had that token", early, "late01", rotated.Add(-2 * time.Minute), false},
			{"of the future", fresh(), "bob002", now.Add(2 * time.Minute), false},
		} {
			if v := c.by.heard(c.token, c.at); v.NudgeSent != c.want || v.Code != "" {
				t.Errorf("%s: %+v", c.what, v)
			}
		}
		one, two := register(t, s, "one001", "chess"), register(t, s, "two001", "chess")
		time.Sleep(30 * time.Minute)
		two.rotate("two002")
		taken := time.Now()
		time.Sleep(14 * time.Minute)
		for _, c := range []struct {
			what  string
			token sighej.Token
			at    time.Time
		}{
			{"before it took the token", "two002", taken.Add(-90 * time.Second)},
			{"by a token that is over", "two001", taken.Add(-30 * time.Second)},
		} {
			if v := one.heard(c.token, c.at); !equal(v, sighej.Verdict{}) {
				t.Errorf("%s: %+v", c.what, v)
			}
		}
		if v := one.heard("two002", taken.Add(time.Second)); !v.NudgeSent {
			t.Errorf("since it took the token: %+v", v)
		}
		if err := s.Close(t.Context(), wire.CloseDraining); err != nil {
			t.Error(err)
		}
	})
}

// The same sighting counts once, also in one message; one that could not be
// decided may be told again. Seen failing with an admit that keeps nothing.
func TestLateSightingsCountOnce(t *testing.T) {
	store := &faulty{Sessions: memstore.New()}
	s := newSystem(t, store, nil)
	a, b, c := register(t, s, "alice1", "go"), register(t, s, "bob001", "go"), register(t, s, "carol1", "go")
	at := time.Now()
	store.before.Store(true)
	if v := a.heard(b.Token, at); v.Code != sighej.CodeUnavailable {
		t.Errorf("%+v", v)
	}
	store.before.Store(false)
	if v := a.heard(b.Token, at); !v.NudgeSent {
		t.Errorf("told again, since it could not be decided: %+v", v)
	}
	if v := a.heard(b.Token, at); !equal(v, sighej.Verdict{}) {
		t.Errorf("told again: %+v", v)
	}
	if v := a.heard(b.Token, at.Add(-time.Millisecond)); !v.Match {
		t.Errorf("another sighting: %+v", v)
	}
	verdicts, err := s.Sight(t.Context(), a.Caller, []sighej.Sighting{{Token: c.Token, SeenAt: at}, {Token: c.Token, SeenAt: at}})
	if err != nil || !verdicts[0].NudgeSent || !equal(verdicts[1], sighej.Verdict{}) {
		t.Errorf("twice in a message: %+v, %v", verdicts, err)
	}
}

// What is remembered of them is bounded, and room comes with time. Whom they are
// about makes no difference.
func TestManyLateSightings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Store: memstore.New(), Lexicon: lexicon(), TTL: time.Hour, Logger: testLogger(t)})
		a, b := register(t, s, "alice1", "go"), register(t, s, "bob001", "go")
		first := time.Now()
		for i := range 10 { // of the future: they count for nothing and take no room
			a.heard("nobody", first.Add(time.Hour+time.Duration(i)))
		}
		sightings := make([]sighej.Sighting, maxLates+1)
		for i := range sightings {
			sightings[i] = sighej.Sighting{Token: "nobody", SeenAt: first.Add(time.Duration(i) * time.Microsecond)}
		}
		verdicts, err := s.Sight(t.Context(), a.Caller, sightings)
		if err != nil || verdicts[maxLates-1].Code != "" || verdicts[maxLates].Code != sighej.CodeRateLimited {
			t.Fatal(err, verdicts[maxLates])
		}
		if v := a.heard(b.Token, first.Add(time.Second)); v.Code != sighej.CodeRateLimited || v.Match {
			t.Errorf("of a peer: %+v", v)
		}
		if v := a.hears("nobody"); v.Code != "" {
			t.Errorf("of now: %+v", v)
		}
		time.Sleep(maxLate + time.Second)
		if v := a.heard(b.Token, time.Now()); !v.NudgeSent {
			t.Errorf("a quarter of an hour later: %+v", v)
		}
		if err := s.Close(t.Context(), wire.CloseDraining); err != nil {
			t.Error(err)
		}
	})
}

// When a token was taken is known wherever it is heard. Seen failing with a heardAs
// that does not look at Since.
func TestLateSightingsAcrossMembers(t *testing.T) {
	var behind atomic.Int64
	w := newTown(t, 3, func(c *Config) { c.Now = func() time.Time { return time.Now().Add(-time.Duration(behind.Load())) } })
	for _, home := range []string{"0", "1", "2"} {
		behind.Store(int64(10 * time.Minute)) // so long do they live already
		p := register(t, w.members[0], "session-"+home+"-"+home, "go")
		hearer := register(t, w.members[1], "hearer-of-"+home+"-0", "go")
		behind.Store(0)
		taken := sighej.Token(fmt.Sprintf("taken-%s-1", home))
		p.rotate(taken)
		if v := hearer.heard(taken, time.Now().Add(-2*time.Minute)); !equal(v, sighej.Verdict{}) {
			t.Errorf("session of %s, before it took the token: %+v", home, v)
		}
		if v := hearer.heard(taken, time.Now()); !v.NudgeSent {
			t.Errorf("session of %s, since it took the token: %+v", home, v)
		}
	}
}
