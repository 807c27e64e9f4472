package ble_test

import (
	"slices"
	"testing"
	"time"

	"i80.dk/sighej/mobile/ble"
	"pgregory.net/rapid"
)

var start = time.Date(2026, 5, 12, 18, 0, 0, 0, time.UTC)

const silence = 30 * time.Second

// bands hears the powers a second apart and returns the bands one after the other.
func bands(powers ...int) (had []ble.Band) {
	var s ble.Signal
	for i, power := range powers {
		if band := s.Hear(start.Add(time.Duration(i)*time.Second), power); len(had) == 0 || had[len(had)-1] != band {
			had = append(had, band)
		}
	}
	return had
}

func repeat(power, n int) []int { return slices.Repeat([]int{power}, n) }

func TestBands(t *testing.T) {
	for name, tc := range map[string]struct {
		powers []int
		want   []ble.Band
	}{
		"at arm's length":        {repeat(-55, 3), []ble.Band{ble.VeryNear}},
		"across the room":        {repeat(-80, 3), []ble.Band{ble.Near}},
		"hardly heard":           {repeat(-90, 3), []ble.Band{ble.Gone}},
		"not told":               {repeat(0, 3), []ble.Band{ble.Near}},
		"comes and goes":         {slices.Concat(repeat(-95, 5), repeat(-80, 9), repeat(-50, 9), repeat(-80, 20), repeat(-100, 20)), []ble.Band{ble.Gone, ble.Near, ble.VeryNear, ble.Near, ble.Gone}},
		"one strong reflection":  {slices.Concat(repeat(-85, 9), repeat(-62, 1), repeat(-85, 9)), []ble.Band{ble.Near}},
		"one packet lost in men": {slices.Concat(repeat(-60, 9), repeat(-90, 1), repeat(-60, 9)), []ble.Band{ble.VeryNear}},
		"beyond any bounds":      {[]int{127, -128, 1000, -1000}, nil},
	} {
		if got := bands(tc.powers...); tc.want != nil && !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}

// A phone at the border of a band must not flutter: with noise of up to 3 dB about
// any power, it changes its band once at the most, after it has settled.
func TestBandsDoNotFlutter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		power := rapid.IntRange(-100, -40).Draw(t, "power")
		var s ble.Signal
		var had ble.Band
		changes := 0
		for i, noise := range rapid.SliceOfN(rapid.IntRange(-3, 3), 200, 200).Draw(t, "noise") {
			band := s.Hear(start.Add(time.Duration(i)*time.Second), power+noise)
			if i > 20 && band != had {
				changes++
			}
			had = band
		}
		if changes > 1 {
			t.Fatalf("at %d dBm the band changed %d times", power, changes)
		}
	})
}

func TestSignalStaysWithinWhatWasHeard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s ble.Signal
		at, weakest, strongest := start, 20, -127
		for range rapid.IntRange(1, 50).Draw(t, "packets") {
			power := rapid.IntRange(-127, -1).Draw(t, "power")
			at = at.Add(time.Duration(rapid.IntRange(-1000, 60_000).Draw(t, "ms")) * time.Millisecond)
			weakest, strongest = min(weakest, power), max(strongest, power)
			s.Hear(at, power)
			if got := s.Power(); got < weakest || got > strongest {
				t.Fatalf("%d dBm of packets from %d to %d", got, weakest, strongest)
			}
		}
	})
}

func TestSilenceIsGone(t *testing.T) {
	var s ble.Signal
	if s.Band(start, silence) != ble.Gone {
		t.Error("in range before it was heard")
	}
	s.Hear(start, -50)
	if got := s.Band(start.Add(silence-1), silence); got != ble.VeryNear {
		t.Errorf("before the silence has lasted: %v", got)
	}
	if got := s.Band(start.Add(silence), silence); got != ble.Gone {
		t.Errorf("after it: %v", got)
	}
	s.Hear(start.Add(-time.Hour), -50)
	if !s.Heard().Equal(start) {
		t.Errorf("a packet of the past set it back to %v", s.Heard())
	}
}

func TestNames(t *testing.T) {
	if ble.VeryNear.String() != "very near" || ble.Band(9).String() != "unknown" ||
		ble.Degraded.String() != "degraded" || ble.Discoverability(9).String() != "unknown" {
		t.Error("a band or a degree has another name")
	}
}
