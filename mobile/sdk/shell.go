package sdk

import (
	"i80.dk/sighej/mobile/ble"
	"i80.dk/sighej/mobile/internal/core"
)

// What the app advertises, looks for and offers.
const (
	// ServiceUUID16 is the 16-bit UUID of the service data and of the GATT
	// service. 0xFFFF is for experiments: an app that ships needs a UUID that the
	// Bluetooth SIG has assigned to its maker.
	ServiceUUID16 = ble.ServiceUUID16

	// CharacteristicUUID is the readable characteristic of the GATT service, for
	// platforms that cannot advertise service data (iOS). Its value is what
	// StartAdvertising was given.
	CharacteristicUUID = ble.CharacteristicUUID
)

// Radio is the phone's radio, which the app implements. An exception, or an error
// in Swift, is told to the listener, and starting is tried again in a minute, then
// ever more seldom, down to once an hour, and at once when OnRadioState or
// OnForeground tells something. No method may wait for a call of the client to
// return.
type Radio interface {
	// StartAdvertising sends this service data (17 bytes) under ServiceUUID16,
	// connectable only where the characteristic is needed. Each call comes with
	// other data, after StopAdvertising: use a new advertising set, so that the
	// system takes a new random address with it.
	StartAdvertising(serviceData []byte) error
	StopAdvertising() error

	// StartScanning looks for ServiceUUID16. What it hears goes to OnServiceData,
	// every packet, not only the first of a phone.
	StartScanning() error
	StopScanning() error

	// SetLowPower comes before the first start and when the app comes to the
	// screen or leaves it. What has started must go on, at the other power.
	SetLowPower(on bool) error
}

// Listener is told what happens. The app implements it. No method may wait for
// Stop to return, nor for a thread that does.
type Listener interface {
	// OnState comes with every change, and as the last call before Stop returns.
	OnState(state *State)

	// OnNudge comes once for a nudge. It is acknowledged when the method has
	// returned: show it first.
	OnNudge(nudge *Nudge)

	// OnPeopleInRange tells how many people are in range, and how many of them
	// very near. Someone who has just changed the token counts twice for a while.
	OnPeopleInRange(all int, veryNear int)

	// OnError tells what went wrong, as a code that stays the same and a text for
	// people who write apps: a code of the server's contract, or "radio" or
	// "closed". Unless the link is LinkRefused the client goes on trying.
	OnError(code string, message string)
}

// The interfaces of the core that the app's own become.
var _ core.Radio = Radio(nil)

// told speaks the app's language to a Listener.
type told struct{ Listener }
