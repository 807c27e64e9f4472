package redisstore

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"
	"sync"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

// All keys of this package are made here. Times are Unix milliseconds unless
// they say otherwise; "base64url" is without padding.

// sessionKey: hash, one session. TTL: until the session's expires_at. For another
// token that a session is heard by it holds no more than of, session_id and
// expires_at, and ends with that.
func sessionKey(t sighej.Token) string { return sessionPrefix + string(t) }

const sessionPrefix = "session:"

// Fields of a session.
const (
	fieldID         = "session_id"          // UUID
	fieldDigest     = "interests_hash"      // hex, HMAC of the sorted interests
	fieldCategories = "interest_categories" // JSON array of strings
	fieldCreatedAt  = "created_at"          // RFC 3339 in UTC, with milliseconds
	fieldExpiresAt  = "expires_at"
	fieldAccess     = "access_hash" // hex
	fieldInterests  = "interests"   // base64url, 8 bytes big endian of each keyed hash
	fieldOpen       = "open"        // 1 or 0
	fieldPending    = "pending"     // how many nudge and reveal fields there are; absent: 0

	fieldToken       = "token"        // that it is heard by; absent: its own
	fieldFormer      = "former"       // token that it was heard by before; absent: none
	fieldFormerUntil = "former_until" // how long that is good
	fieldOf          = "of"           // the session's own token, under another one

	// m:<pair, see pairs.of> = "<id of this side's nudge> <time of the match>"
	fieldMatch = "m:"
	// b:<pair> = "1": this side wants that pair never to meet again
	fieldBlock = "b:"
	// n:<nudge id> = "<time of the match> <interests, encoded as above>"
	fieldNudge = "n:"
	// v:<nudge id> = "<time> <id of the blind nudge> <interests, encoded as above>", which that reveals
	fieldReveal = "v:"
	// w:<pair> = "1": this side has waved; "2": both have, and it is revealed
	fieldWave = "w:"
)

// accessKey: string, the token of the session with that access token. TTL: the
// session's.
func accessKey(h sighej.AccessHash) string { return accessPrefix + hex.EncodeToString(h[:]) }

const accessPrefix = "access:"

// pairKey: string, who the two of a match are, sealed, see [seal]. TTL: until the
// first of the two ends.
func pairKey(p sighej.Pair) string { return pairPrefix + p.String() }

const pairPrefix = "pair:"

// partitionKey: sorted set of the tokens in a partition by expires_at. No TTL:
// [Store.Sweep] removes what has expired, and Redis an empty set.
func partitionKey(n int) string { return "partition:" + strconv.Itoa(n) }

// statsKey: hash, the totals of a UTC day. TTL: statsTTL from the first count
// of any kind.
func statsKey(day persistence.Day) string { return "stats:" + string(day) }

const statsTTL = 8 * 24 * 60 * 60 // seconds

// Fields of a day. All but seeded are decimal numbers.
const (
	fieldSessions  = "sessions"
	fieldMatches   = "matches"
	fieldSightings = "sightings"
	fieldCategory  = "category:" // and its name: sessions in it
	fieldSeeded    = "seeded"    // present once the day has been seeded
	fieldSeq       = "seq:"      // and a writer: the newest of its calls
)

// leaseKey: string, who flushes. TTL: the lease's.
const leaseKey = "lease:flusher"

// pairs names the pair of a match. The name tells nobody without the key who
// has met whom.
type pairs struct{ namers *sync.Pool }

// namer names one pair at a time.
type namer struct {
	mac  hash.Hash
	room []byte
}

func newPairs(key []byte) pairs {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("sighej: names of matched pairs"))
	own := mac.Sum(nil)
	return pairs{&sync.Pool{New: func() any { return &namer{mac: hmac.New(sha256.New, own)} }}}
}

// of is the same for (a, b) and (b, a). It takes the ids in as well as the
// tokens: a later session under the same token makes another pair.
func (p pairs) of(a, b sighej.SessionKey) sighej.Pair {
	if a.Token > b.Token {
		a, b = b, a
	}
	n := p.namers.Get().(*namer)
	defer p.namers.Put(n)
	n.room = n.room[:0]
	for _, side := range [...]*sighej.SessionKey{&a, &b} {
		n.room = append(n.room, side.ID[:]...)
		n.room = append(n.room, side.Token...)
		n.room = append(n.room, 0)
	}
	n.mac.Reset()
	n.mac.Write(n.room)
	n.room = n.mac.Sum(n.room[:0])
	return sighej.Pair(n.room[:len(sighej.Pair{})])
}
