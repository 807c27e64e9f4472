package sighej

import (
	"crypto/rand"
	"encoding/base64"
)

// Bounds of a token's length, in characters.
const (
	MinTokenLen = 6
	MaxTokenLen = 64
)

// TokenPattern is the regular expression of a well-formed token, for schemas.
const TokenPattern = `^[A-Za-z0-9_-]{6,64}$`

// Token is the ephemeral identifier that a phone broadcasts to everyone in
// range. It is public and proves nothing. It must not appear in a log line.
type Token string

// NewToken returns 16 random bytes in base64url, as the phones use it.
func NewToken() Token {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand aborts the program instead
	return Token(base64.RawURLEncoding.AppendEncode(make([]byte, 0, 32), b[:]))
}

// ParseToken checks that s has 6 to 64 characters of A-Z a-z 0-9 _ and -. Its
// error has [CodeInvalid].
func ParseToken(s string) (Token, error) {
	if !ValidToken(s) {
		return "", Errorf(CodeInvalid, "a token has %d to %d characters of A-Z a-z 0-9 _ -", MinTokenLen, MaxTokenLen)
	}
	return Token(s), nil
}

// ValidToken reports whether s is a well-formed token.
func ValidToken(s string) bool {
	if len(s) < MinTokenLen || len(s) > MaxTokenLen {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}
