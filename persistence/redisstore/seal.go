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

// close seals the two sides.
func (s seal) close(pair sighej.Pair, m *sighej.Match) []byte {
	plain := make([]byte, 0, 256)
	plain = append(plain, sealVersion)
	plain = appendSide(plain, m.A)
	plain = appendSide(plain, m.B)
	return s.aead.Seal(nil, nil, plain, pair[:]) //nolint:gosec // it draws a nonce itself
}

func appendSide(plain []byte, side sighej.Side) []byte {
	plain = append(plain, side.Session.ID[:]...)
	plain = append(plain, side.Nudge[:]...)
	plain = append(plain, byte(len(side.Session.Token)))
	return append(plain, side.Session.Token...)
}

// open returns the other side of one that is in the pair.
func (s seal) open(pair sighej.Pair, sealed []byte, own sighej.SessionID) (other sighej.Side, err error) {
	plain, err := s.aead.Open(nil, nil, sealed, pair[:])
	if err != nil || len(plain) == 0 || plain[0] != sealVersion {
		return sighej.Side{}, corrupt("a pair")
	}
	a, rest, ok := cutSide(plain[1:])
	if !ok {
		return sighej.Side{}, corrupt("a pair")
	}
	b, _, ok := cutSide(rest)
	switch {
	case ok && a.Session.ID == own:
		return b, nil
	case ok && b.Session.ID == own:
		return a, nil
	}
	return sighej.Side{}, corrupt("a pair")
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
