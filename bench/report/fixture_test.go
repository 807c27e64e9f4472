package report

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// The reports of the tests are made up, but look like real ones: the same seed
// gives the same report.

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 42)) }

func emptyReport(suite string) *Report {
	began := time.Date(2026, 5, 4, 18, 30, 0, 0, time.UTC)
	return &Report{
		Format:   Format,
		Version:  "0.4.0",
		Suite:    suite,
		About:    "Phones report sightings at a steady rate; every answer and every nudge is checked.",
		Settings: []Setting{{"rate", "500"}, {"phones", "5000"}, {"duration", "1m0s"}, {"overlap", "0.1"}},
		Targets:  []Target{{Bases: []string{"http://127.0.0.1:8000"}, Auth: "bearer"}},
		Machine:  Machine{OS: "linux", Arch: "amd64", CPU: "AMD EPYC 7B13", Cores: 2, MemoryBytes: 8 << 30},
		Started:  began,
		Ended:    began.Add(70 * time.Second),
		Runs:     []Run{},
	}
}

// steadyReport is one run at a fixed rate in which nothing is wrong.
func steadyReport() *Report {
	r := emptyReport("match")
	r.Runs = append(r.Runs, steadyRun(random(1), 0, 60, 1))
	return r
}

// steadyRun is a target that is slow times as slow as usual.
func steadyRun(rnd *rand.Rand, target, seconds int, slow float64) Run {
	run := Run{Target: target, Seconds: float64(seconds), Generator: Generator{
		Workers: 2, CPUSeconds: 14.2, RSS: 210 << 20, Phones: 5000, OtherCPU: 0.08,
		Lag: latencyOf(rnd, "lag", 30_000, 0.12, 0.5),
	}}
	answers := latencyOf(rnd, "answer", 30_000, 1.1*slow, 0.55)
	nudges := latencyOf(rnd, "nudge", 1_500, 2.3*slow, 0.6)
	run.Latencies = []Latency{answers, nudges}
	run.Samples = samplesOf(rnd, seconds, slow)
	run.Figures = []Figure{
		{Name: "answers per second", Value: 499.6 + rnd.Float64()/2, Unit: "1/s", Better: More},
		{Name: "answers per core-second", Value: (2212 + 40*rnd.Float64()) / slow, Unit: "1/s", Better: More, Robust: true},
		{Name: "memory per phone", Value: 21_430 * slow, Unit: "bytes", Better: Less, Robust: true},
		{Name: "errors", Value: 0, Unit: "", Better: Less, Robust: true},
	}
	run.Checks = Checks{Answers: 30_000, Nudges: 1_500, Expected: 1_500, Unsure: 3, Errors: map[string]int64{}}
	run.Processes = []Process{{
		PID: 4711, Name: "sighej", Target: target, CPUSeconds: 13.4 * slow, RSS: 188 << 20, PSS: 181 << 20, RSSBefore: 61 << 20, PSSBefore: 55 << 20,
	}}
	return run
}

// latencyOf draws n values from a log-normal distribution with a rare stall.
func latencyOf(rnd *rand.Rand, name string, n int, center, sigma float64) Latency {
	values := make([]float64, n)
	sum := 0.0
	for i := range values {
		values[i] = center * math.Exp(sigma*rnd.NormFloat64())
		if rnd.IntN(2000) == 0 {
			values[i] += 40 * rnd.Float64() * center
		}
		sum += values[i]
	}
	slices.Sort(values)
	at := func(q float64) float64 { return values[int(q*float64(n-1))] }
	return Latency{
		Name: name, Count: int64(n), Mean: sum / float64(n),
		P50: at(0.5), P90: at(0.9), P99: at(0.99), P999: at(0.999), Max: at(1), Buckets: bucketsOf(values),
	}
}

// bucketsOf puts sorted values into buckets of a twentieth of their size.
func bucketsOf(sorted []float64) []Bucket {
	var buckets []Bucket
	for _, v := range sorted {
		upTo := math.Pow(1.05, math.Ceil(math.Log(v)/math.Log(1.05)))
		if n := len(buckets); n > 0 && buckets[n-1].UpTo >= upTo*0.999 {
			buckets[n-1].Count++
			continue
		}
		buckets = append(buckets, Bucket{UpTo: upTo, Count: 1})
	}
	return buckets
}

func samplesOf(rnd *rand.Rand, seconds int, slow float64) []Sample {
	samples := make([]Sample, seconds)
	for i := range samples {
		share := float64(i) / float64(seconds)
		stall := 1.0
		phase, rate := "measure", 500.0
		if share < 0.2 {
			phase, rate = "warm-up", 500*math.Min(1, 0.1+share*5)
		}
		if i == seconds*2/3 {
			stall = 12
		}
		wobble := slow * stall * (1 + 0.1*rnd.NormFloat64())
		s := Sample{
			At: float64(i + 1), Seconds: 1, Phase: phase, Due: int64(rate), Answered: int64(rate/math.Sqrt(stall) + 4*rnd.NormFloat64()),
			Nudges: int64(rate / 20), Connected: 5000, LagMS: 0.3 + 0.1*rnd.Float64(),
			GeneratorCPU: 0.22 + 0.02*rnd.NormFloat64(), OtherCPU: 0.06 + 0.03*rnd.Float64(),
			Latency: map[string]Quantiles{"answer": {1.1 * wobble, 4.1 * wobble, 9 * wobble}},
			Servers: map[int]ProcessSample{4711: {
				CPU: 0.21*slow + 0.015*rnd.NormFloat64(), RSS: int64(61+127*math.Sqrt(share)) << 20, Goroutines: 15_020,
			}},
		}
		if i%2 == 0 {
			s.Latency["nudge"] = Quantiles{2.3 * wobble, 9 * wobble, 12 * wobble}
		}
		if stall > 1 {
			s.Errors = 23
		}
		samples[i] = s
	}
	return samples
}

// wrongReport is a run in which the target did what it must not.
func wrongReport() *Report {
	r := steadyReport()
	r.Runs[0].Checks.Findings = []Finding{
		{Kind: FaultMissing, Count: 3, Examples: []string{"phones 17 and 204 overlap in chess, and 17 got no nudge within 10 s"}},
		{Kind: FaultContent, Count: 1, Examples: []string{`the nudge for 12 and 90 names "<script>alert(1)</script>"`}},
	}
	r.Runs[0].Checks.Errors = map[string]int64{"unavailable": 1_204, "rate_limited": 17}
	return r
}

// disturbedReport is a run during which something else kept the machine busy.
func disturbedReport() *Report {
	r := steadyReport()
	r.Runs[0].Disturbed = []string{"others used 0.71 cores on average (limit 0.10)", "the generator dispatched late: p99 of 41 ms (limit 5 ms)"}
	return r
}

// rampReport is one run that raised the rate until the target gave in.
func rampReport() *Report {
	r := emptyReport("ramp")
	run := steadyRun(random(2), 0, 80, 1)
	for i, rate := range []float64{250, 500, 1000, 1500, 2000, 2500, 3000, 3500} {
		load := rate / 2900
		s := Step{Rate: rate, Answered: min(rate, 2870), P50: 0.9 / math.Max(1-load, 0.03), P99: 3.8 / math.Max(1-load, 0.02), Held: load < 0.9}
		if !s.Held {
			s.Why, s.Errors = fmt.Sprintf("p99 over %d ms", 50), 0.004*float64(i-4)
		}
		run.Steps = append(run.Steps, s)
	}
	for i := range run.Samples {
		step := run.Steps[i/10]
		run.Samples[i].Phase = fmt.Sprintf("%.0f /s", step.Rate)
		run.Samples[i].Due, run.Samples[i].Answered = int64(step.Rate), int64(step.Answered)
	}
	r.Runs = append(r.Runs, run)
	return r
}

// versusReport alternates between two targets, the second a tenth slower. One
// run of the first is disturbed.
func versusReport() *Report {
	r := emptyReport("match")
	r.Targets = append(r.Targets, Target{Bases: []string{"http://127.0.0.1:9000", "http://127.0.0.1:9001"}, Auth: "bearer"})
	for round, target := range []int{0, 1, 1, 0, 0, 1, 1, 0} {
		slow := 1 + 0.1*float64(target)
		run := steadyRun(random(uint64(10+round)), target, 30, slow)
		if round == 3 {
			run.Disturbed = []string{"others used 0.71 cores on average (limit 0.10)"}
		}
		r.Runs = append(r.Runs, run)
	}
	return r
}

// repeatedReport is three runs of one target.
func repeatedReport() *Report {
	r := emptyReport("match")
	for i := range 3 {
		r.Runs = append(r.Runs, steadyRun(random(uint64(20+i)), 0, 30, 1+0.05*float64(i)))
	}
	return r
}

// festivalReport is a crowd that walks between three places and meets there.
func festivalReport() *Report {
	r := emptyReport("festival")
	r.About = "A simulated crowd walks through a venue; phones that meet and share an interest have to be nudged."
	run := steadyRun(random(3), 0, 60, 1)
	crowd := *festivalCrowd()
	crowd.Encounters = slices.Clone(crowd.Encounters)
	run.Crowd = &crowd
	r.Runs = append(r.Runs, run)
	return r
}

// festivalCrowd takes a second to walk, so that it does so once.
var festivalCrowd = sync.OnceValue(func() *Crowd { return crowdOf(random(4), 200, 400) })

func crowdOf(rnd *rand.Rand, people, seconds int) *Crowd {
	c := &Crowd{
		Width: 300, Height: 200, Every: 2, People: people, Background: make([]bool, people),
		Hotspots: []Hotspot{{"main stage", 75, 60, 28}, {"bar", 235, 50, 16}, {"food", 215, 150, 20}, {"camp", 60, 165, 18}},
	}
	for i := range c.Background {
		c.Background[i] = rnd.IntN(3) == 0
	}
	walkers := make([]walker, people)
	for i := range walkers {
		walkers[i] = walker{x: rnd.Float64() * c.Width, y: rnd.Float64() * c.Height, pause: 90*rnd.Float64() - 30}
	}
	met := map[[2]int]bool{}
	for at := 0.0; at <= float64(seconds); at += c.Every {
		for i := range walkers {
			walkers[i].step(rnd, c)
			c.Positions = binary.LittleEndian.AppendUint16(c.Positions, uint16(walkers[i].x*10))
			c.Positions = binary.LittleEndian.AppendUint16(c.Positions, uint16(walkers[i].y*10))
		}
		c.meet(rnd, walkers, at, met)
	}
	return c
}

type walker struct{ x, y, toX, toY, pause float64 }

func (p *walker) step(rnd *rand.Rand, c *Crowd) {
	dx, dy := p.toX-p.x, p.toY-p.y
	distance := math.Hypot(dx, dy)
	switch {
	case p.pause > 0:
		p.pause -= c.Every
	case distance < 3 || p.toX == 0:
		p.pause = 20 + 100*rnd.Float64()
		h := c.Hotspots[rnd.IntN(len(c.Hotspots))]
		angle, r := 2*math.Pi*rnd.Float64(), h.Radius*math.Sqrt(rnd.Float64())
		p.toX, p.toY = h.X+r*math.Cos(angle), h.Y+r*math.Sin(angle)
	default:
		pace := 1.2 * c.Every / distance
		p.x, p.y = p.x+dx*pace, p.y+dy*pace
	}
}

func (c *Crowd) meet(rnd *rand.Rand, walkers []walker, at float64, met map[[2]int]bool) {
	for a := range walkers {
		for b := a + 1; b < len(walkers); b++ {
			pair := [2]int{a, b}
			if met[pair] || math.Hypot(walkers[a].x-walkers[b].x, walkers[a].y-walkers[b].y) > 5 {
				continue
			}
			if walkers[a].pause < 25 || walkers[b].pause < 25 {
				continue
			}
			met[pair] = true
			e := Encounter{A: a, B: b, Began: at, Ended: at + 60, Overlap: rnd.IntN(5) == 0, Nudged: -1}
			if e.Overlap {
				e.Nudged = at + 20*rnd.Float64()
			}
			c.Encounters = append(c.Encounters, e)
		}
	}
}

// examples are the reports worth a look.
func examples() map[string]*Report {
	return map[string]*Report{
		"steady": steadyReport(), "wrong": wrongReport(), "disturbed": disturbedReport(), "ramp": rampReport(),
		"versus": versusReport(), "repeated": repeatedReport(), "festival": festivalReport(),
	}
}
