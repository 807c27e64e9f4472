package interest

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"i80.dk/sighej"
)

// shownPrefix keeps ranks apart from the hashes of labels: no label has a control
// character.
const shownPrefix = "\x00shown\x00"

// Shown returns those of the shared interests whose labels may be shown when at
// most most of them may, ascending; 0: all. It is a matter of the key and of what
// is shared alone, so it is the same for a pair for ever, whoever asks, and a list
// that is changed where it does not overlap brings nothing new to light. The slice
// may be shared itself.
func (l *Lexicon) Shown(shared []sighej.InterestHash, most int) []sighej.InterestHash {
	if most <= 0 || len(shared) <= most {
		return shared
	}
	ranked := make([]rankedHash, len(shared))
	for i, h := range shared {
		ranked[i] = rankedHash{l.rankOf(h), h}
	}
	slices.SortFunc(ranked, rankedHash.compare)
	shown := make([]sighej.InterestHash, most)
	for i := range shown {
		shown[i] = ranked[i].hash
	}
	slices.Sort(shown)
	return shown
}

type rankedHash struct {
	rank uint64
	hash sighej.InterestHash
}

func (a rankedHash) compare(b rankedHash) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.hash, b.hash))
}

func (l *Lexicon) rankOf(h sighej.InterestHash) uint64 {
	if id, ok := l.ids[h]; ok {
		return l.ranks[id]
	}
	return l.rank(h)
}

// rank is a place in an order that nobody foresees without the key. It is not that
// of the hashes themselves: whoever saw many choices would know that order, and
// could then tell the labels of hashes that leaked.
func (l *Lexicon) rank(h sighej.InterestHash) uint64 {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte(shownPrefix))
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(h))
	mac.Write(b[:])
	return binary.BigEndian.Uint64(mac.Sum(nil))
}
