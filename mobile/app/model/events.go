package model

import "slices"

// The notices that are not the session's own words.
const (
	NoticeEnded = "Your session's time is up. Switch on again to go on."
)

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
	case NotStarted:
		s.forget()
		s.Notice = string(e)
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
		s.connection(e)
	case Radio:
		s.Radio = e
	case PeopleInRange:
		s.InRange = max(int(e), 0)
	case Nudge:
		s.nudge(e)
	}
}

// connection notes how the session stands. When its time is up the switch goes
// off and the nudges stay: they may just have come.
func (s *State) connection(c Connection) {
	s.Connection = c
	if c != Ended {
		return
	}
	nudges := s.Nudges
	s.forget()
	s.Nudges, s.Notice = nudges, NoticeEnded
}

func (s *State) nudge(n Nudge) {
	if slices.ContainsFunc(s.Nudges, func(o Nudge) bool { return o.ID == n.ID }) {
		return
	}
	s.Nudges = slices.Insert(s.Nudges, 0, n)
	s.Nudges = s.Nudges[:min(len(s.Nudges), maxNudges)]
}
