package sighej

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// NudgeID is what a phone acknowledges and deduplicates a nudge by. The two
// nudges of a match have different ones.
type NudgeID [16]byte

// NewNudgeID returns a random id.
func NewNudgeID() NudgeID {
	var id NudgeID
	_, _ = rand.Read(id[:]) // never fails: crypto/rand aborts the program instead
	return id
}

// ParseNudgeID reads what [NudgeID.String] wrote. Its error has [CodeInvalid].
func ParseNudgeID(s string) (NudgeID, error) {
	var id NudgeID
	if len(s) != base64.RawURLEncoding.EncodedLen(len(id)) {
		return id, Errorf(CodeInvalid, "a nudge id has 22 characters of base64url")
	}
	if _, err := base64.RawURLEncoding.Strict().Decode(id[:], []byte(s)); err != nil {
		return NudgeID{}, Errorf(CodeInvalid, "a nudge id has 22 characters of base64url")
	}
	return id, nil
}

// String returns the id in base64url without padding.
func (id NudgeID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// Reveal is the id of the nudge that reveals what this one, which was blind, hid.
// Who has the id of a nudge can tell that of its reveal, and nobody else.
func (id NudgeID) Reveal() NudgeID {
	sum := sha256.Sum256(append([]byte("sighej: reveal "), id[:]...))
	return NudgeID(sum[:len(id)])
}

// Nudge is the message that a match sends to one of its two phones. It names
// the overlap only; a blind one names nothing, until both have waved.
type Nudge struct {
	ID      NudgeID
	At      time.Time // UTC, whole milliseconds: when the match was committed, or revealed
	Shared  []InterestHash
	Reveals NudgeID // the blind nudge that hid this; zero: it is the first of its match
}

// Match is an unordered pair of sessions that is about to be committed. The
// two nudge ids make it idempotent: a store that meets the same Match again
// answers as it did the first time.
type Match struct {
	A, B   Side
	At     time.Time // UTC, whole milliseconds
	Shared []InterestHash
	Blind  bool // the nudges show nothing of Shared before both have waved
}

// Side is one of the two sessions of a match.
type Side struct {
	Session SessionKey
	Nudge   NudgeID
}

// Pair names the two sessions of a match, in no order. Only who has the key can tell
// which they are.
type Pair [16]byte

// ParsePair reads what [Pair.String] wrote. Its error has [CodeInvalid].
func ParsePair(s string) (Pair, error) {
	id, err := ParseNudgeID(s) // of the same form
	if err != nil {
		return Pair{}, Errorf(CodeInvalid, "a pair has 22 characters of base64url")
	}
	return Pair(id), nil
}

// String returns the name in base64url without padding.
func (p Pair) String() string { return NudgeID(p).String() }

// Outcome is what a store answers to the commit of a match.
type Outcome uint8

const (
	// Refused: one of the two is not live or not open, or has blocked the other, or
	// the token belongs to another session by now. Nothing was changed.
	Refused Outcome = iota
	// Committed: by this call, or by an earlier try of this same Match.
	Committed
	// AlreadyMatched: the pair was matched before. Nothing was changed.
	AlreadyMatched
)
