package sighej

import "time"

// Rotation is the tokens that a session has taken since it was registered, so
// that nobody can follow its phone by what it broadcasts. [Session.Token] stays
// what the session is kept by. The zero value: it never took another one.
type Rotation struct {
	Token  Token     // that it is heard by now
	Former Token     // that it was heard by before; "": nobody is to hear it by that any more
	Until  time.Time // how long Former is good
}

// Present returns the token by which a session is heard now.
func (s *Session) Present(r Rotation) Token {
	if r.Token == "" {
		return s.Token
	}
	return r.Token
}

// HeardAs reports whether hearing a token now is hearing this session.
func (s *Session) HeardAs(token Token, r Rotation, now time.Time) bool {
	return token == s.Present(r) || token == r.Former && token != "" && now.Before(r.Until)
}

// Since returns when the session was first heard by a token that it is heard by:
// the present one was taken grace before the former one ends.
func (s *Session) Since(token Token, r Rotation, grace time.Duration) time.Time {
	if token == r.Token && !r.Until.IsZero() {
		return r.Until.Add(-grace)
	}
	return s.CreatedAt
}
