package model

import "slices"

// Apply takes in an event. What a session tells while the switch is off comes
// too late and counts for nothing.
func (s *State) Apply(e Event) {
	switch e := e.(type) {
	case Catalogue:
		s.Categories, s.NoList = categories(e), false
	case NoCatalogue:
		s.NoList = true
	case Fault:
		s.Notice = string(e)
	case Refused:
		s.refused(string(e))
	default:
		if s.Mode != Off {
			s.hear(e)
		}
	}
}

// hear takes in what a running session tells.
func (s *State) hear(e Event) {
	switch e := e.(type) {
	case Connection:
		s.Connection = e
	case Radio:
		s.Radio = e
	case PeopleInRange:
		s.InRange = max(int(e), 0)
	case Nudge:
		s.nudge(e)
	}
}

// refused turns the switch off. The nudges stay: they may just have come.
func (s *State) refused(why string) {
	nudges := s.Nudges
	s.forget()
	s.Nudges, s.Notice = nudges, why
}

// nudge puts a nudge on top, in the place of the one that it reveals.
func (s *State) nudge(n Nudge) {
	if s.nudgeAt(n.ID) >= 0 {
		return
	}
	s.Dismiss(n.Reveals)
	s.Nudges = slices.Insert(s.Nudges, 0, n)
	s.Nudges = s.Nudges[:min(len(s.Nudges), maxNudges)]
}
