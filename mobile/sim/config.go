package sim

import (
	"errors"
	"fmt"
	"time"
)

// Config is what a medium and its phones' radios are like. The zero Config is
// not usable: start from [DefaultConfig].
type Config struct {
	Tick time.Duration // simulated time that a Step advances; positions hold for all of it

	Power       float64       // received 1 m from an advertiser, dBm
	Exponent    float64       // of path loss: 2 in the open, more among people
	Shadowing   float64       // standard deviation of what stands between two phones, dB; at most 3 of them
	Correlation time.Duration // how long a pair's shadowing lasts, on average
	Fading      float64       // standard deviation from packet to packet, dB; at most 3 of them
	Loss        float64       // share of packets that are lost whatever their power, 0 to 1
	Sensitivity float64       // weakest packet that a phone receives, dBm

	Foreground Duty
	Background Duty // of BackgroundIOS too
}

// Duty is how much a radio does.
type Duty struct {
	Advertise    time.Duration // from one packet to the next, on average
	ScanWindow   time.Duration // a phone listens this long out of every ScanInterval; 0: never
	ScanInterval time.Duration
}

// Bounds of Config. They keep a step's work and memory finite.
const (
	minTick, maxTick = 10 * time.Millisecond, 10 * time.Second
	minAdvertise     = 20 * time.Millisecond // the least advInterval: Bluetooth Core 5.4, Vol 6, Part B, 4.4.2.2.1
	minScanInterval  = 2500 * time.Microsecond
	maxInterval      = time.Hour
)

// DefaultConfig returns a crowd outdoors.
//
// Radio duty is Android's: scanning 1,024 ms of 4,096 ms in the balanced mode
// (AOSP ScanManager, Android 6 to 12) and 512 ms of 10,240 ms with the screen
// off (AOSP ScanManager since Android 13); advertising every 250 ms and every
// 1,000 ms (AdvertisingSetParameters INTERVAL_MEDIUM and INTERVAL_HIGH). iOS
// publishes no figures. The radio's figures are assumptions of the usual order,
// not measurements: phones differ by more than 10 dB.
func DefaultConfig() Config {
	return Config{
		Tick:        time.Second,
		Power:       -60,
		Exponent:    2.7,
		Shadowing:   4,
		Correlation: 10 * time.Second,
		Fading:      1.5,
		Loss:        0.1,
		Sensitivity: -95,
		Foreground:  Duty{Advertise: 250 * time.Millisecond, ScanWindow: 1024 * time.Millisecond, ScanInterval: 4096 * time.Millisecond},
		Background:  Duty{Advertise: time.Second, ScanWindow: 512 * time.Millisecond, ScanInterval: 10240 * time.Millisecond},
	}
}

// Validate returns nil or an error that lists every fault, one a line.
func (c Config) Validate() error {
	var f faults
	f.lasting("Tick", c.Tick, minTick, maxTick)
	f.within("Power", c.Power, -100, 0)
	f.within("Exponent", c.Exponent, 1.5, 6)
	f.within("Shadowing", c.Shadowing, 0, 12)
	f.lasting("Correlation", c.Correlation, minTick, maxInterval)
	f.within("Fading", c.Fading, 0, 12)
	f.within("Loss", c.Loss, 0, 1)
	f.within("Sensitivity", c.Sensitivity, -120, 0)
	f.duty("Foreground", c.Foreground)
	f.duty("Background", c.Background)
	return errors.Join(f...)
}

// faults collects what is wrong.
type faults []error

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Errorf(format, args...)) }

// within finds fault with NaN too.
func (f *faults) within(name string, v, least, most float64) {
	if !(v >= least && v <= most) {
		f.add("%s must be from %g to %g, not %g", name, least, most, v)
	}
}

func (f *faults) lasting(name string, d, least, most time.Duration) {
	if d < least || d > most {
		f.add("%s must be from %v to %v, not %v", name, least, most, d)
	}
}

func (f *faults) duty(name string, d Duty) {
	f.lasting(name+".Advertise", d.Advertise, minAdvertise, maxInterval)
	f.lasting(name+".ScanInterval", d.ScanInterval, minScanInterval, maxInterval)
	f.lasting(name+".ScanWindow", d.ScanWindow, 0, max(d.ScanInterval, 0))
}
