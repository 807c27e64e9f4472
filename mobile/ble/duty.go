package ble

import "time"

// Duty is how much a phone's radio works, and what follows from that.
type Duty struct {
	Advertise    time.Duration // from one packet to the next
	ScanWindow   time.Duration // it listens this long out of every ScanInterval
	ScanInterval time.Duration

	Silence time.Duration // a phone that was not heard for this long is gone
	Gather  time.Duration // a sighting waits this long for others to be reported with
	Spread  time.Duration // what people see of who is in range changes at most this often
}

// The duties. Their radio is what Android does in its balanced and its low power
// modes (AOSP ScanManager and AdvertisingSetParameters, as of Android 13); iOS
// decides by itself. Silence is some ten times the average time between two
// hearings of a phone with that duty.
var (
	foreground = Duty{
		Advertise: 250 * time.Millisecond, ScanWindow: 1024 * time.Millisecond, ScanInterval: 4096 * time.Millisecond,
		Silence: 30 * time.Second, Gather: time.Second, Spread: time.Second,
	}
	background = Duty{
		Advertise: time.Second, ScanWindow: 512 * time.Millisecond, ScanInterval: 10240 * time.Millisecond,
		Silence: 3 * time.Minute, Gather: 3 * time.Second, Spread: time.Minute,
	}
)

// DutyOf returns the duty of an app that is on the screen, or is not.
func DutyOf(onScreen bool) Duty {
	if onScreen {
		return foreground
	}
	return background
}
