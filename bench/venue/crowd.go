package venue

import (
	"fmt"
	"time"

	"i80.dk/sighej/bench/report"
	"i80.dk/sighej/mobile/sim"
)

// Crowd is people in a venue. It is not safe for concurrent use.
//
// With all phones on from the start, all of them report all they hear in the
// first seconds, and again when ReportAgain is over; whoever wants an even load
// switches them on by and by.
type Crowd struct {
	cfg      Config
	habits   habits
	people   []walker
	phones   []sim.Phone
	medium   *sim.Medium
	reported []reported
	rules    rules
	truth    *truth
	now      int32 // ticks
	tick     Tick
}

// New returns a crowd at time 0. The error is that of [Config.Validate].
func New(cfg Config) (*Crowd, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring the crowd: %w", err)
	}
	radio := cfg.Radio
	// What would not be reported need not be simulated.
	radio.Sensitivity = max(radio.Sensitivity, cfg.Weakest)
	medium, err := sim.NewMedium(radio, cfg.Seed)
	if err != nil {
		return nil, err
	}
	c := &Crowd{
		cfg: cfg, habits: newHabits(cfg), medium: medium, truth: newTruth(cfg),
		people: make([]walker, cfg.People), phones: make([]sim.Phone, cfg.People), reported: make([]reported, cfg.People),
		// One tick more, since the first may have been heard late and the second early in its tick.
		rules: rules{again: ticks(cfg.ReportAgain, radio.Tick) + 1, most: int32(cfg.Remembered)},
	}
	for i := range c.people {
		c.people[i] = newWalker(&c.habits, diceOf(cfg.Seed, ofPeople, i))
		c.phones[i] = newPhone(cfg, diceOf(cfg.Seed, ofPhones, i))
	}
	return c, nil
}

// newPhone draws what stays with a phone for ever; its place comes later.
func newPhone(c Config, d dice) sim.Phone {
	background, ios := d.share() < c.Background, d.share() < c.IOS
	switch {
	case background && ios:
		return sim.Phone{Mode: sim.BackgroundIOS, Loss: c.PocketLoss}
	case background:
		return sim.Phone{Mode: sim.Background, Loss: c.PocketLoss}
	}
	return sim.Phone{Mode: sim.Foreground}
}

// ticks is how many it takes until d has passed.
func ticks(d, tick time.Duration) int32 { return int32((d + tick - 1) / tick) }

// Step lets a tick of simulated time pass. The slices of what it returns are
// reused by the next Step.
func (c *Crowd) Step() Tick {
	c.now++
	c.tick = Tick{
		At:        time.Duration(c.now) * c.cfg.Radio.Tick,
		Sightings: c.tick.Sightings[:0], Met: c.tick.Met[:0], Parted: c.tick.Parted[:0],
	}
	for i := range c.people {
		c.people[i].step(&c.habits)
		c.phones[i].X, c.phones[i].Y = c.people[i].x, c.people[i].y
	}
	c.medium.Step(c.phones, c.hear)
	c.truth.step(c.people, c.met, c.parted)
	c.tick.sort()
	return c.tick
}

func (c *Crowd) hear(h sim.Hearing) {
	if c.reported[h.By].note(int32(h.Of), c.now, &c.rules) {
		c.tick.Sightings = append(c.tick.Sightings, Sighting{At: h.At, By: int32(h.By), Of: int32(h.Of), RSSI: h.RSSI})
	}
}

func (c *Crowd) met(m change) {
	c.tick.Met = append(c.tick.Met, Meeting{A: m.a, B: m.b, Began: c.at(m.since)})
}

func (c *Crowd) parted(m change) {
	c.tick.Parted = append(c.tick.Parted, Meeting{A: m.a, B: m.b, Began: c.at(m.since), Ended: c.at(c.now)})
}

func (c *Crowd) at(tick int32) time.Duration { return time.Duration(tick) * c.cfg.Radio.Tick }

// Positions appends x and y of every person in order, in metres, and returns the
// extended slice. They are those of the last Step, or of time 0.
func (c *Crowd) Positions(dst []float64) []float64 {
	for i := range c.people {
		dst = append(dst, c.people[i].x, c.people[i].y)
	}
	return dst
}

// Switch turns the radio of a phone on or off, from the next Step on. At first
// all are on. People meet with their phones off, too.
func (c *Crowd) Switch(phone int, on bool) { c.phones[phone].Off = !on }

// Modes returns the mode of every phone, in order. It never changes.
func (c *Crowd) Modes() []sim.Mode {
	modes := make([]sim.Mode, len(c.phones))
	for i := range c.phones {
		modes[i] = c.phones[i].Mode
	}
	return modes
}

// Hotspots returns the places that draw people. They never move.
func (c *Crowd) Hotspots() []report.Hotspot {
	hotspots := make([]report.Hotspot, len(c.habits.places.hotspots))
	for i, h := range c.habits.places.hotspots {
		hotspots[i] = h.Hotspot
	}
	return hotspots
}
