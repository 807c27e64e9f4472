package sighej

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

// accessPrefix lets secret scanners recognise a leaked access token.
const accessPrefix = "sj_"

// AccessToken is the secret that proves a session is yours: 256 random bits.
// It is handed out once and kept only as an [AccessHash].
type AccessToken string

// AccessHash is the SHA-256 of an access token's text. A plain hash is enough:
// 256 random bits cannot be guessed back.
type AccessHash [sha256.Size]byte

// NewAccessToken returns a fresh secret.
func NewAccessToken() AccessToken {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand aborts the program instead
	text := append(make([]byte, 0, 64), accessPrefix...)
	return AccessToken(base64.RawURLEncoding.AppendEncode(text, b[:]))
}

// ParseAccessToken checks the form of s, not whether any session has it. Its
// error has [CodeUnauthorized].
func ParseAccessToken(s string) (AccessToken, error) {
	rest, ok := strings.CutPrefix(s, accessPrefix)
	if !ok || len(rest) != base64.RawURLEncoding.EncodedLen(32) {
		return "", Errorf(CodeUnauthorized, "the access token is missing or wrong")
	}
	return AccessToken(s), nil
}

// Hash returns what is kept of t.
func (t AccessToken) Hash() AccessHash {
	var room [64]byte // of the stack: each call of a phone comes by here
	return sha256.Sum256(append(room[:0], t...))
}

// Equal compares in constant time.
func (h AccessHash) Equal(other AccessHash) bool {
	return subtle.ConstantTimeCompare(h[:], other[:]) == 1
}
