package ble

// Discoverability is whether other phones can hear this one.
type Discoverability uint8

// The degrees of it.
const (
	Off      Discoverability = iota // nobody hears it
	Degraded                        // only phones that look for it with their app on the screen: iOS in the background
	Full
)

// String returns the degree in lower case.
func (d Discoverability) String() string {
	if d > Full {
		return "unknown"
	}
	return [...]string{"off", "degraded", "full"}[d]
}

// Discoverable returns how discoverable a phone is. An app on iOS that is not on
// the screen has its UUIDs moved to an area which only iOS sees, and only while it
// looks for them: Apple, Core Bluetooth, CBPeripheralManager startAdvertising.
func Discoverable(advertising, ios, onScreen bool) Discoverability {
	switch {
	case !advertising:
		return Off
	case ios && !onScreen:
		return Degraded
	}
	return Full
}
