package phones

import (
	"cmp"
	"context"
	"encoding/binary"
	"math"
	"slices"
	"sync"
	"time"

	"i80.dk/sighej/bench/report"
	"i80.dk/sighej/bench/venue"
	"i80.dk/sighej/mobile/sim"
)

// Festival lets the phones meet as people in a venue do, at a multiple of real
// time. Phone i belongs to person i.
type Festival struct {
	Venue venue.Config  // People is how many phones there are
	For   time.Duration // real time
	Speed float64       // simulated seconds in a second
	Via   string
	Shown int // people whose ways are kept for the map

	// Arrive is the simulated time over which people switch their phones on, one
	// after the other. Encounters that began within it do not count.
	Arrive time.Duration
}

// Outcome is what a festival came to. Times are simulated seconds.
type Outcome struct {
	Crowd       *report.Crowd // nil for all generators but the first
	Encounters  int           // pairs who truly met
	Overlapping int           // of them: they share an interest
	Nudged      int           // of those: both phones were nudged
	Delays      []float64     // of those: from their meeting until the second nudge; 0 if they were nudged before
	Sightings   int
	PhoneHours  float64
}

const (
	aheadTicks  = 16      // that are simulated before they are due
	mapBytes    = 2 << 20 // of positions
	leastEvery  = 2.0     // simulated seconds between two of them
	perPosition = 4
)

// festival is one under way.
type festival struct {
	*Festival
	g       *Generator
	crowd   *venue.Crowd
	people  []*phone
	start   time.Time
	met     []report.Encounter
	known   map[[2]int32]int // pair → index in met
	every   int              // ticks between two positions
	outcome Outcome
}

// Do does it.
func (o *Festival) Do(ctx context.Context, g *Generator) error {
	people := g.all()
	slices.SortFunc(people, func(a, b *phone) int { return cmp.Compare(a.Phone, b.Phone) })
	cfg := o.Venue
	cfg.People = len(people)
	crowd, err := venue.New(cfg)
	if err != nil {
		return err
	}
	f := &festival{Festival: o, g: g, crowd: crowd, people: people, known: map[[2]int32]int{}}
	err = f.run(ctx)
	g.mu.Lock()
	g.festival = f
	g.mu.Unlock()
	return err
}

func (f *festival) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ticks := make(chan venue.Tick, aheadTicks)
	var simulation sync.WaitGroup
	f.drawMap()
	simulation.Go(func() { f.simulate(ctx, ticks) })
	defer simulation.Wait()
	defer cancel()

	queue, wait := f.g.senders(ctx, f.Via, len(f.people)*backlog+1000)
	f.start = time.Now()
	var err error
	for tick := range ticks {
		f.note(tick)
		if err = f.play(ctx, queue, tick); err != nil {
			break
		}
	}
	close(queue)
	wait()
	if err == nil && f.Via == WebSocket {
		_, err = until(ctx, f.g.cfg.Patience, func() bool { f.g.expire(time.Now()); return !f.g.waiting() })
	}
	return err
}

// simulate steps the crowd through the whole time, ahead of it.
func (f *festival) simulate(ctx context.Context, ticks chan<- venue.Tick) {
	defer close(ticks)
	all := time.Duration(float64(f.For) * f.Speed)
	for i := range f.people {
		f.crowd.Switch(i, false)
	}
	var now time.Duration
	for n, on := 1, 0; ; n++ {
		for ; on < len(f.people) && f.Arrive*time.Duration(on) <= now*time.Duration(len(f.people)); on++ {
			f.crowd.Switch(on, true)
		}
		tick := f.crowd.Step()
		now = tick.At
		if tick.At > all {
			return
		}
		if n%f.every == 0 {
			f.keepPositions()
		}
		tick.Sightings = slices.Clone(tick.Sightings)
		tick.Met, tick.Parted = slices.Clone(tick.Met), slices.Clone(tick.Parted)
		select {
		case ticks <- tick:
		case <-ctx.Done():
			return
		}
	}
}

// play reports a tick's sightings, each when it is due.
func (f *festival) play(ctx context.Context, queue chan<- sighting, tick venue.Tick) error {
	for _, s := range tick.Sightings {
		due := f.start.Add(time.Duration(float64(s.At) / f.Speed))
		if err := sleepUntil(ctx, due); err != nil {
			return err
		}
		f.outcome.Sightings++
		f.g.dispatch(queue, sighting{f.people[s.By], []*phone{f.people[s.Of]}, due})
	}
	return sleepUntil(ctx, f.start.Add(time.Duration(float64(tick.At)/f.Speed)))
}

func sleepUntil(ctx context.Context, t time.Time) error {
	wait := time.Until(t)
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// note keeps the truth. Of people who meet again and again the first time counts.
func (f *festival) note(tick venue.Tick) {
	f.outcome.PhoneHours = float64(len(f.people)) * tick.At.Hours()
	for _, m := range tick.Met {
		pair := [2]int32{m.A, m.B}
		if _, again := f.known[pair]; again || m.Began < f.Arrive {
			continue
		}
		f.known[pair] = len(f.met)
		a, b := f.people[m.A], f.people[m.B]
		f.met = append(f.met, report.Encounter{
			A: int(m.A), B: int(m.B), Began: m.Began.Seconds(), Ended: -1, Nudged: -1,
			Overlap: !a.interests.Disjoint(&b.interests),
		})
	}
	for _, m := range tick.Parted {
		if i, ok := f.known[[2]int32{m.A, m.B}]; ok && f.met[i].Ended < 0 {
			f.met[i].Ended = m.Ended.Seconds()
		}
	}
}

// Outcome returns what the last festival came to; the zero value if there was
// none. Nudges count that have come by now.
func (g *Generator) Outcome() Outcome {
	g.mu.Lock()
	f := g.festival
	g.mu.Unlock()
	if f == nil {
		return Outcome{}
	}
	return f.judge()
}

func (f *festival) judge() Outcome {
	o := f.outcome
	end := float64(f.For) / float64(time.Second) * f.Speed
	o.Encounters, o.Overlapping, o.Nudged, o.Delays = len(f.met), 0, 0, nil
	for i := range f.met {
		m := &f.met[i]
		if m.Ended < 0 {
			m.Ended = end
		}
		if !m.Overlap {
			continue
		}
		o.Overlapping++
		a, b := f.g.ledger.Pair(f.people[m.A].Phone, f.people[m.B].Phone)
		if a.IsZero() || b.IsZero() {
			continue
		}
		o.Nudged++
		last := a
		if b.After(a) {
			last = b
		}
		m.Nudged = last.Sub(f.start).Seconds() * f.Speed
		o.Delays = append(o.Delays, max(0, m.Nudged-m.Began))
	}
	if o.Crowd != nil {
		o.Crowd.Encounters = f.shown()
	}
	return o
}

// shown returns the encounters between people on the map.
func (f *festival) shown() (shown []report.Encounter) {
	for _, m := range f.met {
		if m.A < f.outcome.Crowd.People && m.B < f.outcome.Crowd.People {
			shown = append(shown, m)
		}
	}
	return shown
}

// drawMap begins the map, of the first generator's crowd only.
func (f *festival) drawMap() {
	shown := min(f.Shown, len(f.people))
	seconds := f.For.Seconds() * f.Speed
	every := max(leastEvery, seconds*float64(shown)*perPosition/mapBytes)
	f.every = max(1, int(math.Ceil(every/f.Venue.Radio.Tick.Seconds())))
	if f.g.cfg.Worker > 0 || shown == 0 {
		return
	}
	f.outcome.Crowd = &report.Crowd{
		Width: f.Venue.Width, Height: f.Venue.Height, Hotspots: f.crowd.Hotspots(),
		Every: float64(f.every) * f.Venue.Radio.Tick.Seconds(), People: shown,
	}
	for _, mode := range f.crowd.Modes()[:shown] {
		f.outcome.Crowd.Background = append(f.outcome.Crowd.Background, mode != sim.Foreground)
	}
	f.keepPositions()
}

// keepPositions is called by the simulation only, once it runs.
func (f *festival) keepPositions() {
	c := f.outcome.Crowd
	if c == nil {
		return
	}
	for _, metres := range f.crowd.Positions(nil)[:2*c.People] {
		c.Positions = binary.LittleEndian.AppendUint16(c.Positions, uint16(min(metres*10, math.MaxUint16)))
	}
}
