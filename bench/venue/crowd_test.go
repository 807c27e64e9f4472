package venue_test

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"i80.dk/sighej/bench/venue"
	"i80.dk/sighej/mobile/sim"
	"pgregory.net/rapid"
)

// small is a dense crowd that can be run for long.
func small(people int) venue.Config {
	c := venue.DefaultConfig()
	c.People, c.Width, c.Height, c.Hotspots = people, 60, 40, 3
	c.LongestPause = 2 * time.Minute
	return c
}

func crowd(t interface {
	Helper()
	Fatal(args ...any)
}, c venue.Config,
) *venue.Crowd {
	t.Helper()
	crowd, err := venue.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return crowd
}

func TestPeopleStayInsideAndWalkAsFastAsPeople(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := small(20)
		c.Seed = rapid.Uint64().Draw(t, "seed")
		c.Width, c.Height = rapid.Float64Range(1, 500).Draw(t, "width"), rapid.Float64Range(1, 50).Draw(t, "height")
		c.Hotspots = rapid.IntRange(0, 12).Draw(t, "hotspots")
		c.Radio.Tick = rapid.SampledFrom([]time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second}).Draw(t, "tick")
		crowd := crowd(t, c)
		most := c.FastestWalk*c.Radio.Tick.Seconds() + 1e-9
		before := crowd.Positions(nil)
		for range 200 {
			crowd.Step()
			now := crowd.Positions(nil)
			for i := 0; i < len(now); i += 2 {
				x, y := now[i], now[i+1]
				if x < 0 || x > c.Width || y < 0 || y > c.Height {
					t.Fatalf("person %d is at %g, %g", i/2, x, y)
				}
				if way := math.Hypot(x-before[i], y-before[i+1]); way > most {
					t.Fatalf("person %d walked %g m in %v", i/2, way, c.Radio.Tick)
				}
			}
			before = now
		}
	})
}

func TestAsManyWalkFirstAsLater(t *testing.T) {
	t.Parallel()
	c := venue.DefaultConfig()
	c.EncounterDistance = 0.1
	crowd := crowd(t, c)
	for phone := range c.People {
		crowd.Switch(phone, false) // radio and encounters take time and are of no interest here
	}
	walking := func(ticks int) (mean float64) {
		before, now := crowd.Positions(nil), []float64(nil)
		for range ticks {
			crowd.Step()
			now = crowd.Positions(now[:0])
			for i := 0; i < len(now); i += 2 {
				if now[i] != before[i] || now[i+1] != before[i+1] {
					mean += 1 / float64(ticks)
				}
			}
			before, now = now, before
		}
		return mean
	}
	first, later := walking(20), walking(600)
	if later < 200 || later > 1000 || math.Abs(first-later) > later/16 {
		t.Errorf("of 2000 people %.0f walk in the first ticks and %.0f in the ten minutes after", first, later)
	}
}

func TestHotspotsDrawPeople(t *testing.T) {
	c := venue.DefaultConfig()
	c.Hotspots = 10
	crowd := crowd(t, c)
	names, inside, area := map[string]bool{}, 0, 0.0
	for _, h := range crowd.Hotspots() {
		names[h.Name] = true
		area += math.Pi * h.Radius * h.Radius
		if h.X < h.Radius || h.Y < h.Radius || h.X > c.Width-h.Radius || h.Y > c.Height-h.Radius {
			t.Errorf("%+v reaches beyond the venue", h)
		}
		for i, p := 0, crowd.Positions(nil); i < len(p); i += 2 {
			if math.Hypot(p[i]-h.X, p[i+1]-h.Y) <= h.Radius {
				inside++
			}
		}
	}
	if len(names) != 10 || !names["main stage"] || !names["bar"] || !names["main stage 2"] {
		t.Errorf("hotspots: %v", names)
	}
	if there, even := float64(inside)/float64(c.People), area/c.Width/c.Height; there < 2*even {
		t.Errorf("%.2f of the people are at hotspots, which are %.2f of the venue", there, even)
	}
}

func TestModesHaveTheirShares(t *testing.T) {
	c := small(5000)
	c.Background, c.IOS = 0.6, 0.25
	count := map[sim.Mode]float64{}
	for _, m := range crowd(t, c).Modes() {
		count[m] += 1. / 5000
	}
	for mode, want := range map[sim.Mode]float64{sim.Foreground: 0.4, sim.Background: 0.45, sim.BackgroundIOS: 0.15} {
		if math.Abs(count[mode]-want) > 0.03 {
			t.Errorf("mode %d: %.3f of the phones, want %.2f", mode, count[mode], want)
		}
	}
}

// ticks are everything that a crowd says.
func ticks(t *testing.T, c venue.Config, n int) (all []venue.Tick, positions []float64) {
	t.Helper()
	crowd := crowd(t, c)
	for range n {
		tick := crowd.Step()
		tick.Sightings, tick.Met, tick.Parted = slices.Clone(tick.Sightings), slices.Clone(tick.Met), slices.Clone(tick.Parted)
		all, positions = append(all, tick), crowd.Positions(positions)
	}
	return all, positions
}

func sameTicks(a, b []venue.Tick) bool {
	return slices.EqualFunc(a, b, func(a, b venue.Tick) bool {
		return a.At == b.At && slices.Equal(a.Sightings, b.Sightings) && slices.Equal(a.Met, b.Met) && slices.Equal(a.Parted, b.Parted)
	})
}

func TestSameSeedSameTicks(t *testing.T) {
	t.Parallel()
	c := small(150)
	first, way := ticks(t, c, 300)
	again, wayAgain := ticks(t, c, 300)
	if !sameTicks(first, again) || !slices.Equal(way, wayAgain) {
		t.Error("the same seed gave another sequence")
	}
	c.Seed++
	if other, otherWay := ticks(t, c, 300); sameTicks(first, other) || slices.Equal(way, otherWay) {
		t.Error("another seed gave the same sequence")
	}
}

func TestSeedChangesEverything(t *testing.T) {
	c := small(50)
	a := crowd(t, c)
	c.Seed++
	b := crowd(t, c)
	if a.Hotspots()[0] == b.Hotspots()[0] || slices.Equal(a.Modes(), b.Modes()) {
		t.Error("hotspots or modes are as with another seed")
	}
	c.Hotspots = 0
	a = crowd(t, c)
	c.Seed++
	if slices.Equal(a.Positions(nil), crowd(t, c).Positions(nil)) {
		t.Error("people are where they are with another seed")
	}
}

func TestSightingsAreInOrderAndStrongEnough(t *testing.T) {
	t.Parallel()
	c := small(300)
	c.Weakest = -72
	crowd := crowd(t, c)
	sightings := 0
	for range 300 {
		tick := crowd.Step()
		sightings += len(tick.Sightings)
		if !slices.IsSortedFunc(tick.Sightings, func(a, b venue.Sighting) int { return cmp.Compare(a.At, b.At) }) {
			t.Fatalf("out of order: %v", tick.Sightings)
		}
		for _, s := range tick.Sightings {
			if s.RSSI < -72 || s.RSSI == 0 || s.By == s.Of || s.At < tick.At-c.Radio.Tick || s.At >= tick.At {
				t.Fatalf("in the tick until %v: %+v", tick.At, s)
			}
		}
	}
	if sightings == 0 {
		t.Error("no sightings")
	}
}

func TestReportAgain(t *testing.T) {
	t.Parallel()
	c := small(100)
	c.ReportAgain = 5 * time.Minute
	crowd := crowd(t, c)
	type pair struct{ by, of int32 }
	last, again := map[pair]time.Duration{}, 0
	for range 1800 {
		for _, s := range crowd.Step().Sightings {
			p := pair{s.By, s.Of}
			if before, ok := last[p]; ok {
				again++
				if s.At-before < c.ReportAgain {
					t.Fatalf("%d reported %d after %v again", s.By, s.Of, s.At-before)
				}
			}
			last[p] = s.At
		}
	}
	if again < 1000 {
		t.Errorf("%d of %d pairs were reported again", again, len(last))
	}
}

func TestSwitch(t *testing.T) {
	t.Parallel()
	c := small(100)
	crowd := crowd(t, c)
	crowd.Switch(7, false)
	seen, met := 0, 0
	for range 600 {
		tick := crowd.Step()
		for _, s := range tick.Sightings {
			if s.By == 7 || s.Of == 7 {
				t.Fatalf("a phone that is off: %+v", s)
			}
		}
		met += len(slices.DeleteFunc(slices.Clone(tick.Met), func(m venue.Meeting) bool { return m.A != 7 && m.B != 7 }))
	}
	crowd.Switch(7, true)
	for range 60 {
		for _, s := range crowd.Step().Sightings {
			if s.By == 7 || s.Of == 7 {
				seen++
			}
		}
	}
	if met == 0 || seen == 0 {
		t.Errorf("person 7 met %d others while the phone was off; then %d sightings", met, seen)
	}
}
