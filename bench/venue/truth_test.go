package venue_test

import (
	"slices"
	"testing"
	"time"

	"i80.dk/sighej/bench/venue"
	"pgregory.net/rapid"
)

// oracle finds meetings the slow way: it compares everybody with everybody.
type oracle struct {
	cfg   venue.Config
	since map[[2]int32]time.Duration
}

func (o *oracle) step(at time.Duration, positions []float64) (met, parted []venue.Meeting) {
	for a := range int32(o.cfg.People) {
		for b := a + 1; b < int32(o.cfg.People); b++ {
			dx, dy := positions[2*a]-positions[2*b], positions[2*a+1]-positions[2*b+1]
			near := dx*dx+dy*dy <= o.cfg.EncounterDistance*o.cfg.EncounterDistance
			since, before := o.since[[2]int32{a, b}]
			switch {
			case near && !before:
				since = at
				o.since[[2]int32{a, b}] = at
			case before && !near:
				delete(o.since, [2]int32{a, b})
				if at-o.cfg.Radio.Tick-since >= o.cfg.EncounterTime {
					parted = append(parted, venue.Meeting{A: a, B: b, Began: since, Ended: at})
				}
			}
			if lasted := at - since; near && lasted >= o.cfg.EncounterTime && (!before || lasted-o.cfg.Radio.Tick < o.cfg.EncounterTime) {
				met = append(met, venue.Meeting{A: a, B: b, Began: since})
			}
		}
	}
	return met, parted
}

func TestTruthIsWhatEverybodyComparedWithEverybodyGives(t *testing.T) {
	t.Parallel()
	met, parted := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		c := small(rapid.IntRange(1, 40).Draw(t, "people"))
		c.Seed = rapid.Uint64().Draw(t, "seed")
		c.Width = rapid.SampledFrom([]float64{3, 20, 300, 20_000}).Draw(t, "width")
		c.ShortestPause, c.LongestPause = 0, 20*time.Second
		c.Radio.Tick = rapid.SampledFrom([]time.Duration{500 * time.Millisecond, time.Second, 3 * time.Second}).Draw(t, "tick")
		c.EncounterDistance = rapid.Float64Range(0.5, 30).Draw(t, "distance")
		c.EncounterTime = time.Duration(rapid.IntRange(0, 20_000).Draw(t, "ms")) * time.Millisecond
		crowd, o := crowd(t, c), oracle{cfg: c, since: map[[2]int32]time.Duration{}}
		for range 150 {
			tick := crowd.Step()
			wantMet, wantParted := o.step(tick.At, crowd.Positions(nil))
			if !slices.Equal(tick.Met, wantMet) {
				t.Fatalf("at %v met %v, want %v", tick.At, tick.Met, wantMet)
			}
			if !slices.Equal(tick.Parted, wantParted) {
				t.Fatalf("at %v parted %v, want %v", tick.At, tick.Parted, wantParted)
			}
			met, parted = met+len(wantMet), parted+len(wantParted)
		}
	})
	if met < 1000 || parted < 1000 {
		t.Errorf("only %d met and %d parted", met, parted)
	}
}

// Long encounters are what the product is about: phones that can hear each other
// at all should have reported nearly all of them.
func TestLongEncountersAreSighted(t *testing.T) {
	t.Parallel()
	c := small(200)
	c.Background = 0
	crowd := crowd(t, c)
	reported := map[[2]int32]bool{}
	long, sighted := 0, 0
	for range 600 {
		tick := crowd.Step()
		for _, s := range tick.Sightings {
			reported[[2]int32{min(s.By, s.Of), max(s.By, s.Of)}] = true
		}
		for _, m := range tick.Parted {
			if m.Ended-m.Began >= time.Minute {
				long++
				if reported[[2]int32{m.A, m.B}] {
					sighted++
				}
			}
		}
	}
	if long < 100 || float64(sighted) < 0.95*float64(long) {
		t.Errorf("%d of %d encounters of a minute or more were sighted", sighted, long)
	}
}
