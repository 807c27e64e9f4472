package ble

import (
	"math"
	"time"
)

// Band is how near another phone is, as far as its signal tells.
type Band uint8

// The bands, from far to near.
const (
	Gone     Band = iota // too weak, or not heard for a while
	Near                 // in the same room or street
	VeryNear             // at about arm's length
)

// String returns the band in lower case.
func (b Band) String() string {
	if b > VeryNear {
		return "unknown"
	}
	return [...]string{"gone", "near", "very near"}[b]
}

// Smoothed powers, dBm, at which a band begins and ends. They lie apart, so that
// a phone at the border does not flutter between two bands: what a body in between
// or a turned phone takes away is some 5 dB. At the -60 dBm that a usual phone has
// at 1 m, and a path loss exponent of 2.7, they stand for 1.5 and 2.8 m, and for
// 10 and 17 m; phones differ by more than 10 dB, so none of this is a distance.
const (
	veryNearFrom, veryNearTo = -65.0, -72.0
	nearFrom, nearTo         = -87.0, -93.0
)

// settle is after how long a new power has replaced 63 % of the old one.
const settle = 4 * time.Second

// Bounds of the share that one packet has in the smoothed power: several packets
// of one scan window must count, and one after a long pause must not decide alone.
const leastShare, mostShare = 0.1, 0.7

// unknownPower stands in for a power that was not told: in range, and no nearer.
const unknownPower = -80

// Signal is one phone's power over time. The zero Signal has heard nothing. It is
// not safe for concurrent use.
type Signal struct {
	heard time.Time
	power float64 // smoothed, dBm
	band  Band
}

// Hear takes a packet in and returns the band. A packet that is older than the
// last one counts as one at the same time.
func (s *Signal) Hear(at time.Time, rssi int) Band {
	power := float64(max(-127, min(rssi, 20)))
	if rssi == 0 {
		power = unknownPower
	}
	if s.heard.IsZero() {
		s.power = power
	} else {
		passed := max(at.Sub(s.heard), 0)
		share := 1 - math.Exp(-passed.Seconds()/settle.Seconds())
		s.power += (power - s.power) * max(leastShare, min(share, mostShare))
	}
	if at.After(s.heard) {
		s.heard = at
	}
	s.band = bandOf(s.power, s.band)
	return s.band
}

// Band returns the band at a time, when a phone counts as gone after a silence.
func (s *Signal) Band(at time.Time, silence time.Duration) Band {
	if s.heard.IsZero() || at.Sub(s.heard) >= silence {
		return Gone
	}
	return s.band
}

// Heard returns when the last packet came; the zero time when none did.
func (s *Signal) Heard() time.Time { return s.heard }

// Power returns the smoothed power in dBm, rounded, from -127 to 20.
func (s *Signal) Power() int { return int(math.Round(s.power)) }

// bandOf knows the band before: it is left later than it was entered.
func bandOf(power float64, before Band) Band {
	switch {
	case power >= veryNearFrom, before == VeryNear && power >= veryNearTo:
		return VeryNear
	case power >= nearFrom, before >= Near && power >= nearTo:
		return Near
	}
	return Gone
}
