package sim_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"i80.dk/sighej/mobile/sim"
	"pgregory.net/rapid"
)

// always is a radio without chance that listens all the time.
func always() sim.Config {
	c := sim.DefaultConfig()
	c.Shadowing, c.Fading, c.Loss = 0, 0, 0
	on := sim.Duty{Advertise: 250 * time.Millisecond, ScanWindow: time.Second, ScanInterval: time.Second}
	c.Foreground, c.Background = on, on
	return c
}

func medium(t *testing.T, c sim.Config, seed uint64) *sim.Medium {
	t.Helper()
	m, err := sim.NewMedium(c, seed)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func hearings(m *sim.Medium, phones []sim.Phone, ticks int) []sim.Hearing {
	var all []sim.Hearing
	for range ticks {
		m.Step(phones, func(h sim.Hearing) { all = append(all, h) })
	}
	return sorted(all)
}

func sorted(all []sim.Hearing) []sim.Hearing {
	slices.SortFunc(all, func(a, b sim.Hearing) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.By, b.By), cmp.Compare(a.Of, b.Of))
	})
	return all
}

// field is phones in a square of a side in metres, of all modes.
func field(n int, side float64) []sim.Phone {
	phones := make([]sim.Phone, n)
	for i := range phones {
		x, y := math.Mod(float64(i)*0.754877666, 1), math.Mod(float64(i)*0.569840291, 1) // evenly, but on no lattice of two axes
		phones[i] = sim.Phone{X: x * side, Y: y * side, Mode: sim.Mode(i % 3), Loss: float64(i % 2 * 4)}
	}
	return phones
}

func TestStrengthFallsWithDistance(t *testing.T) {
	c := always()
	last := int8(0)
	for _, d := range []float64{0.2, 0.5, 1, 1.5, 2, 3, 5, 8, 12, 19} {
		heard := hearings(medium(t, c, 1), []sim.Phone{{}, {X: d * 0.6, Y: d * 0.8}}, 1)
		if len(heard) != 2 {
			t.Fatalf("at %g m %d phones heard the other", d, len(heard))
		}
		want := c.Power - 10*c.Exponent*math.Log10(d)
		if got := heard[0].RSSI; got >= last || math.Abs(float64(got)-want) > 0.7 {
			t.Errorf("at %g m: %d dBm, want %.1f and less than nearer", d, got, want)
		}
		last = heard[0].RSSI
	}
	if heard := hearings(medium(t, c, 1), []sim.Phone{{}, {X: 20}}, 100); len(heard) != 0 { // -95.1 dBm
		t.Errorf("heard below the sensitivity: %v", heard[0])
	}
}

func TestNothingIsHeardBelowTheSensitivity(t *testing.T) {
	c := sim.DefaultConfig()
	c.Shadowing, c.Fading, c.Sensitivity = 6, 6, -70
	weakest := int8(0)
	for _, h := range hearings(medium(t, c, 1), field(100, 30), 60) {
		weakest = min(weakest, h.RSSI)
	}
	if weakest != -70 {
		t.Errorf("the weakest packet of many had %d dBm, the sensitivity is -70", weakest)
	}
}

func TestLossOfBothPhonesCounts(t *testing.T) {
	heard := hearings(medium(t, always(), 1), []sim.Phone{{Loss: 3}, {X: 1, Loss: 10}}, 1)
	if len(heard) != 2 || heard[0].RSSI != -73 || heard[1].RSSI != -73 {
		t.Errorf("1 m away with losses of 3 and 10 dB: %v, want -73 dBm", heard)
	}
}

func TestWhoHearsWhom(t *testing.T) {
	modes := []sim.Mode{sim.Foreground, sim.Background, sim.BackgroundIOS}
	for _, by := range modes {
		for _, of := range modes {
			heard := hearings(medium(t, always(), 1), []sim.Phone{{Mode: by}, {X: 1, Mode: of}}, 20)
			got := slices.ContainsFunc(heard, func(h sim.Hearing) bool { return h.By == 0 })
			if want := of != sim.BackgroundIOS || by == sim.Foreground; got != want {
				t.Errorf("mode %d hears mode %d: %v, want %v", by, of, got, want)
			}
		}
	}
}

func TestDeafAndMute(t *testing.T) {
	for name, p := range map[string]sim.Phone{
		"off": {Off: true}, "no mode": {Mode: 3}, "nowhere": {X: math.NaN()}, "far": {Y: math.Inf(-1)}, "wrapped in lead": {Loss: math.Inf(1)},
	} {
		if heard := hearings(medium(t, always(), 1), []sim.Phone{p, {X: 1}, {X: 2}}, 20); len(heard) != 40 {
			t.Errorf("%s: %d hearings between the two others, want 40", name, len(heard))
		}
	}
	c := always()
	c.Loss = 1
	if heard := hearings(medium(t, c, 1), field(50, 10), 20); len(heard) != 0 {
		t.Errorf("with every packet lost: %v", heard[0])
	}
	c = always()
	c.Foreground.ScanWindow = 0
	if heard := hearings(medium(t, c, 1), []sim.Phone{{}, {X: 1}}, 20); len(heard) != 0 {
		t.Errorf("without scanning: %v", heard[0])
	}
}

// Pairs 1 m wide and out of reach of each other. A slot of an advertiser is a
// tick, so no packet hides behind another of the same tick, and a packet is heard
// if it falls in a window and is not lost.
func TestChanceToHearIsDutyTimesPackets(t *testing.T) {
	const pairs, ticks = 200, 500
	phones := make([]sim.Phone, 2*pairs)
	for i := range phones {
		phones[i] = sim.Phone{X: float64(i / 2 * 1000), Y: float64(i % 2)}
	}
	for _, tc := range []struct {
		window, interval time.Duration
		loss             float64
	}{
		{500 * time.Millisecond, 5 * time.Second, 0},
		{500 * time.Millisecond, 5 * time.Second, 0.4},
		{1024 * time.Millisecond, 4096 * time.Millisecond, 0},
		{30 * time.Millisecond, 100 * time.Millisecond, 0},
		{512 * time.Millisecond, 10240 * time.Millisecond, 0.1},
		{time.Second, time.Second, 0.25},
	} {
		c := always()
		c.Foreground = sim.Duty{Advertise: time.Second, ScanWindow: tc.window, ScanInterval: tc.interval}
		c.Loss = tc.loss
		want := 2 * pairs * ticks * (1 - tc.loss) * tc.window.Seconds() / tc.interval.Seconds()
		got := float64(len(hearings(medium(t, c, 3), phones, ticks)))
		if math.Abs(got-want) > 0.04*want {
			t.Errorf("%v of %v with %g lost: %g hearings, want %g within 4%%", tc.window, tc.interval, tc.loss, got, want)
		}
	}
}

func TestShadowing(t *testing.T) {
	c := always()
	c.Shadowing, c.Sensitivity = 4, -110
	phones := []sim.Phone{{}, {X: 3}}
	base := c.Power - 10*c.Exponent*math.Log10(3)
	var sum, squares, n, changes float64
	for seed := range uint64(50) {
		m, last := medium(t, c, seed), int8(0)
		for range 200 {
			heard := hearings(m, phones, 1)
			if len(heard) != 2 || heard[0].RSSI != heard[1].RSSI {
				t.Fatalf("not the same in both directions: %v", heard)
			}
			d := float64(heard[0].RSSI) - base
			sum, squares, n = sum+d, squares+d*d, n+1
			if last != 0 && heard[0].RSSI != last {
				changes++
			}
			last = heard[0].RSSI
		}
	}
	mean := sum / n
	if sigma := math.Sqrt(squares/n - mean*mean); math.Abs(mean) > 0.5 || math.Abs(sigma-4) > 0.5 {
		t.Errorf("mean %.2f dB, standard deviation %.2f dB, want 0 and 4", mean, sigma)
	}
	if every := n / changes; every < 9 || every > 13 { // of Correlation 10 s; two draws may round to the same dBm
		t.Errorf("the shadowing of a pair changes every %.1f s, want about 10", every)
	}
}

func TestSameSeedSameHearings(t *testing.T) {
	phones := field(300, 60)
	first := hearings(medium(t, sim.DefaultConfig(), 7), phones, 30)
	if len(first) < 1000 {
		t.Fatalf("only %d hearings", len(first))
	}
	if !slices.Equal(first, hearings(medium(t, sim.DefaultConfig(), 7), phones, 30)) {
		t.Error("the same seed gave other hearings")
	}
	if slices.Equal(first, hearings(medium(t, sim.DefaultConfig(), 8), phones, 30)) {
		t.Error("another seed gave the same hearings")
	}
}

func TestHearingsDoNotDependOnOthers(t *testing.T) {
	phones := field(120, 40)
	all := hearings(medium(t, sim.DefaultConfig(), 5), phones, 30)
	rapid.Check(t, func(r *rapid.T) {
		there := rapid.SliceOfN(rapid.Bool(), len(phones), len(phones)).Draw(r, "there")
		fewer := slices.Clone(phones[:rapid.IntRange(1, len(phones)).Draw(r, "known")])
		for i := range fewer {
			fewer[i].Off = !there[i]
		}
		want := slices.DeleteFunc(slices.Clone(all), func(h sim.Hearing) bool {
			return max(h.By, h.Of) >= len(fewer) || !there[h.By] || !there[h.Of]
		})
		if got := hearings(medium(t, sim.DefaultConfig(), 5), fewer, 30); !slices.Equal(got, want) {
			r.Fatalf("%d hearings among some of the phones, %d among all", len(got), len(want))
		}
	})
}

func TestStepDoesNotAllocate(t *testing.T) {
	m, phones, heard := medium(t, sim.DefaultConfig(), 1), field(500, 80), 0
	hear := func(sim.Hearing) { heard++ }
	for range 200 {
		m.Step(phones, hear)
	}
	if n := testing.AllocsPerRun(100, func() { m.Step(phones, hear) }); n != 0 || heard == 0 {
		t.Errorf("%g allocations a step, %d hearings", n, heard)
	}
}

func ExampleMedium() {
	m, err := sim.NewMedium(sim.DefaultConfig(), 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	phones := []sim.Phone{
		{X: 0, Y: 0},
		{X: 2, Y: 0},
		{X: 1, Y: 1, Mode: sim.BackgroundIOS, Loss: 6}, // in a pocket
	}
	for m.Now() < 3*time.Second {
		m.Step(phones, func(h sim.Hearing) {
			fmt.Printf("%v: phone %d hears phone %d with %d dBm\n", h.At.Round(time.Millisecond), h.By, h.Of, h.RSSI)
		})
	}
	// Unordered output:
	// 171ms: phone 1 hears phone 0 with -67 dBm
	// 363ms: phone 1 hears phone 2 with -69 dBm
	// 1.18s: phone 0 hears phone 2 with -63 dBm
	// 1.236s: phone 0 hears phone 1 with -68 dBm
	// 2.03s: phone 0 hears phone 1 with -71 dBm
	// 2.825s: phone 2 hears phone 1 with -66 dBm
	// 2.877s: phone 2 hears phone 0 with -73 dBm
}
