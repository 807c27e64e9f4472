package benchtest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"i80.dk/sighej/wire"
)

const label = "an interest of nobody"

// couple is two phones at a proxy that share "go", connected.
type couple struct {
	proxy          *Proxy
	a, b           *phone
	aSocket, other *socket // of a and of b
}

func meet(t *testing.T, f Fault) couple {
	t.Helper()
	base, _ := startMember(t, nil)
	c := couple{proxy: Start(t, base, f)}
	c.a, c.b = register(t, c.proxy.URL, "go", "chess"), register(t, c.proxy.URL, "go", "hardstyle")
	c.aSocket, c.other = c.a.connect(), c.b.connect()
	return c
}

func (c couple) did(t *testing.T, want Tampered) {
	t.Helper()
	if d := cmp.Diff(want, c.proxy.Tampered()); d != "" {
		t.Error("it counts:", d)
	}
}

// more returns n more phones that share "go" with a, without connections.
func (c couple) more(t *testing.T, n int) (others []*phone) {
	for range n {
		others = append(others, register(t, c.proxy.URL, "go"))
	}
	return others
}

const message = "Someone nearby shares your interest in go."

func TestNoFault(t *testing.T) {
	c := meet(t, Fault{})
	if got := c.a.match(c.b); !cmp.Equal(got, wire.MatchResult{Match: true, SharedInterests: []string{"go"}, NudgeSent: true}) {
		t.Errorf("%+v", got)
	}
	a, b := c.aSocket.nudge(), c.other.nudge()
	for _, n := range []wire.Nudge{a, b} {
		if n.Message != message || !slices.Equal(n.SharedInterests, []string{"go"}) || n.ID == "" || n.At.IsZero() {
			t.Errorf("%+v", n)
		}
	}
	if a.ID == b.ID {
		t.Error("one id for two nudges")
	}
	c.did(t, Tampered{})
}

func TestDropNudge(t *testing.T) {
	base, _ := startMember(t, nil)
	c := couple{proxy: Start(t, base, Fault{DropNudge: 2})}
	c.a = register(t, c.proxy.URL, "go")
	s := c.a.connect()
	for range 4 { // the peers are not connected, so all nudges are those of a
		c.a.match(c.more(t, 1)[0])
	}
	s.nudge()
	s.nudge()
	eventually(t, "the last nudge to be lost", func() bool { return c.proxy.Tampered().DropNudge == 2 })
	if f := s.sight("end", c.a.token+"x"); typeOf([]byte(f)) != wire.TypeSighted {
		t.Error("a third nudge:", f)
	}
	c.did(t, Tampered{DropNudge: 2})
}

func TestDuplicateNudge(t *testing.T) {
	base, _ := startMember(t, nil)
	c := couple{proxy: Start(t, base, Fault{DuplicateNudge: 2})}
	c.a = register(t, c.proxy.URL, "go")
	s := c.a.connect()
	for _, peer := range c.more(t, 3) {
		c.a.match(peer)
	}
	var ids []string
	for range 4 {
		ids = append(ids, s.nudge().ID)
	}
	if f := s.sight("end", c.a.token+"x"); typeOf([]byte(f)) != wire.TypeSighted {
		t.Error("a fifth nudge:", f)
	}
	if ids[0] == ids[1] || ids[1] != ids[2] || ids[2] == ids[3] {
		t.Error(ids)
	}
	c.did(t, Tampered{DuplicateNudge: 1})
}

// What is held back comes after all, and nothing waits for it.
func TestDelayNudge(t *testing.T) {
	t.Run("briefly", func(t *testing.T) {
		c := meet(t, Fault{DelayNudge: 1, Delay: time.Millisecond})
		c.a.match(c.b)
		if a, b := c.aSocket.nudge(), c.other.nudge(); a.Message != message || b.Message != message {
			t.Error(a, b)
		}
		c.did(t, Tampered{DelayNudge: 2})
	})
	t.Run("for long", func(t *testing.T) {
		c := meet(t, Fault{DelayNudge: 1, Delay: time.Hour})
		c.a.match(c.b)
		eventually(t, "both nudges to be held back", func() bool { return c.proxy.Tampered().DelayNudge == 2 })
		if f := c.other.sight("meanwhile", c.a.token); typeOf([]byte(f)) != wire.TypeSighted {
			t.Error("before the hour is over:", f)
		}
	})
}

func TestMisdeliver(t *testing.T) {
	base, _ := startMember(t, nil)
	c := couple{proxy: Start(t, base, Fault{Misdeliver: 1})}
	c.a, c.b = register(t, c.proxy.URL, "go"), register(t, c.proxy.URL, "chess")
	aSocket := c.a.connect()
	peers := c.more(t, 2)
	c.a.match(peers[0])
	if aSocket.nudge().ID == "" { // nobody else is connected
		t.Error("no id")
	}
	c.did(t, Tampered{})
	other := c.b.connect()
	c.a.match(peers[1])
	if n := other.nudge(); n.Message != message {
		t.Errorf("%+v", n)
	}
	if f := aSocket.sight("end", peers[1].token); typeOf([]byte(f)) != wire.TypeSighted {
		t.Error("a has it as well:", f)
	}
	c.did(t, Tampered{Misdeliver: 1})
}

func TestLeakNudge(t *testing.T) {
	c := meet(t, Fault{LeakNudge: 1, Label: label})
	c.a.match(c.b)
	if n := c.other.nudge(); n.Message != message || !slices.Equal(n.SharedInterests, []string{label, "go"}) || n.ID == "" || n.At.IsZero() {
		t.Errorf("%+v", n)
	}
	c.aSocket.nudge()
	c.did(t, Tampered{LeakNudge: 2})
}

func TestLeakMessage(t *testing.T) {
	c := meet(t, Fault{LeakMessage: 1, Label: label})
	c.a.match(c.b)
	if n := c.other.nudge(); n.Message != "Someone nearby shares your interest in go and "+label+"." || !slices.Equal(n.SharedInterests, []string{"go"}) {
		t.Errorf("%+v", n)
	}
	c.aSocket.nudge()
	c.did(t, Tampered{LeakMessage: 2})
}

// A phone without the subprotocol gets its nudge in its own form.
func TestLeakToABarePhone(t *testing.T) {
	base, _ := startMember(t, nil)
	c := couple{proxy: Start(t, base, Fault{LeakNudge: 1, LeakMessage: 1, Label: label})}
	c.a = register(t, c.proxy.URL, "go")
	s := c.a.connectOffering(map[string][]string{"Authorization": {"Bearer " + c.a.access}})
	c.a.match(c.more(t, 1)[0])
	want := `{"type":"nudge","shared_interests":["` + label + `","go"],"message":"Someone nearby shares your interest in go and ` + label + `."}`
	if got := s.next(""); got != want {
		t.Error(got)
	}
}

// answers asks in all three ways whether a matches peer, in a batch twice.
func (c couple) answers(t *testing.T, peer *phone) (got []wire.MatchResult) {
	t.Helper()
	got = append(got, c.a.match(peer))
	var batch wire.SightingsResult
	c.a.must("POST", "/sightings", wire.SightingsRequest{OwnToken: c.a.token, Sightings: []wire.Sighting{{Token: peer.token}, {Token: peer.token}}}, &batch)
	c.aSocket.send(wire.ClientFrame{Type: wire.TypeSighting, Ref: "one", Tokens: []string{peer.token}})
	var frame wire.Sighted
	strictly(t, []byte(c.aSocket.next(wire.TypeSighted)), &frame)
	if frame.Ref != "one" {
		t.Errorf("%+v", frame)
	}
	for _, r := range append(batch.Results, frame.Results...) {
		if r.Token != peer.token || r.Code != "" {
			t.Errorf("%+v", r)
		}
		got = append(got, r.MatchResult)
	}
	return got
}

func TestFalseAnswers(t *testing.T) {
	first := wire.MatchResult{Match: true, SharedInterests: []string{"go"}, NudgeSent: true}
	again := wire.MatchResult{Match: true, SharedInterests: []string{"go"}}
	none := wire.MatchResult{SharedInterests: []string{}}
	claimed := wire.MatchResult{Match: true, SharedInterests: []string{label}, NudgeSent: true}
	leaky := func(r wire.MatchResult) wire.MatchResult {
		r.SharedInterests = []string{label, "go"}
		return r
	}
	for _, c := range []struct {
		about   string
		fault   Fault
		matches bool
		want    []wire.MatchResult
		did     Tampered
	}{
		{"a match is denied", Fault{DenyMatch: 1}, true, []wire.MatchResult{none, none, none, none}, Tampered{DenyMatch: 4}},
		{"every second match is denied", Fault{DenyMatch: 2}, true, []wire.MatchResult{first, none, again, none}, Tampered{DenyMatch: 2}},
		{"there is none to deny", Fault{DenyMatch: 1}, false, []wire.MatchResult{none, none, none, none}, Tampered{}},
		{"one is claimed", Fault{ClaimMatch: 1, Label: label}, false, []wire.MatchResult{claimed, claimed, claimed, claimed}, Tampered{ClaimMatch: 4}},
		{"every third is claimed", Fault{ClaimMatch: 3, Label: label}, false, []wire.MatchResult{none, none, claimed, none}, Tampered{ClaimMatch: 1}},
		{"there is no need to claim", Fault{ClaimMatch: 1, Label: label}, true, []wire.MatchResult{first, again, again, again}, Tampered{}},
		{"more is shared", Fault{LeakAnswer: 1, Label: label}, true, []wire.MatchResult{leaky(first), leaky(again), leaky(again), leaky(again)}, Tampered{LeakAnswer: 4}},
		{"more is shared at times", Fault{LeakAnswer: 4, Label: label}, true, []wire.MatchResult{first, again, again, leaky(again)}, Tampered{LeakAnswer: 1}},
		{"nothing is shared", Fault{LeakAnswer: 1, Label: label}, false, []wire.MatchResult{none, none, none, none}, Tampered{}},
	} {
		t.Run(c.about, func(t *testing.T) {
			world := meet(t, c.fault)
			peer := world.b
			if !c.matches {
				peer = register(t, world.proxy.URL, "philosophy")
			}
			if d := cmp.Diff(c.want, world.answers(t, peer)); d != "" {
				t.Error(d)
			}
			world.did(t, c.did)
		})
	}
}

// A sighting without an answer has none to falsify.
func TestUndecidedSightingsStay(t *testing.T) {
	tampering := newTampering(Fault{ClaimMatch: 1, Label: label})
	const text = `{"results":[{"token":"abc123","match":false,"shared_interests":[],"nudge_sent":false,"code":"rate_limited"}]}`
	if got := string(tampering.sightings([]byte(text))); got != text {
		t.Error(got)
	}
}

func TestWhatIsNoFrameStays(t *testing.T) {
	tampering := newTampering(Fault{ClaimMatch: 1, LeakNudge: 1, DenyMatch: 1, LeakAnswer: 1, Label: label})
	for _, falsify := range []func([]byte) []byte{tampering.match, tampering.sightings, tampering.sighted, tampering.nudge} {
		if got := string(falsify([]byte("no JSON"))); got != "no JSON" {
			t.Error(got)
		}
	}
}

func TestInvalidFaults(t *testing.T) {
	for _, f := range []Fault{{DropNudge: -1}, {DelayNudge: 1}, {LeakNudge: 1}, {LeakMessage: 1}, {LeakAnswer: 1}, {ClaimMatch: 1}} {
		if f.invalid() == "" {
			t.Errorf("%+v is taken", f)
		}
	}
	for _, f := range []Fault{{}, {DropNudge: 1}, {DelayNudge: 1, Delay: 1}, {ClaimMatch: 1, Label: label}} {
		if reason := f.invalid(); reason != "" {
			t.Errorf("%+v: %s", f, reason)
		}
	}
}

func TestEvery(t *testing.T) {
	e := nth(3)
	var due []bool
	for range 7 {
		due = append(due, e.due())
	}
	if got := fmt.Sprint(due, e.count.Load()); got != "[false false true false false true false] 2" {
		t.Error(got)
	}
}
