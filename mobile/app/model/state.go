package model

import "slices"

// Screen is what fills the window.
type Screen uint8

const (
	Welcome  Screen = iota // what the app does, and whether that is alright
	Choosing               // interests
	Home                   // the switch, who is in range, nudges
)

// Mode is what the switch and the pause button say.
type Mode uint8

const (
	Off    Mode = iota // no session
	Open               // open to talk
	Paused             // a session that is not open
)

// Bounds of what is kept.
const (
	MaxInterests = 20  // the contract's
	maxNudges    = 100 // older ones go
)

// State is all that the screens show. The zero State is a first start.
type State struct {
	Screen     Screen
	Categories []Category // nil while the catalogue is fetched
	NoList     bool       // the catalogue could not be fetched
	Chosen     []string   // in the order of choosing

	Mode       Mode
	Connection Connection
	Radio      Radio
	InRange    int
	Nudges     []Nudge // newest first
	Doubted    string  // the nudge that the person is asked about whether to block; "": none
	Notice     string  // a line that waits to be dismissed; "": none
}

// Wish is what the session should be like.
type Wish struct {
	Running   bool
	Open      bool
	Interests []string // when running
}

// Wish returns what the person wants of the session.
func (s *State) Wish() Wish {
	if s.Mode == Off {
		return Wish{}
	}
	return Wish{Running: true, Open: s.Mode == Open, Interests: slices.Clone(s.Chosen)}
}

// Same reports whether two wishes ask for the same.
func (w Wish) Same(o Wish) bool {
	return w.Running == o.Running && w.Open == o.Open && slices.Equal(w.Interests, o.Interests)
}

// Agree is the consent of the first start.
func (s *State) Agree() {
	if s.Screen == Welcome {
		s.Screen = Choosing
	}
}

// Choose opens the list of interests.
func (s *State) Choose() { s.Screen = Choosing }

// Chose closes the list; at least one interest must be chosen. A session that
// runs with others is made anew, for its interests never change.
func (s *State) Chose() {
	if len(s.Chosen) > 0 {
		s.Screen = Home
	}
}

// Toggle chooses an interest, or takes the choice back. It reports whether
// there was room.
func (s *State) Toggle(label string) bool {
	if i := slices.Index(s.Chosen, label); i >= 0 {
		s.Chosen = slices.Delete(s.Chosen, i, i+1)
		return true
	}
	if len(s.Chosen) == MaxInterests {
		return false
	}
	s.Chosen = append(s.Chosen, label)
	return true
}

// HasChosen reports whether an interest is chosen.
func (s *State) HasChosen(label string) bool { return slices.Contains(s.Chosen, label) }

// SetOpen is the switch. Switched off, all of the session is forgotten.
func (s *State) SetOpen(open bool) {
	switch {
	case !open:
		s.forget()
	case s.Mode != Open && len(s.Chosen) > 0:
		if s.Mode == Off {
			s.forget()
		}
		s.Mode, s.Notice = Open, ""
	}
}

// SetPaused pauses a session or resumes it.
func (s *State) SetPaused(paused bool) {
	switch {
	case s.Mode == Open && paused:
		s.Mode = Paused
	case s.Mode == Paused && !paused:
		s.Mode = Open
	}
}

// Dismiss takes a nudge away.
func (s *State) Dismiss(id string) {
	s.Nudges = slices.DeleteFunc(s.Nudges, func(n Nudge) bool { return n.ID == id })
	if s.Doubted == id {
		s.Doubted = ""
	}
}

// Wave says hi to whom a nudge without labels is about.
func (s *State) Wave(id string) {
	if i := s.nudgeAt(id); i >= 0 {
		s.Nudges[i].Waved = true
	}
}

// Doubt asks the person whether to block whom a nudge is about.
func (s *State) Doubt(id string) { s.Doubted = id }

// Keep answers that with no.
func (s *State) Keep() { s.Doubted = "" }

func (s *State) nudgeAt(id string) int {
	return slices.IndexFunc(s.Nudges, func(n Nudge) bool { return n.ID == id })
}

// DismissNotice takes the notice away.
func (s *State) DismissNotice() { s.Notice = "" }

func (s *State) forget() {
	s.Mode, s.Connection, s.Radio, s.InRange, s.Nudges, s.Doubted = Off, Offline, RadioOff, 0, nil, ""
}
