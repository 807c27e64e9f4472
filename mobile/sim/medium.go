package sim

import (
	"fmt"
	"math"
	"time"
)

// Mode is how a phone's app runs, as far as its radio knows.
type Mode uint8

// The modes.
const (
	Foreground Mode = iota
	Background

	// BackgroundIOS is an app on iOS that is not on the screen. It scans and
	// advertises as in Background, but only scanners in Foreground hear it. Its
	// service UUIDs are in the "overflow" area, which "can be discovered only by
	// an iOS device that is explicitly scanning for them" (Apple, Core Bluetooth,
	// CBPeripheralManager startAdvertising), in practice with the app on its
	// screen. Simplified: here every phone in Foreground counts as such a device,
	// though an Android phone does not see the area.
	BackgroundIOS

	modes
)

// farthest keeps the cells of a grid countable.
const farthest = 1e9

// Phone is what the medium needs to know of one in a tick. A phone more than
// 1e9 m from the origin, with a NaN, or in no known mode is as good as off.
type Phone struct {
	X, Y float64 // metres
	Loss float64 // what pocket, bag or body take from all it sends and all it hears, dB; not negative
	Mode Mode
	Off  bool // neither sends nor listens
}

// Hearing is one phone receiving a packet of another: the first in a tick.
type Hearing struct {
	At   time.Duration // since the medium began
	By   int           // index of the phone that heard
	Of   int           // index of the one that it heard
	RSSI int8          // dBm, -127 to -1
}

// Medium is what radio waves cross. It is not safe for concurrent use.
type Medium struct {
	cfg      Config
	seed     uint64
	ticks    int64
	radio    *radio
	schedule schedule
	grids    [modes]grid
	phones   []identity
}

// identity is a phone's own randomness.
type identity struct {
	key   uint64        // for ever
	phase time.Duration // of its epochs
	pair  uint64        // in this epoch
}

// NewMedium returns a medium at time 0. The error is that of [Config.Validate].
func NewMedium(cfg Config, seed uint64) (*Medium, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring the radio medium: %w", err)
	}
	return &Medium{cfg: cfg, seed: seed, radio: newRadio(cfg)}, nil
}

// Now returns the simulated time at which the next Step begins.
func (m *Medium) Now() time.Duration { return time.Duration(m.ticks) * m.cfg.Tick }

// Step advances time by a tick and calls hear for every phone that receives
// another in it, once for a pair and direction. A phone is known by its index:
// it must keep it from step to step. The order of the calls is repeatable and
// otherwise arbitrary. hear must not call Step; phones is only read.
func (m *Medium) Step(phones []Phone, hear func(Hearing)) {
	tick := span{m.Now(), m.Now() + m.cfg.Tick}
	m.prepare(phones, tick)
	for i := range phones {
		m.scan(phones, i, tick, hear)
	}
	m.ticks++
}

// prepare learns who sends what in the tick, and where.
func (m *Medium) prepare(phones []Phone, tick span) {
	m.meet(len(phones))
	m.schedule.packets = m.schedule.packets[:0]
	for i := range m.grids {
		m.grids[i].reset()
	}
	for i := range phones {
		m.advertise(&phones[i], i, tick)
	}
	for i := range m.grids {
		m.grids[i].build(m.radio)
	}
}

// meet gives phones that are new their identity.
func (m *Medium) meet(n int) {
	for i := len(m.phones); i < n; i++ {
		key := draw(m.seed, streamPhone, int64(i))
		phase := time.Duration(below(draw(key, streamEpoch, 0), int64(2*m.cfg.Correlation)))
		m.phones = append(m.phones, identity{key: key, phase: phase})
	}
}

func (m *Medium) advertise(p *Phone, i int, tick span) {
	id := &m.phones[i]
	id.pair = m.epoch(id, tick.from)
	if !p.on() {
		return
	}
	first, last := m.schedule.send(id.key, m.duty(p.Mode).Advertise, tick)
	if first < last {
		m.grids[p.Mode].add(point{p.X, p.Y}, advertiser{
			pair: id.pair, loss: p.loss(), phone: int32(i), first: first, last: last,
		})
	}
}

// epoch returns a phone's part of the shadowing at a time. A pair's shadowing is
// drawn anew whenever that of one of the two changes, so each lasts twice the
// correlation time; phases spread the changes of a crowd evenly over time.
func (m *Medium) epoch(id *identity, at time.Duration) uint64 {
	return draw(id.key, streamShadow, int64((at+id.phase)/(2*m.cfg.Correlation)))
}

func (m *Medium) duty(mode Mode) Duty {
	if mode == Foreground {
		return m.cfg.Foreground
	}
	return m.cfg.Background
}

func (p *Phone) on() bool {
	return !p.Off && p.Mode < modes && math.Abs(p.X) <= farthest && math.Abs(p.Y) <= farthest && p.Loss < math.Inf(1)
}

func (p *Phone) loss() float32 { return float32(max(p.Loss, 0)) }
