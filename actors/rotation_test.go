package actors

import (
	"testing"
	"testing/synctest"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence/memstore"
	"i80.dk/sighej/wire"
)

// rotate takes another token.
func (p phone) rotate(token sighej.Token) sighej.Standing {
	p.t.Helper()
	standing, err := p.s.Rotate(p.t.Context(), p.Caller, token)
	if err != nil {
		p.t.Fatal(err)
	}
	return standing
}

var match = sighej.Verdict{Match: true, Shared: []string{"go"}, NudgeSent: true}

// A phone goes on under another token: who hears it is matched, by the former one
// for a minute, and connection, credential and outbox stay. Seen failing with a
// former token that is good for an hour.
func TestRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Store: memstore.New(), Lexicon: lexicon(), TTL: time.Hour, Logger: testLogger(t)})
		a := register(t, s, "first-token", "go")
		peers := make([]phone, 5)
		for i := range peers {
			peers[i] = register(t, s, "peer-"+string(sighej.NewToken()), "go")
		}
		sock := a.connect(false)
		if standing := a.rotate("second-token"); standing.Token != "second-token" || standing.Key.Token != "first-token" {
			t.Errorf("after it: %+v", standing)
		}
		for i, token := range []sighej.Token{"first-token", "second-token"} {
			if v := peers[i].hears(token); !equal(v, match) {
				t.Errorf("heard as %s: %+v", token, v)
			}
		}
		if v := peers[0].hears("second-token"); !v.Match || v.NudgeSent {
			t.Errorf("heard again, by the new one: %+v", v)
		}
		for _, token := range []sighej.Token{"first-token", "second-token"} {
			if v := a.hears(token); v.Code != sighej.CodeInvalid {
				t.Errorf("heard itself as %s: %+v", token, v)
			}
		}
		time.Sleep(rotationGrace)
		if v := peers[2].hears("first-token"); !equal(v, sighej.Verdict{}) {
			t.Errorf("heard as it was before, a minute later: %+v", v)
		}
		a.rotate("third-token")
		for i, want := range map[int]sighej.Token{3: "second-token", 4: "third-token"} {
			if v := peers[i].hears(want); !equal(v, match) {
				t.Errorf("heard as %s: %+v", want, v)
			}
		}
		for _, named := range []sighej.Token{"first-token", "third-token", ""} {
			key, err := s.Admit(t.Context(), sighej.Caller{Token: named, Access: a.Access})
			if err != nil || key.Token != "first-token" {
				t.Errorf("admitted as %q: %v, %v", named, key, err)
			}
		}
		synctest.Wait()
		if n := sock.count(wire.TypeNudge); n != 4 || sock.closeCode() != 0 {
			t.Errorf("%d nudges, closed with %d", n, sock.closeCode())
		}
		_, err := s.Rotate(t.Context(), peers[0].Caller, "third-token")
		code(t, err, sighej.CodeTokenLive)
		if err := s.Forget(t.Context(), a.Caller); err != nil {
			t.Error(err)
		}
		if _, err := s.Rotate(t.Context(), peers[0].Caller, "third-token"); err != nil {
			t.Errorf("a token of a session that was forgotten: %v", err)
		}
		if err := s.Close(t.Context(), wire.CloseDraining); err != nil {
			t.Error(err)
		}
		if n := s.aliases.Size(); n != 0 {
			t.Errorf("%d tokens are left", n)
		}
	})
}

// Another member takes over, and knows the tokens.
func TestRotationIsKept(t *testing.T) {
	store := memstore.New()
	first := newSystem(t, store, nil)
	a, b, c := register(t, first, "alice1", "go"), register(t, first, "bob001", "go"), register(t, first, "carol1", "go")
	a.rotate("alice2")
	s := newSystem(t, store, nil)
	for i, p := range []phone{b, c} {
		if v := p.on(s).hears([]sighej.Token{"alice1", "alice2"}[i]); !equal(v, match) {
			t.Errorf("%+v", v)
		}
	}
}

// The session lives by its first token, whichever member the others lead to, and
// whoever hears it is wherever.
func TestRotationAcrossMembers(t *testing.T) {
	w := newTown(t, 3, nil)
	for i, home := range []string{"0", "1", "2"} {
		p := register(t, w.members[0], "session-"+home+"-"+home, "go")
		sock := p.on(w.members[(i+1)%3]).connect(false)
		sock.awaitFrames(1)
		nudges := 0
		for _, last := range []string{"0", "1", "2"} {
			taken := sighej.Token("taken-by-" + home + "-at-" + last)
			if standing := p.on(w.members[(i+2)%3]).rotate(taken); standing.Token != taken {
				t.Errorf("%+v", standing)
			}
			for _, at := range []string{"0", "1", "2"} {
				hearer := register(t, w.members[1], "hearer-"+home+last+"-"+at, "go")
				deaf := register(t, w.members[1], "others-"+home+last+"-"+at, "chess")
				if v := deaf.hears(taken); !equal(v, sighej.Verdict{}) {
					t.Errorf("session of %s as one of %s heard at %s by somebody else: %+v", home, last, at, v)
				}
				if v := hearer.hears(taken); !equal(v, match) {
					t.Errorf("session of %s as one of %s heard at %s: %+v", home, last, at, v)
				}
				nudges++
				for _, member := range w.members {
					key, err := member.Admit(t.Context(), sighej.Caller{Token: taken, Access: p.Access})
					if err != nil || key.Token != p.Token {
						t.Errorf("admitted as %v, %v", key, err)
					}
				}
			}
		}
		sock.await("all nudges", func() bool { return count(sock, wire.TypeNudge) == nudges })
	}
}
