package actors

import (
	"slices"

	"i80.dk/sighej"
)

// inquiries is what a session has going on with its peers, and a small memory
// of those it has matched. Both are short lists: a phone meets few others at a
// time.
type inquiries struct {
	with    []*inquiry
	met     []sighej.SessionID // a cache: the store knows them all
	oldest  int                // in met, once it is full
	engaged int                // inquiries that may become a match
}

const (
	maxInquiries = 1024 // at once; more are answered with CodeOverloaded
	maxMet       = 256  // remembered; a newer one takes the oldest's place
)

// inquiry is a peer about which a verdict is awaited.
type inquiry struct {
	token      sighej.Token
	waiters    []waiter
	peer       *snapshot // while asked
	seeking    bool      // the store is asked for the peer
	asked      bool      // the peer is asked to make a match
	committing bool      // the store is asked to commit one that the peer asked for
}

func (e *inquiry) engaged() bool { return e != nil && (e.asked || e.committing) }

// find returns the inquiry with a peer, or nil.
func (s *inquiries) find(token sighej.Token) *inquiry {
	for _, e := range s.with {
		if e.token == token {
			return e
		}
	}
	return nil
}

// begin returns the inquiry with a peer, a new one if need be, or false when
// there are too many.
func (s *inquiries) begin(token sighej.Token) (*inquiry, bool) {
	if e := s.find(token); e != nil {
		return e, true
	}
	if len(s.with) >= maxInquiries {
		return nil, false
	}
	e := &inquiry{token: token}
	s.with = append(s.with, e)
	return e, true
}

// engage counts an inquiry, once, against the session's limit of matches.
// It comes before the flag is set.
func (s *inquiries) engage(e *inquiry) {
	if !e.engaged() {
		s.engaged++
	}
}

// disengage is called after a flag was taken back.
func (s *inquiries) disengage(e *inquiry) {
	if !e.engaged() {
		s.engaged--
	}
	s.end(e)
}

// end forgets an inquiry in which nothing is awaited any more.
func (s *inquiries) end(e *inquiry) {
	if e.engaged() || e.seeking || len(e.waiters) > 0 {
		return
	}
	if i := slices.Index(s.with, e); i >= 0 {
		s.with = slices.Delete(s.with, i, i+1)
	}
}

// knows reports whether that session is remembered as matched.
func (s *inquiries) knows(peer *sighej.Session) bool { return slices.Contains(s.met, peer.ID) }

// remember keeps that the two are matched.
func (s *inquiries) remember(peer *sighej.Session) {
	switch {
	case s.knows(peer):
	case len(s.met) < maxMet:
		s.met = append(s.met, peer.ID)
	default:
		s.met[s.oldest] = peer.ID
		s.oldest = (s.oldest + 1) % maxMet
	}
}

// abandon answers all that waits.
func (s *inquiries) abandon(why error) {
	for _, e := range s.with {
		for _, w := range e.waiters {
			w.batch.fail(why)
		}
	}
	s.with = nil
}
