package interest

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"i80.dk/sighej"
)

// firstOff is the first id outside the catalogue.
const firstOff = 1 << 31

// term is one interest as one person spelled it.
type term struct {
	hash sighej.InterestHash
	id   uint32
	own  string // "": the catalogue's label, or, outside it, lost
}

func (t term) off() bool { return t.id >= firstOff }

// spelled reports whether a set must keep t itself, not only its id.
func (t term) spelled() bool { return t.own != "" || t.off() }

// Set is the interests of one session. It is immutable; the zero Set is empty.
// Only sets of the same [Lexicon] can be compared.
//
// A set of a million lives in memory at once: one of catalogue labels in their
// canonical spelling is only the bitmap.
type Set struct {
	ids *roaring.Bitmap // nil: empty
	own []term          // the respelled ones and all outside the catalogue
}

// newSet makes a set of terms with different hashes.
func newSet(terms []term) Set {
	if len(terms) == 0 {
		return Set{}
	}
	spelled := 0
	for _, t := range terms {
		if t.spelled() {
			spelled++
		}
	}
	s := Set{ids: bitmapOf(terms)}
	if spelled > 0 {
		s.own = make([]term, 0, spelled)
		for _, t := range terms {
			if t.spelled() {
				s.own = append(s.own, t)
			}
		}
	}
	return s
}

// bitmapOf returns the ids of terms in a bitmap without spare room. It goes
// through a dense one for the catalogue, since adding id by id leaves containers
// that grew by doubling.
func bitmapOf(terms []term) *roaring.Bitmap {
	var top uint32
	for _, t := range terms {
		if !t.off() {
			top = max(top, t.id)
		}
	}
	dense := make([]uint64, top/64+1)
	var off []uint32
	for _, t := range terms {
		if t.off() {
			off = append(off, t.id)
		} else {
			dense[t.id/64] |= 1 << (t.id % 64)
		}
	}
	ids := roaring.NewBitmap()
	ids.FromDense(dense, true)
	if off == nil {
		return ids
	}
	ids.AddMany(off)
	return ids.Clone()
}

// Len returns the number of interests.
func (s Set) Len() int {
	if s.ids == nil {
		return 0
	}
	n := int(s.ids.Rank(firstOff - 1)) //nolint:gosec // a rank of an id below 2³¹
	for _, t := range s.own {
		if t.off() {
			n++
		}
	}
	return n
}

// Overlaps reports whether the two sets share an interest. It is never false
// when they do. It is true by mistake when two interests outside the catalogue
// have the same lower 31 bits of their hashes; [Lexicon.Overlap] makes sure.
func (s Set) Overlaps(o Set) bool {
	return s.ids != nil && o.ids != nil && s.ids.Intersects(o.ids)
}

// catalogued calls yield for the catalogue ids of s, ascending.
func (s Set) catalogued(yield func(id uint32)) {
	if s.ids == nil {
		return
	}
	s.ids.Iterate(func(id uint32) bool {
		if id >= firstOff {
			return false
		}
		yield(id)
		return true
	})
}

// kept returns the term of hash h, if it is one whose spelling is kept.
func (s Set) kept(h sighej.InterestHash) (term, bool) {
	i := slices.IndexFunc(s.own, func(t term) bool { return t.hash == h })
	if i < 0 {
		return term{}, false
	}
	return s.own[i], true
}
