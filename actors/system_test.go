package actors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/interest"
	"i80.dk/sighej/persistence"
	"i80.dk/sighej/persistence/memstore"
	"i80.dk/sighej/wire"
)

// lexicon is under a key that the tests share, as the members of a cluster do.
var lexicon = sync.OnceValue(func() *interest.Lexicon {
	return interest.NewLexicon(interest.Default(), []byte("the key of the actors' tests, 32+"), false)
})

func newSystem(t testing.TB, store persistence.Sessions, change func(*Config)) *System {
	t.Helper()
	_, inMemory := store.(*memstore.Store)
	cfg := Config{Store: store, Lexicon: lexicon(), TTL: time.Hour, Logger: testLogger(t), Immediate: inMemory}
	if change != nil {
		change(&cfg)
	}
	s := New(cfg)
	t.Cleanup(func() {
		if err := s.Close(context.Background(), wire.CloseDraining); err != nil {
			t.Error(err)
		}
	})
	return s
}

// phone is a registered session as its owner has it.
type phone struct {
	sighej.Caller
	t testing.TB
	s *System
}

func register(t testing.TB, s *System, token string, interests ...string) phone {
	t.Helper()
	r, err := s.Register(t.Context(), sighej.NewSession{Token: sighej.Token(token), Interests: interests, Open: true})
	if err != nil {
		t.Fatal(err)
	}
	return phone{sighej.Caller{Token: sighej.Token(token), Access: r.Access}, t, s}
}

func (p phone) hears(token sighej.Token) sighej.Verdict {
	p.t.Helper()
	v, err := p.s.Sight(p.t.Context(), p.Caller, []sighej.Sighting{{Token: token}})
	if err != nil {
		p.t.Fatal(err)
	}
	return v[0]
}

func (p phone) connect(bare bool) *socket {
	p.t.Helper()
	key, err := p.s.Admit(p.t.Context(), p.Caller)
	if err != nil {
		p.t.Fatal(err)
	}
	sock := &socket{t: p.t}
	sock.changed.L = &sock.mu
	sock.mu.Lock()
	defer sock.mu.Unlock()
	sock.conn = p.s.Attach(key, sock, bare)
	return sock
}

// socket keeps the frames that a connection's actor sends.
type socket struct {
	t       testing.TB
	conn    *Connection
	mu      sync.Mutex
	changed sync.Cond
	frames  []map[string]any
	nudges  []sighej.NudgeID
	code    wire.CloseCode
}

func (s *socket) Send(frame []byte, id sighej.NudgeID) bool {
	var f map[string]any
	if err := json.Unmarshal(frame, &f); err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frames = append(s.frames, f)
	s.nudges = append(s.nudges, id)
	s.changed.Broadcast()
	return true
}

func (s *socket) Close(code wire.CloseCode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.code == 0 {
		s.code = code
	}
	s.changed.Broadcast()
}

// await waits until what is true of the socket; ten seconds are for ever.
func (s *socket) await(what string, ok func() bool) {
	s.t.Helper()
	giveUp := time.AfterFunc(10*time.Second, func() { s.changed.Broadcast() })
	defer giveUp.Stop()
	deadline := time.Now().Add(10 * time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	for !ok() {
		if !time.Now().Before(deadline) {
			s.t.Fatalf("in vain: %s; the socket has %v and close code %d", what, s.frames, s.code)
		}
		s.changed.Wait()
	}
}

func (s *socket) awaitFrames(n int) []map[string]any {
	s.t.Helper()
	s.await(fmt.Sprintf("%d frames", n), func() bool { return len(s.frames) >= n })
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.frames)
}

func (s *socket) awaitClose(code wire.CloseCode) {
	s.t.Helper()
	s.await(fmt.Sprintf("close %d", code), func() bool { return s.code == code })
}

func (s *socket) closeCode() wire.CloseCode {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.code
}

func (s *socket) count(frameType string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, f := range s.frames {
		if f["type"] == frameType {
			n++
		}
	}
	return n
}

// pending polls until the session's outbox holds n nudges.
func (p phone) awaitPending(n int) {
	p.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		st, err := p.s.Describe(p.t.Context(), p.Caller)
		if err != nil {
			p.t.Fatal(err)
		}
		if st.Pending == n {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%d nudges pending, want %d", st.Pending, n)
		}
	}
}

func code(t *testing.T, err error, want sighej.Code) {
	t.Helper()
	if got := sighej.CodeOf(err); got != want {
		t.Errorf("error %q (%v), want %q", got, err, want)
	}
}

func TestVerdicts(t *testing.T) {
	s := newSystem(t, memstore.New(), nil)
	a := register(t, s, "alice1", "DevOps", "golang", "hardstyle")
	register(t, s, "bob001", "devops", "go", "chess")
	register(t, s, "carol1", "philosophy")
	dave := register(t, s, "dave01", "devops")
	if _, err := s.SetOpen(t.Context(), dave.Caller, false); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		token sighej.Token
		want  sighej.Verdict
	}{
		{"an overlap, in the reporter's spelling", "bob001", sighej.Verdict{Match: true, Shared: []string{"DevOps", "golang"}, NudgeSent: true}},
		{"once more", "bob001", sighej.Verdict{Match: true, Shared: []string{"DevOps", "golang"}}},
		{"no overlap", "carol1", sighej.Verdict{}},
		{"a closed peer", "dave01", sighej.Verdict{}},
		{"an unknown peer", "nobody", sighej.Verdict{}},
		{"oneself", "alice1", sighej.Verdict{Code: sighej.CodeInvalid}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := a.hears(c.token); !equal(got, c.want) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func equal(a, b sighej.Verdict) bool {
	return a.Match == b.Match && slices.Equal(a.Shared, b.Shared) && a.NudgeSent == b.NudgeSent && a.Code == b.Code
}

func TestReportersOwnConsentCounts(t *testing.T) {
	s := newSystem(t, memstore.New(), nil)
	a, b := register(t, s, "alice1", "go"), register(t, s, "bob001", "go")
	standing, err := s.SetOpen(t.Context(), a.Caller, false)
	if err != nil || standing.Open {
		t.Fatal(standing, err)
	}
	if v := a.hears(b.Token); v.Match {
		t.Error("matched though its own session is closed")
	}
	if v := b.hears(a.Token); v.Match {
		t.Error("matched with a closed session")
	}
	if _, err := s.SetOpen(t.Context(), a.Caller, true); err != nil {
		t.Fatal(err)
	}
	if v := b.hears(a.Token); !v.NudgeSent {
		t.Error("no match though both are open again")
	}
}

func TestSeenAtOutsideTheSessionsCountsForNothing(t *testing.T) {
	s := newSystem(t, memstore.New(), nil)
	a, b := register(t, s, "alice1", "go"), register(t, s, "bob001", "go")
	for _, at := range []time.Time{time.Now().Add(-2 * clockSkew), time.Now().Add(2 * clockSkew)} {
		v, err := s.Sight(t.Context(), a.Caller, []sighej.Sighting{{Token: b.Token, SeenAt: at}})
		if err != nil || v[0].Match {
			t.Errorf("seen at %v: %+v, %v", at, v, err)
		}
	}
	v, err := s.Sight(t.Context(), a.Caller, []sighej.Sighting{{Token: b.Token, SeenAt: time.Now()}})
	if err != nil || !v[0].NudgeSent {
		t.Errorf("seen now: %+v, %v", v, err)
	}
}

func TestNudgesReachBothPhones(t *testing.T) {
	s := newSystem(t, memstore.New(), nil)
	a, b := register(t, s, "alice1", "DevOps", "Hardstyle"), register(t, s, "bob001", "devops", "hardstyle", "go")
	sa, sb := a.connect(false), b.connect(true)
	sa.awaitFrames(1)
	if v := a.hears(b.Token); !v.NudgeSent {
		t.Fatal(v)
	}
	fa, fb := sa.awaitFrames(2), sb.awaitFrames(1)
	if fa[0]["type"] != "welcome" || fa[0]["pending"] != 0.0 {
		t.Error("welcome:", fa[0])
	}
	if fa[1]["message"] != "Someone nearby shares your interest in DevOps and Hardstyle." || fa[1]["id"] == "" || fa[1]["at"] == nil {
		t.Error("nudge:", fa[1])
	}
	want := map[string]any{"type": "nudge", "shared_interests": []any{"devops", "hardstyle"}, "message": "Someone nearby shares your interest in devops and hardstyle."}
	if fmt.Sprint(fb[0]) != fmt.Sprint(want) {
		t.Error("bare nudge:", fb[0])
	}
	b.awaitPending(1)
	sb.conn.Delivered(sb.nudges)
	b.awaitPending(0)
}

func TestUnacknowledgedNudgesComeAgain(t *testing.T) {
	s := newSystem(t, memstore.New(), nil)
	a := register(t, s, "alice1", "go")
	for _, peer := range []string{"peer01", "peer02", "peer03"} {
		register(t, s, peer, "go").hears(a.Token)
	}
	first := a.connect(false).awaitFrames(4)
	if first[0]["pending"] != 3.0 {
		t.Error("welcome:", first[0])
	}
	second := a.connect(false)
	again := second.awaitFrames(4)
	for i := 1; i < 4; i++ {
		if first[i]["id"] != again[i]["id"] {
			t.Errorf("nudge %d came as %v and then as %v", i, first[i]["id"], again[i]["id"])
		}
	}
	ackFrame := wire.ClientFrame{Type: wire.TypeAck, ID: again[2]["id"].(string)}
	second.conn.Received(ackFrame)
	second.conn.Received(ackFrame) // twice does no harm
	a.awaitPending(2)
	if third := a.connect(false).awaitFrames(3); third[1]["id"] != first[1]["id"] || third[2]["id"] != first[3]["id"] {
		t.Error("after the ack:", third)
	}
}

func TestNewerConnectionTakesOver(t *testing.T) {
	s := newSystem(t, memstore.New(), nil)
	a, b := register(t, s, "alice1", "go"), register(t, s, "bob001", "go")
	older, newer := a.connect(false), a.connect(false)
	older.awaitClose(wire.CloseTakenOver)
	older.conn.Closed()
	newer.awaitFrames(1)
	b.hears(a.Token)
	newer.awaitFrames(2)
	if older.count(wire.TypeNudge) != 0 {
		t.Error("the older connection got the nudge")
	}
}

func TestFrames(t *testing.T) {
	s := newSystem(t, memstore.New(), nil)
	a := register(t, s, "alice1", "go", "chess")
	register(t, s, "bob001", "go")
	no := false
	for _, c := range []struct {
		name  string
		frame wire.ClientFrame
		want  string
	}{
		{
			"a sighting",
			wire.ClientFrame{Type: "sighting", Ref: "r1", Tokens: []string{"bob001", "nobody"}},
			`map[ref:r1 results:[map[match:true nudge_sent:true shared_interests:[go] token:bob001] map[match:false nudge_sent:false shared_interests:[] token:nobody]] type:sighted]`,
		},
		{"a short token", wire.ClientFrame{Type: "sighting", Ref: "r2", Tokens: []string{"bob"}}, `code:invalid`},
		{"no tokens", wire.ClientFrame{Type: "sighting", Ref: "r3"}, `ref:r3`},
		{"a ref at its limit", wire.ClientFrame{Type: "sighting", Ref: strings.Repeat("r", 64), Tokens: []string{"nobody"}}, `type:sighted`},
		{"a ref over it", wire.ClientFrame{Type: "sighting", Ref: strings.Repeat("r", 65), Tokens: []string{"nobody"}}, `map[code:invalid message:a ref has at most 64 bytes type:error]`},
		{"an unknown type", wire.ClientFrame{Type: "dance", Ref: "r4"}, `code:unknown_type`},
		{"an ack of nothing", wire.ClientFrame{Type: "ack", ID: "x"}, `code:invalid`},
		{"an open without a value", wire.ClientFrame{Type: "open"}, `code:invalid`},
	} {
		t.Run(c.name, func(t *testing.T) {
			sock := a.connect(false)
			sock.conn.Received(c.frame)
			frames := sock.awaitFrames(2)
			deadline := slices.IndexFunc(frames, func(f map[string]any) bool { return f["type"] != "welcome" && f["type"] != "nudge" })
			for deadline < 0 {
				frames = sock.awaitFrames(len(frames) + 1)
				deadline = slices.IndexFunc(frames, func(f map[string]any) bool { return f["type"] != "welcome" && f["type"] != "nudge" })
			}
			if got := fmt.Sprint(frames[deadline]); !strings.Contains(got, c.want) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	sock := a.connect(false)
	sock.conn.Received(wire.ClientFrame{Type: "open", Value: &no})
	sock.conn.Received(wire.ClientFrame{Type: "sighting", Ref: "after", Tokens: []string{"bob001"}})
	sock.await("the answer after the open frame", func() bool {
		return slices.ContainsFunc(sock.frames, func(f map[string]any) bool {
			return f["ref"] == "after" && strings.Contains(fmt.Sprint(f["results"]), "match:false")
		})
	})
}

func TestLimits(t *testing.T) {
	t.Run("sightings", func(t *testing.T) {
		s := newSystem(t, memstore.New(), func(c *Config) { c.SightingsPerSecond, c.SightingsBurst = 1, 3 })
		a := register(t, s, "alice1", "go")
		v, err := s.Sight(t.Context(), a.Caller, slices.Repeat([]sighej.Sighting{{Token: "nobody"}}, 5))
		if err != nil || v[2].Code != "" || v[3].Code != sighej.CodeRateLimited {
			t.Fatalf("%+v, %v", v, err)
		}
		_, err = s.Sight(t.Context(), a.Caller, []sighej.Sighting{{Token: "nobody"}})
		code(t, err, sighej.CodeRateLimited)
		if e, ok := errors.AsType[*sighej.Error](err); !ok || e.RetryAfter <= 0 {
			t.Error("no time to come again:", err)
		}
	})
	t.Run("matches", func(t *testing.T) {
		s := newSystem(t, memstore.New(), func(c *Config) { c.MatchesPerHour = 2 })
		a, b := register(t, s, "alice1", "go"), register(t, s, "bob001", "go")
		for _, peer := range []string{"peer01", "peer02"} {
			if v := a.hears(register(t, s, peer, "go").Token); !v.NudgeSent {
				t.Fatal(v)
			}
		}
		if v := a.hears(b.Token); v.Code != sighej.CodeMatchLimit {
			t.Errorf("over its own limit: %+v", v)
		}
		if v := b.hears(a.Token); !equal(v, sighej.Verdict{}) {
			t.Errorf("over the other's limit: %+v", v)
		}
		if v := a.hears("peer01"); !v.Match || v.NudgeSent {
			t.Errorf("a peer matched before: %+v", v)
		}
	})
}

func TestCredentials(t *testing.T) {
	store := memstore.New()
	s := newSystem(t, store, nil)
	a, b := register(t, s, "alice1", "go"), register(t, s, "bob001", "go")
	wrong := sighej.NewAccessToken()
	for _, c := range []struct {
		name   string
		caller sighej.Caller
		want   sighej.Code
	}{
		{"one's own", a.Caller, ""},
		{"the access token alone", sighej.Caller{Access: a.Access}, ""},
		{"none", sighej.Caller{Token: a.Token}, sighej.CodeUnauthorized},
		{"nothing at all", sighej.Caller{}, sighej.CodeUnauthorized},
		{"wrong", sighej.Caller{Token: a.Token, Access: wrong}, sighej.CodeUnauthorized},
		{"wrong, alone", sighej.Caller{Access: wrong}, sighej.CodeUnauthorized},
		{"not of the form", sighej.Caller{Token: a.Token, Access: "secret"}, sighej.CodeUnauthorized},
		{"another's token", sighej.Caller{Token: b.Token, Access: a.Access}, sighej.CodeForbidden},
		{"an unknown token", sighej.Caller{Token: "nobody", Access: a.Access}, sighej.CodeForbidden},
		{"unknown both", sighej.Caller{Token: "nobody", Access: wrong}, sighej.CodeUnauthorized},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := s.Admit(t.Context(), c.caller)
			code(t, err, c.want)
		})
	}
	lab := newSystem(t, store, func(c *Config) { c.Beacon = true })
	_, err := lab.Admit(t.Context(), sighej.Caller{Token: a.Token})
	code(t, err, "")
	_, err = lab.Admit(t.Context(), sighej.Caller{Token: "nobody"})
	code(t, err, sighej.CodeNotFound)
}

func TestForget(t *testing.T) {
	s := newSystem(t, memstore.New(), nil)
	a, b := register(t, s, "alice1", "go"), register(t, s, "bob001", "go")
	sock := a.connect(false)
	if err := s.Forget(t.Context(), a.Caller); err != nil {
		t.Fatal(err)
	}
	sock.awaitClose(wire.CloseForgotten)
	if v := b.hears("alice1"); v.Match {
		t.Error("matched with a forgotten session")
	}
	_, err := s.Admit(t.Context(), a.Caller)
	code(t, err, sighej.CodeUnauthorized)
	register(t, s, "alice1", "go")
	if v := b.hears("alice1"); !v.NudgeSent {
		t.Error("the token's next session was not matched")
	}
}

// Who was told that a session is forgotten must not meet what is left of it.
func TestForgottenIsFoundByNobody(t *testing.T) {
	s := newSystem(t, memstore.New(), nil)
	a := register(t, s, "alice1", "go")
	snap, _ := s.index.Load(a.Token)
	left := make(chan bool, 1)
	s.send(snap.pid, &forget{func(error) {
		_, found := s.index.Load(a.Token)
		left <- found
	}})
	if <-left {
		t.Error("the session is still listed when its phone is told that it is forgotten")
	}
}

func TestNamesOfTheActorLibraryAreTokensToo(t *testing.T) {
	s := newSystem(t, memstore.New(), nil)
	a, b := register(t, s, "deadletter", "go"), register(t, s, "eventstream", "go")
	if v := a.hears(b.Token); !v.NudgeSent {
		t.Error(v)
	}
}

func testLogger(t testing.TB) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }
