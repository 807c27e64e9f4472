package interest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"

	"i80.dk/sighej"
)

// Bounds of the number of interests of a session.
const (
	MinInterests = 1
	MaxInterests = 20
)

// digestPrefix keeps digests apart from the hashes of labels: no label has a
// control character.
const digestPrefix = "\x00interests\x00"

// Lexicon is a catalogue under a key.
type Lexicon struct {
	entries       []Entry                        // by id
	hashes        []sighej.InterestHash          // by id
	ranks         []uint64                       // by id, see Shown
	ids           map[sighej.InterestHash]uint32 // of the catalogue
	known         map[string]term                // by label and alias
	key           []byte
	catalogueOnly bool
}

// NewLexicon puts c under key, which should be secret and have 32 random bytes;
// all members need the same. With catalogueOnly, labels that the catalogue
// lacks are faults. It hashes the whole catalogue, which takes about a
// millisecond.
func NewLexicon(c *Catalogue, key []byte, catalogueOnly bool) *Lexicon {
	l := &Lexicon{
		entries:       c.entries,
		hashes:        make([]sighej.InterestHash, len(c.entries)),
		ranks:         make([]uint64, len(c.entries)),
		ids:           make(map[sighej.InterestHash]uint32, len(c.entries)),
		known:         make(map[string]term, 2*len(c.entries)),
		key:           slices.Clone(key),
		catalogueOnly: catalogueOnly,
	}
	for i, e := range c.entries {
		t := term{hash: l.hash(e.Label), id: uint32(i)} //nolint:gosec // far fewer than 2³¹ entries
		l.hashes[i], l.ranks[i] = t.hash, l.rank(t.hash)
		l.ids[t.hash] = t.id
		l.known[e.Label] = t
		for _, alias := range e.Aliases {
			t.own = alias
			l.known[alias] = t
		}
	}
	return l
}

// hash is the first 8 bytes of the keyed hash of a label in normal form.
func (l *Lexicon) hash(normal string) sighej.InterestHash {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte(normal))
	return sighej.InterestHash(binary.BigEndian.Uint64(mac.Sum(nil)))
}

// read resolves one label, or says what is wrong with it.
func (l *Lexicon) read(label string) (term, error) {
	if t, ok := l.known[label]; ok { // in normal form already, as most are
		return t, nil
	}
	own, normal, err := forms(label)
	if err != nil {
		return term{}, err
	}
	t, ok := l.known[normal]
	switch {
	case !ok && l.catalogueOnly:
		return term{}, errNotOffered
	case !ok:
		t = l.offCatalogue(l.hash(normal))
	case own == l.entries[t.id].Label: // it was only padded
		return t, nil
	}
	t.own = strings.Clone(own) // so that it does not hold a whole request in memory
	return t, nil
}

// term is the interest of hash h as it comes from a store.
func (l *Lexicon) term(h sighej.InterestHash) term {
	if id, ok := l.ids[h]; ok {
		return term{hash: h, id: id}
	}
	return l.offCatalogue(h)
}

func (l *Lexicon) offCatalogue(h sighej.InterestHash) term {
	return term{hash: h, id: firstOff | uint32(h)&(firstOff-1)} //nolint:gosec // the lower 31 bits are what is wanted
}

// Restore returns the set with these hashes. The catalogue's labels come back
// in their canonical spelling; an interest outside the catalogue has no label
// any more.
func (l *Lexicon) Restore(hashes []sighej.InterestHash) Set {
	terms := make([]term, 0, MaxInterests)
	for _, h := range hashes {
		terms = enter(terms, l.term(h))
	}
	return newSet(terms)
}

// Hashes returns the hashes of s, ascending.
func (l *Lexicon) Hashes(s Set) []sighej.InterestHash {
	hashes := make([]sighej.InterestHash, 0, s.Len()) // exact: a million sessions keep theirs
	s.catalogued(func(id uint32) { hashes = append(hashes, l.hashes[id]) })
	for _, t := range s.own {
		if t.off() {
			hashes = append(hashes, t.hash)
		}
	}
	slices.Sort(hashes)
	return hashes
}

// Categories returns the categories of s, sorted, each once.
func (l *Lexicon) Categories(s Set) []string {
	names := make([]string, 0, s.Len())
	s.catalogued(func(id uint32) { // ascending, and so by category
		if name := l.entries[id].Category; len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	})
	if slices.ContainsFunc(s.own, term.off) {
		names = append(names, Other)
		slices.Sort(names)
	}
	return names
}

// Digest returns a keyed hash of the whole set, in hex. It depends on the
// interests only, not on their spelling, and is the same after [Lexicon.Restore].
func (l *Lexicon) Digest(s Set) string {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte(digestPrefix))
	var b [8]byte
	for _, h := range l.Hashes(s) {
		binary.BigEndian.PutUint64(b[:], uint64(h))
		mac.Write(b[:])
	}
	return hex.EncodeToString(mac.Sum(nil))
}
