package ble_test

import (
	"fmt"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/ble"
	"pgregory.net/rapid"
)

func TestSightingsOfOnePhone(t *testing.T) {
	c := ble.NewCrowd()
	var at []int
	for second := range 30 * 60 {
		if worth, _ := c.Hear(start.Add(time.Duration(second)*time.Second), token, -60, silence); worth {
			at = append(at, second/60)
		}
	}
	if want := []int{0, 1, 3, 7, 15, 23}; fmt.Sprint(at) != fmt.Sprint(want) {
		t.Errorf("worth a sighting in minutes %v, want %v", at, want)
	}
}

func TestWeakPhonesAreNoSightings(t *testing.T) {
	c := ble.NewCrowd()
	for second := range 60 {
		if worth, moved := c.Hear(start.Add(time.Duration(second)*time.Second), token, -92, silence); worth || moved {
			t.Fatal("a phone that is hardly heard")
		}
	}
	if worth, moved := c.Hear(start.Add(2*time.Minute), token, -60, silence); !worth || !moved {
		t.Error("not when it came near")
	}
}

func TestDecidedAndUndecided(t *testing.T) {
	c := ble.NewCrowd()
	hear := func(after time.Duration) bool {
		worth, _ := c.Hear(start.Add(after), token, -60, silence)
		return worth
	}
	hear(0)
	c.Undecided(token, start.Add(5*time.Second))
	if hear(4*time.Second) || !hear(5*time.Second) || hear(64*time.Second) || !hear(65*time.Second) {
		t.Error("a sighting without an answer is not made again in its time, or the pauses do not begin anew")
	}
	c.Decided(token)
	if hear(time.Hour) {
		t.Error("reported after its match")
	}
	c.Renew()
	if !hear(time.Hour) {
		t.Error("not reported for a new session")
	}
	c.Decided("stranger")
	c.Undecided("stranger", start)
}

func TestInRange(t *testing.T) {
	c := ble.NewCrowd()
	c.Hear(start, "aaaaaa", -50, silence)
	c.Hear(start.Add(time.Second), "bbbbbb", -80, silence)
	c.Hear(start.Add(2*time.Second), "cccccc", -95, silence)
	check := func(after time.Duration, all, veryNear int, change time.Duration) {
		t.Helper()
		a, v, next := c.InRange(start.Add(after), silence)
		if a != all || v != veryNear || change == 0 && !next.IsZero() || change != 0 && !next.Equal(start.Add(change)) {
			t.Errorf("after %v: %d, %d of them very near, until %v", after, a, v, next.Sub(start))
		}
	}
	check(3*time.Second, 2, 1, 30*time.Second)
	c.Hear(start.Add(4*time.Second), "aaaaaa", -50, silence)
	check(5*time.Second, 2, 1, 31*time.Second)
	check(31*time.Second, 1, 1, 34*time.Second)
	check(34*time.Second, 0, 0, 0)
	c.Hear(start.Add(time.Hour), "aaaaaa", -80, silence)
	check(time.Hour, 1, 0, time.Hour+silence) // what it was an hour ago says nothing
	c.Forget()
	check(time.Hour, 0, 0, 0)
}

// InRange against a plain count, and the bound on memory.
func TestCrowdAgainstAPlainOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := ble.NewCrowd()
		plain := map[sighej.Token]*ble.Signal{}
		at := start
		for range rapid.IntRange(0, 200).Draw(t, "packets") {
			at = at.Add(time.Duration(rapid.IntRange(0, 10_000).Draw(t, "ms")) * time.Millisecond)
			who := sighej.Token(fmt.Sprintf("phone-%d", rapid.IntRange(0, 9).Draw(t, "who")))
			power := rapid.IntRange(-100, -40).Draw(t, "power")
			if plain[who] == nil || plain[who].Band(at, silence) == ble.Gone {
				plain[who] = &ble.Signal{}
			}
			plain[who].Hear(at, power)
			c.Hear(at, who, power, silence)
			if got, ok := c.Power(who); !ok || got != plain[who].Power() {
				t.Fatalf("power %d, want %d", got, plain[who].Power())
			}
			var all, veryNear int
			for _, s := range plain {
				band := s.Band(at, silence)
				if band != ble.Gone {
					all++
				}
				if band == ble.VeryNear {
					veryNear++
				}
			}
			if a, v, _ := c.InRange(at, silence); a != all || v != veryNear {
				t.Fatalf("%d in range, %d very near; want %d, %d", a, v, all, veryNear)
			}
		}
	})
}

func TestMadeUpTokensCostNoMemory(t *testing.T) {
	c := ble.NewCrowd()
	for i := range 10 * ble.MaxPeers {
		at := start.Add(time.Duration(i) * time.Millisecond)
		c.Hear(at, sighej.Token(fmt.Sprintf("made-up-%d", i)), -60, silence)
		if i%100 == 0 {
			c.Hear(at, token, -60, silence)
		}
	}
	at := start.Add(10 * ble.MaxPeers * time.Millisecond)
	if all, _, _ := c.InRange(at, silence); all != ble.MaxPeers {
		t.Errorf("%d phones are known", all)
	}
	if worth, _ := c.Hear(at, token, -60, silence); worth {
		t.Error("a phone that is heard all the time was forgotten")
	}
}

func BenchmarkHear(b *testing.B) {
	c := ble.NewCrowd()
	data, tokens := make([][]byte, 200), 0
	for i := range data {
		data[i], _ = ble.ServiceData(sighej.NewToken())
	}
	at := start
	for b.Loop() {
		at = at.Add(time.Millisecond)
		heard, _ := ble.ParseServiceData(data[tokens%len(data)])
		c.Hear(at, heard, -60, silence)
		tokens++
	}
}
