package ws

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"i80.dk/sighej/wire"
)

// A client that answers its pings stays.
func TestPingsAnswered(t *testing.T) {
	r := newRig(t, Config{PingInterval: 50 * time.Millisecond})
	p, a := r.dialRaw(t, wire.Subprotocol)
	for range 6 {
		op, payload, err := p.next()
		if err != nil || op != opPing {
			t.Fatalf("op %d, %v", op, err)
		}
		_, _ = p.Write(masked(fin(opPong), payload))
	}
	select {
	case <-a.closed:
		t.Error("closed")
	default:
	}
}

// A client that leaves two pings unanswered is closed with 4000.
func TestUnresponsive(t *testing.T) {
	r := newRig(t, Config{PingInterval: 50 * time.Millisecond, CloseWait: 10 * time.Millisecond})
	p, a := r.dialRaw(t, wire.Subprotocol)
	// The first ping asks; the connection itself was a sign of life before it.
	for i := range maxMissed {
		if op, _, err := p.next(); err != nil || op != opPing {
			t.Fatalf("frame %d: op %d, %v", i, op, err)
		}
	}
	if op, payload, err := p.next(); err != nil || op != opClose || wire.CloseCode(payload[0])<<8|wire.CloseCode(payload[1]) != wire.CloseUnresponsive {
		t.Fatalf("op %d, payload %q, %v", op, payload, err)
	}
	p.awaitEnd(t)
	a.awaitClosed(t)
	if n := r.Counters().Unresponsive; n != 1 {
		t.Errorf("%d unresponsive, want 1", n)
	}
}

// Whatever a client sends is a sign of life.
func TestAnyBytesAreLife(t *testing.T) {
	s := &socket{endpoint: New(Config{}), state: writing}
	for i := range 10 {
		s.receive([]byte{0x81}) // not even a whole header
		s.ping()
		s.ping()
		if s.missed != 1 || s.state&closing != 0 {
			t.Fatalf("turn %d: missed %d, state %b", i, s.missed, s.state)
		}
	}
	s.ping()
	if s.state&closing == 0 {
		t.Error("two missed pings in a row left it open")
	}
}

// The wheel holds what was added and not removed, and each is due within 45 to
// 55 turns.
func TestWheel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w wheel
		var turns int
		last := map[*socket]int{}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				s := &socket{}
				if ok, draining := w.add(s); !ok || draining {
					t.Fatal("not accepted")
				}
				last[s] = turns
			},
			"remove": func(t *rapid.T) {
				for s := range last {
					w.remove(s)
					delete(last, s)
					return
				}
			},
			"turn": func(t *rapid.T) {
				for range rapid.IntRange(1, 100).Draw(t, "turns") {
					turns++
					for _, s := range w.turn(nil) {
						began, ok := last[s]
						if !ok {
							t.Fatal("due though removed, or twice")
						}
						if gap := turns - began; gap < pingTicks-pingJitter || gap > pingTicks+pingJitter {
							t.Fatalf("due after %d turns", gap)
						}
						last[s] = turns
					}
					for _, began := range last {
						if turns-began > pingTicks+pingJitter {
							t.Fatal("forgotten")
						}
					}
				}
			},
			"": func(t *rapid.T) {
				all := w.all()
				for _, s := range all {
					if _, ok := last[s]; !ok {
						t.Fatal("holds what was removed")
					}
				}
				if len(all) != len(last) || w.len() != len(last) {
					t.Fatalf("holds %d, counts %d, want %d", len(all), w.len(), len(last))
				}
			},
		})
	})
}
