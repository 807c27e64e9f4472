package phone

import (
	"strconv"
	"testing"
	"time"

	"i80.dk/sighej/wire"
	"pgregory.net/rapid"
)

func TestBackoffIsFullJitterUnderAGrowingBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b Backoff
		background := rapid.Bool().Draw(t, "background")
		for i := range rapid.IntRange(1, 40).Draw(t, "tries") {
			bound := lastRetry
			if background {
				bound = time.Minute
			}
			if i < 9 {
				bound = min(bound, 250*time.Millisecond<<i)
			}
			if asked, d := b.after(loss{}, background); asked != 0 || d < 0 || d >= bound {
				t.Fatalf("try %d waits %v, the bound is %v", i, d, bound)
			}
		}
	})
}

func next(b *Backoff, l loss) time.Duration {
	asked, chance := b.after(l, false)
	return asked + chance
}

// Phones that lost their connections together do not come back together. Seen failing
// with the bound in place of a random delay below it.
func TestBackoffSpreads(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 100 {
		b := Backoff{tries: 3}
		seen[next(&b, loss{})] = true
	}
	if len(seen) < 50 {
		t.Errorf("%d different delays of 100", len(seen))
	}
}

func TestBackoffObeysTheServer(t *testing.T) {
	b := Backoff{tries: 9}
	if d := next(&b, loss{lived: steady, after: 3 * time.Second, exact: true}); d != 3*time.Second {
		t.Errorf("a drain's own delay became %v", d)
	}
	if d := next(&b, loss{after: 7 * time.Second}); d < 7*time.Second || d > 8*time.Second {
		t.Errorf("Retry-After of 7 s became %v", d)
	}
	if d := next(&b, loss{after: time.Hour, exact: true}); d < longest || d > longest+lastRetry {
		t.Errorf("a delay without a bound: %v", d)
	}
	b = Backoff{tries: 20}
	if d := next(&b, loss{lived: steady}); d > firstRetry {
		t.Errorf("after a steady connection the first delay was %v", d)
	}
	b = Backoff{}
	next(&b, loss{exact: true})
	spread := map[time.Duration]bool{}
	for range 20 {
		spread[next(&b, loss{exact: true})] = true
	}
	if len(spread) < 10 {
		t.Error("drained again and again, it comes back without a delay of its own")
	}
}

func TestRecentForgetsTheOldest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 5).Draw(t, "size")
		r := newRecent(size)
		for i := range rapid.IntRange(0, 20).Draw(t, "added") {
			r.add(strconv.Itoa(i))
			for j := range i + 1 {
				if got, want := r.has(strconv.Itoa(j)), j > i-size; got != want {
					t.Fatalf("size %d, %d added: has %d is %v", size, i+1, j, got)
				}
			}
		}
	})
}

func TestHeadFitsItsPart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.SliceOfN(rapid.IntRange(6, 64), 1, 300).Draw(t, "lengths")
		all := make([]wire.Sighting, len(lengths))
		for i, n := range lengths {
			all[i].Token = string(make([]byte, 0, n)) + "token" + strconv.Itoa(i*n)
		}
		part := head(all, wire.MaxFrameSightings, frameBytes)
		frame := wire.Encode(wire.ClientFrame{Type: wire.TypeSighting, Ref: "18446744073709551615", Sightings: part})
		if len(part) == 0 || len(part) > wire.MaxFrameSightings || len(frame) > wire.MaxFrame {
			t.Fatalf("%d sightings in %d bytes", len(part), len(frame))
		}
		if len(part) < len(all) && len(part) < wire.MaxFrameSightings && len(frame)+256+100 < wire.MaxFrame {
			t.Fatalf("only %d sightings in %d bytes", len(part), len(frame))
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, frame := range []any{
		wire.Welcome{Type: wire.TypeWelcome},
		wire.Nudge{Type: wire.TypeNudge, ID: "n"},
		wire.Sighted{Type: wire.TypeSighted, Ref: "1"},
		wire.Expired{Type: wire.TypeExpired},
		wire.Draining{Type: wire.TypeDraining, ReconnectAfterMS: -1},
		wire.ErrorFrame{Type: wire.TypeError},
	} {
		f.Add(wire.Encode(frame))
	}
	f.Add([]byte(`{"type":"nudge","id":7}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c := &connection{frames: make(chan any, 2), leaving: make(chan struct{}), waiting: map[string]chan answer{}}
		_, came := c.expect()
		c.receive(text)
		c.receive(text) // a second answer for a ref goes nowhere
		if len(came) > 1 || c.draining < 0 || c.draining > longest {
			t.Fatalf("%d answers, draining %v", len(came), c.draining)
		}
	})
}
