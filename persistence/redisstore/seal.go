package redisstore

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"

	"i80.dk/sighej"
)

// seal hides who the two of a match are: AES-256-GCM under a key that is made of
// the interest key, bound to the name of the pair. A copy of what Redis holds
// tells nobody without the key who has met whom.
type seal struct{ aead cipher.AEAD }

func newSeal(key []byte) seal {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("sighej: the two of a match"))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		panic("redisstore: " + err.Error()) // 32 bytes are a key
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("redisstore: " + err.Error())
	}
	return seal{aead}
}

// sealVersion begins what is sealed: another release may put more into it.
const sealVersion = 1

// met is what one side of a match may know of it.
type met struct {
	other  sighej.Side
	blind  bool
	shared []sighej.InterestHash
}

// close seals a match.
func (s seal) close(pair sighej.Pair, m *sighej.Match) []byte {
	var hidden string
	if m.Blind { // else it is nobody's business any more
		hidden = encodeInterests(m.Shared)
	}
	size := 2 + sizeOfSide(m.A) + sizeOfSide(m.B) + len(hidden)
	room := make([]byte, 0, 2*size+s.aead.Overhead()) // for both
	plain := append(room, sealVersion, encodeOpen(m.Blind)[0])
	plain = appendSide(plain, m.A)
	plain = appendSide(plain, m.B)
	plain = append(plain, hidden...)
	return s.aead.Seal(plain[size:], nil, plain, pair[:]) //nolint:gosec // it draws a nonce itself
}

func sizeOfSide(side sighej.Side) int {
	return len(side.Session.ID) + len(side.Nudge) + 1 + len(side.Session.Token)
}

func appendSide(plain []byte, side sighej.Side) []byte {
	plain = append(plain, side.Session.ID[:]...)
	plain = append(plain, side.Nudge[:]...)
	plain = append(plain, byte(len(side.Session.Token)))
	return append(plain, side.Session.Token...)
}

// open returns what the session with that id may know of a match that it is in.
func (s seal) open(pair sighej.Pair, sealed []byte, own sighej.SessionID) (m met, err error) {
	plain, err := s.aead.Open(nil, nil, sealed, pair[:])
	if err != nil || len(plain) < 2 || plain[0] != sealVersion {
		return met{}, corrupt("a pair")
	}
	a, rest, first := cutSide(plain[2:])
	b, rest, second := cutSide(rest)
	m.blind, m.other = plain[1] == '1', b
	if b.Session.ID == own {
		m.other = a
	}
	if !first || !second || a.Session.ID != own && b.Session.ID != own {
		return met{}, corrupt("a pair")
	}
	m.shared, err = decodeInterests(string(rest))
	return m, err
}

func cutSide(plain []byte) (side sighej.Side, rest []byte, ok bool) {
	n := copy(side.Session.ID[:], plain)
	n += copy(side.Nudge[:], plain[n:])
	if len(plain) <= n || len(plain) < n+1+int(plain[n]) {
		return sighej.Side{}, nil, false
	}
	rest = plain[n+1:]
	token := string(rest[:plain[n]])
	if !sighej.ValidToken(token) {
		return sighej.Side{}, nil, false
	}
	side.Session.Token = sighej.Token(token)
	return side, rest[plain[n]:], true
}
