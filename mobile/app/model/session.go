package model

import "time"

// Session is what the app asks of the phone's session. Its methods may block
// and are called one at a time. What happens meanwhile it tells as events, from
// any goroutine.
type Session interface {
	// Start registers with these interests and begins to advertise and scan. An
	// error means that nothing was started; its text is shown as it is.
	Start(interests []string) error

	// SetOpenToTalk pauses a started session or resumes it.
	SetOpenToTalk(open bool)

	// Stop ends the session and has it forgotten, on the server too. No event
	// of it comes after Stop has returned.
	Stop()
}

// Event is something that the session or the catalogue tells: one of the types
// of this file.
type Event interface{ event() }

// Connection is how the session stands with the server.
type Connection uint8

const (
	Offline    Connection = iota // no session, so no connection
	Connecting                   // one is being made
	Connected                    // nudges come at once
	Waiting                      // there is none; another try follows
)

// Radio is how much of Bluetooth there is.
type Radio uint8

const (
	RadioOff      Radio = iota // neither heard nor hearing
	RadioDegraded              // some phones hear this one, or only at times
	RadioFull                  // heard and hearing
)

// Nudge is what a match sends.
type Nudge struct {
	ID       string   // tells repetitions apart
	Labels   []string // empty: what is shared shows once both have waved
	Reveals  string   // the nudge without labels whose labels these are
	Message  string
	At       time.Time
	Distance Distance

	Waved bool // the person has said hi
}

// Distance is how near the person of a nudge is, as far as the radio can tell.
type Distance uint8

const (
	Unknown  Distance = iota
	Near              // in range
	VeryNear          // within a few steps
)

// PeopleInRange is how many phones are heard.
type PeopleInRange int

// Fault is something that went wrong, in words for the person.
type Fault string

// Refused tells that the session was not started, or was given up for good, and
// why.
type Refused string

// Interest is an entry of the catalogue.
type Interest struct{ Label, Category string }

// Catalogue is the list of interests to choose from, as the server has it.
type Catalogue []Interest

// NoCatalogue tells that the list could not be fetched.
type NoCatalogue struct{}

func (Connection) event()    {}
func (Radio) event()         {}
func (Nudge) event()         {}
func (PeopleInRange) event() {}
func (Fault) event()         {}
func (Refused) event()       {}
func (Catalogue) event()     {}
func (NoCatalogue) event()   {}
