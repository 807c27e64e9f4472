package sim

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func drawConfig(t *rapid.T) Config {
	c := DefaultConfig()
	c.Tick = rapid.SampledFrom([]time.Duration{100 * time.Millisecond, time.Second, 3 * time.Second}).Draw(t, "tick")
	c.Exponent = rapid.Float64Range(1.5, 4).Draw(t, "exponent")
	// Without chance the reach is exact, and a grid that falls short of it shows.
	c.Shadowing = rapid.SampledFrom([]float64{0, 0, 2, 8}).Draw(t, "shadowing")
	c.Fading = rapid.SampledFrom([]float64{0, 0, 1, 4}).Draw(t, "fading")
	c.Sensitivity = rapid.Float64Range(-100, -30).Draw(t, "sensitivity")
	c.Foreground.ScanWindow = c.Foreground.ScanInterval
	return c
}

// drawPhones spreads them over some multiple of how far they hear.
func drawPhones(t *rapid.T, reach float64) []Phone {
	side := rapid.SampledFrom([]float64{0, reach / 4, reach, 3 * reach, 30 * reach, farthest}).Draw(t, "side")
	loss := rapid.SampledFrom([]float64{0, 0, 4, 12}).Draw(t, "loss of all")
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Phone {
		return Phone{
			X: rapid.Float64Range(-side, side).Draw(t, "x"), Y: rapid.Float64Range(0, side).Draw(t, "y"),
			Loss: loss + rapid.SampledFrom([]float64{-5, 0, 0, 4, 30}).Draw(t, "loss"),
			Mode: Mode(rapid.IntRange(0, int(modes)).Draw(t, "mode")), Off: rapid.IntRange(0, 9).Draw(t, "off") == 0,
		}
	}), 0, 60).Draw(t, "phones")
}

// allPairs is Step without looking where phones are.
func (m *Medium) allPairs(phones []Phone) []Hearing {
	var heard []Hearing
	tick := span{m.Now(), m.Now() + m.cfg.Tick}
	m.prepare(phones, tick)
	for i := range phones {
		if !phones[i].on() {
			continue
		}
		m.schedule.listen(m.phones[i].key, m.duty(phones[i].Mode), tick)
		s := scanner{
			phone: int32(i), at: point{phones[i].X, phones[i].Y}, loss: phones[i].loss(),
			pair: m.phones[i].pair, key: draw(m.phones[i].key, streamReceive, 0),
		}
		for mode := range m.grids {
			if phones[i].Mode == Foreground || Mode(mode) != BackgroundIOS {
				g := &m.grids[mode]
				m.searchStretch(&s, g, 0, int32(len(g.who)), math.Inf(1), func(h Hearing) { heard = append(heard, h) })
			}
		}
	}
	m.ticks++
	return heard
}

func TestGridFindsWhatAllPairsFind(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		cfg, seed := drawConfig(t), rapid.Uint64().Draw(t, "seed")
		a, err := NewMedium(cfg, seed)
		if err != nil {
			t.Fatal(err)
		}
		b, err := NewMedium(cfg, seed)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			phones := drawPhones(t, a.radio.reach)
			var got []Hearing
			a.Step(phones, func(h Hearing) { got = append(got, h) })
			want := b.allPairs(phones)
			byPair := func(a, b Hearing) int { return cmp.Or(cmp.Compare(a.By, b.By), cmp.Compare(a.Of, b.Of)) }
			slices.SortFunc(got, byPair)
			slices.SortFunc(want, byPair)
			if !slices.Equal(got, want) {
				t.Fatalf("the grid finds %d hearings, all pairs %d", len(got), len(want))
			}
			found += len(got)
		}
	})
	if found == 0 {
		t.Error("nobody heard anybody")
	}
}

func TestAllOfTheReachIsSearched(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := drawConfig(t)
		cfg.Shadowing, cfg.Fading, cfg.Loss, cfg.Sensitivity = 0, 0, 0, -90
		cfg.Foreground.Advertise = 100 * time.Millisecond
		m, err := NewMedium(cfg, 1)
		if err != nil {
			t.Fatal(err)
		}
		own, others := rapid.Float64Range(0, 15).Draw(t, "own loss"), rapid.Float64Range(0, 15).Draw(t, "loss of others")
		phones := []Phone{{Loss: own}}
		far := 0.97 * m.radio.reachWith(float32(own+others)) // the table's steps take up to 1.6 %
		for i := range 90 {
			y, x := math.Sincos(float64(i) * math.Pi / 45)
			phones = append(phones, Phone{X: far * x, Y: far * y, Loss: others})
		}
		heard := map[int]bool{}
		for m.Now() < 3*time.Second {
			m.Step(phones, func(h Hearing) {
				if h.By == 0 {
					heard[h.Of] = true
				}
			})
		}
		if len(heard) != 90 {
			t.Fatalf("%d of 90 phones within reach were heard", len(heard))
		}
	})
}

func TestPathLossTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := drawConfig(t)
		r := newRadio(cfg)
		d := rapid.Float64Range(0, math.Max(r.reach, near)).Draw(t, "distance")
		farther := math.Min(d*rapid.Float64Range(1, 2).Draw(t, "farther"), math.Max(r.reach, near))
		want := cfg.Power - 10*cfg.Exponent*math.Log10(math.Max(d, near))
		if got := float64(r.powerAt(d * d)); got > want+1e-4 || got < want-0.16 {
			t.Fatalf("at %g m %g dBm, want %g", d, got, want)
		}
		if r.powerAt(farther*farther) > r.powerAt(d*d) {
			t.Fatalf("stronger at %g m than at %g m", farther, d)
		}
	})
}

func TestNormals(t *testing.T) {
	n := newNormals(2)
	var sum, squares float64
	for _, v := range n {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	count := float64(len(n))
	// Cut off at 3 sigma the deviation is 0.986 of the full one.
	if math.Abs(sum/count) > 1e-3 || math.Abs(math.Sqrt(squares/count)/2-0.986) > 2e-3 {
		t.Errorf("mean %g, deviation %g", sum/count, math.Sqrt(squares/count))
	}
	if n[0] < -float32(most(2)) || n[len(n)-1] > float32(most(2)) {
		t.Errorf("from %g to %g, the bound is %g", n[0], n[len(n)-1], most(2))
	}
}

// However time is cut into ticks, a phone sends one packet an interval.
func TestPacketsDoNotDependOnTicks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.Uint64().Draw(t, "key")
		every := time.Duration(rapid.Int64Range(int64(minAdvertise), int64(5*time.Second)).Draw(t, "every"))
		until := 20 * every
		var s schedule
		for from := time.Duration(0); from < until; {
			to := min(from+time.Duration(rapid.Int64Range(int64(every/8), int64(4*every)).Draw(t, "tick")), until)
			s.send(key, every, span{from, to})
			from = to
		}
		if len(s.packets) != 20 {
			t.Fatalf("%d packets in 20 intervals", len(s.packets))
		}
		for i, at := range s.packets {
			if at/every != time.Duration(i) {
				t.Fatalf("packet %d is sent after %v, the interval is %v", i, at, every)
			}
		}
	})
}

func TestWindowsDoNotDependOnTicks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.Uint64().Draw(t, "key")
		d := Duty{ScanInterval: time.Duration(rapid.Int64Range(int64(minScanInterval), int64(20*time.Second)).Draw(t, "interval"))}
		d.ScanWindow = time.Duration(rapid.Int64Range(0, int64(d.ScanInterval)).Draw(t, "window"))
		until, listened := 5*d.ScanInterval, time.Duration(0)
		var s schedule
		for from := time.Duration(0); from < until; {
			tick := span{from, min(from+time.Duration(rapid.Int64Range(int64(d.ScanInterval/6), int64(3*d.ScanInterval)).Draw(t, "tick")), until)}
			s.listen(key, d, tick)
			for _, w := range s.windows {
				if w.from < tick.from || w.to > tick.to {
					t.Fatalf("listens %v in %v", w, tick)
				}
				listened += w.to - w.from
			}
			from = tick.to
		}
		if listened != 5*d.ScanWindow {
			t.Fatalf("listened for %v of 5 windows of %v", listened, d.ScanWindow)
		}
	})
}

func TestPhonesScanOutOfStep(t *testing.T) {
	duty := DefaultConfig().Background
	share := float64(duty.ScanWindow) / float64(duty.ScanInterval)
	for second := range 20 {
		var s schedule
		listening := 0
		at := time.Duration(second) * time.Second
		for phone := range int64(20_000) {
			if s.listen(draw(1, streamPhone, phone), duty, span{at, at + 1}); len(s.windows) > 0 {
				listening++
			}
		}
		if got := float64(listening) / 20_000; math.Abs(got-share) > 0.01 {
			t.Errorf("after %v %.3f of the phones listen, want %.3f", at, got, share)
		}
	}
}
