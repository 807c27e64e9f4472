package venue

import (
	"errors"
	"fmt"
	"time"

	"i80.dk/sighej/mobile/sim"
)

// Config is a venue and its crowd. The zero Config is not usable: start from
// [DefaultConfig].
type Config struct {
	Seed   uint64
	People int

	Width, Height float64 // metres
	Hotspots      int     // places that draw people; 0: none
	Drawn         float64 // share of the ways that lead to a hotspot, 0 to 1; the others lead anywhere

	SlowestWalk, FastestWalk    float64 // m/s
	ShortestPause, LongestPause time.Duration

	Radio      sim.Config // its Tick is the crowd's
	Background float64    // share of phones whose app is in the background, 0 to 1
	IOS        float64    // share of those that run iOS, 0 to 1
	PocketLoss float64    // dB that a phone in the background loses, sending and hearing

	Weakest     float64       // what a phone hears more weakly it does not report, dBm
	ReportAgain time.Duration // a phone does not report the same peer twice within this
	Remembered  int           // peers that a phone knows to have reported; one that knows so many reports no other

	EncounterDistance float64       // who is farther apart, in metres, does not meet
	EncounterTime     time.Duration // nor who is nearer for less than this
}

// DefaultConfig returns a festival: 2,000 people on 300 × 250 m, most phones in
// pockets.
func DefaultConfig() Config {
	return Config{
		Seed: 1, People: 2000,
		Width: 300, Height: 250, Hotspots: 8, Drawn: 0.8,
		SlowestWalk: 0.5, FastestWalk: 1.5, ShortestPause: 30 * time.Second, LongestPause: 15 * time.Minute,
		Radio: sim.DefaultConfig(), Background: 0.8, IOS: 0.5, PocketLoss: 4,
		Weakest: -80, ReportAgain: 10 * time.Minute, Remembered: 512,
		EncounterDistance: 5, EncounterTime: 20 * time.Second,
	}
}

// Bounds of Config. They keep memory finite and ticks countable.
const (
	maxPeople   = 1_000_000
	maxSide     = 100_000 // metres
	maxHotspots = 64
	maxLasting  = 24 * time.Hour
)

// Validate returns nil or an error that lists every fault, one a line.
func (c Config) Validate() error {
	var f faults
	f.count("People", c.People, 1, maxPeople)
	f.within("Width", c.Width, 1, maxSide)
	f.within("Height", c.Height, 1, maxSide)
	f.count("Hotspots", c.Hotspots, 0, maxHotspots)
	f.within("Drawn", c.Drawn, 0, 1)
	f.within("SlowestWalk", c.SlowestWalk, 0.01, 100)
	f.within("FastestWalk", c.FastestWalk, c.SlowestWalk, 100)
	f.lasting("ShortestPause", c.ShortestPause, maxLasting)
	f.lasting("LongestPause", c.LongestPause, maxLasting)
	if c.LongestPause < c.ShortestPause {
		f.add("LongestPause must be no shorter than ShortestPause, %v", c.ShortestPause)
	}
	f.phones(c)
	f.within("EncounterDistance", c.EncounterDistance, 0.1, 1000)
	f.lasting("EncounterTime", c.EncounterTime, maxLasting)
	return errors.Join(f...)
}

func (f *faults) phones(c Config) {
	if err := c.Radio.Validate(); err != nil {
		f.add("Radio: %w", err)
	}
	f.within("Background", c.Background, 0, 1)
	f.within("IOS", c.IOS, 0, 1)
	f.within("PocketLoss", c.PocketLoss, 0, 60)
	f.within("Weakest", c.Weakest, -120, 0)
	f.lasting("ReportAgain", c.ReportAgain, maxLasting)
	f.count("Remembered", c.Remembered, 1, maxPeople)
}

// faults collects what is wrong.
type faults []error

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Errorf(format, args...)) }

func (f *faults) count(name string, n, least, most int) {
	if n < least || n > most {
		f.add("%s must be from %d to %d, not %d", name, least, most, n)
	}
}

// within finds fault with NaN too.
func (f *faults) within(name string, v, least, most float64) {
	if !(v >= least && v <= most) {
		f.add("%s must be from %g to %g, not %g", name, least, most, v)
	}
}

func (f *faults) lasting(name string, d, most time.Duration) {
	if d < 0 || d > most {
		f.add("%s must be from 0 to %v, not %v", name, most, d)
	}
}
