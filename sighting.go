package sighej

import "time"

// Sighting is one phone's claim to have heard a token.
type Sighting struct {
	Token  Token
	RSSI   int8      // dBm; 0: not told
	SeenAt time.Time // zero: now
}

// Verdict is what became of a sighting. The zero Verdict is the neutral one: no
// overlap, or a peer that is unknown, expired or closed, or one of the two has
// blocked the other, which nobody can tell apart.
type Verdict struct {
	Match     bool     // the two are matched, by this sighting or an earlier one
	Shared    []string // the overlap in the reporter's own spelling, sorted
	NudgeSent bool     // this very sighting made the match; true once for a pair
	Code      Code     // not "": it could not be decided, and why
}

// Caller is who asks, as far as the call itself tells: the token it names as
// its own ("" when it names none) and the access token it shows.
type Caller struct {
	Token  Token
	Access AccessToken // "" when it shows none
}

// NewSession is what a phone asks for when it registers.
type NewSession struct {
	Token     Token
	Interests []string
	Open      bool
}

// Registered is what a phone gets when it has registered. Access is shown this
// once.
type Registered struct {
	ID        SessionID
	ExpiresAt time.Time
	Access    AccessToken
}

// Standing is a session as its owner may see it.
type Standing struct {
	Token     Token // by which it is heard
	Key       SessionKey
	ExpiresAt time.Time
	Open      bool
	Interests []string // in the owner's own spelling, sorted
	Pending   int      // nudges in the outbox
}
