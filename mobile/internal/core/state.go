package core

import (
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/ble"
)

// Radio is the phone's radio. All calls come one at a time, from one goroutine;
// they must not wait for a call into the core to return. An error is told to the
// listener, and starting is tried again.
type Radio interface {
	StartAdvertising(serviceData []byte) error
	StopAdvertising() error
	StartScanning() error
	StopScanning() error
	SetLowPower(on bool) error
}

// Listener is told what happens, one call at a time, from the goroutine that
// calls the radio.
type Listener interface {
	OnState(State)
	OnNudge(Nudge)
	OnPeopleInRange(all, veryNear int)
	OnError(code sighej.Code, message string)
}

// Codes of errors beside those of the server.
const (
	CodeRadio  sighej.Code = "radio"  // the radio failed; trying goes on
	CodeClosed sighej.Code = "closed" // the server closed the connection for good
)

// Link is how the phone stands with the server.
type Link uint8

// The links.
const (
	Stopped    Link = iota // before Start and after Stop
	Connecting             // for the first time, or for a new session
	Online                 // nudges come
	Offline                // the server cannot be reached; tries go on
	Refused                // the server wants no further try; the error told why
)

// State is what a person may be shown.
type State struct {
	Link            Link
	Open            bool // what the person wants
	Discoverability ble.Discoverability
	ExpiresAt       time.Time // of the session, by the server's clock; zero without one
}

// Nudge is one nudge.
type Nudge struct {
	ID      string
	Message string
	Shared  []string
	Reveals string    // the nudge without interests that this one reveals; "": none
	At      time.Time // by the server's clock
	Band    ble.Band  // Near or VeryNear when all phones in range are; else Gone: not known
}
