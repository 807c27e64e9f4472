package sighej

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// SessionID names one session among all that ever had its token: a UUID,
// version 4.
type SessionID [16]byte

// NewSessionID returns a random id.
func NewSessionID() SessionID {
	var id SessionID
	_, _ = rand.Read(id[:]) // never fails: crypto/rand aborts the program instead
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// ParseSessionID reads what [SessionID.String] wrote. Its error has
// [CodeInvalid].
func ParseSessionID(s string) (SessionID, error) {
	var id SessionID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return id, Errorf(CodeInvalid, "a session id is a UUID")
	}
	if _, err := hex.Decode(id[:], []byte(s[0:8]+s[9:13]+s[14:18]+s[19:23]+s[24:])); err != nil {
		return SessionID{}, Errorf(CodeInvalid, "a session id is a UUID")
	}
	return id, nil
}

// String returns the canonical form with dashes.
func (id SessionID) String() string {
	var b [36]byte
	hex.Encode(b[0:8], id[0:4])
	hex.Encode(b[9:13], id[4:6])
	hex.Encode(b[14:18], id[6:8])
	hex.Encode(b[19:23], id[8:10])
	hex.Encode(b[24:36], id[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// InterestHash is all that is kept of an interest at rest: the first 8 bytes,
// big endian, of HMAC-SHA256(INTEREST_KEY, normalised label).
type InterestHash uint64

// Session is one phone being open to talk. It is immutable once created: stores
// and actors share one *Session and none of them may change it. Whether it is
// open is state, and kept beside it.
type Session struct {
	Token     Token // it was registered with; what it is heard by may change, see Rotation
	ID        SessionID
	Access    AccessHash
	CreatedAt time.Time // UTC, whole milliseconds
	ExpiresAt time.Time // UTC, whole milliseconds; from this instant on it is dead
	Interests []InterestHash
}

// Key names this very session, not a later one under the same token.
func (s *Session) Key() SessionKey { return SessionKey{s.Token, s.ID} }

// Live reports whether the session has not expired at now.
func (s *Session) Live(now time.Time) bool { return now.Before(s.ExpiresAt) }

// SessionKey is a token together with the id of the session that has it.
type SessionKey struct {
	Token Token
	ID    SessionID
}
