package ledger

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// MaxLabels is the largest vocabulary.
const MaxLabels = 768

// Set is a set of labels of one vocabulary, a bit each. It is comparable.
type Set [MaxLabels / 64]uint64

// And returns what s and t share.
func (s Set) And(t Set) Set {
	for i := range s {
		s[i] &= t[i]
	}
	return s
}

// Disjoint reports whether s and t share nothing.
func (s *Set) Disjoint(t *Set) bool {
	for i := range s {
		if s[i]&t[i] != 0 {
			return false
		}
	}
	return true
}

// Within reports whether t has all of s.
func (s Set) Within(t Set) bool { return s.And(t) == s }

// Empty reports whether s has nothing.
func (s Set) Empty() bool { return s == Set{} }

// Len returns how many labels s has.
func (s Set) Len() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// Each calls f with the number of every label of s, ascending.
func (s Set) Each(f func(label int)) {
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			f(i*64 + bits.TrailingZeros64(w))
		}
	}
}

func (s *Set) add(label int)      { s[label/64] |= 1 << (label % 64) }
func (s *Set) has(label int) bool { return s[label/64]&(1<<(label%64)) != 0 }

// Vocabulary is the labels that the phones of a run choose from. It is safe for
// concurrent use.
type Vocabulary struct {
	labels []string
	number map[string]int
}

// NewVocabulary takes up to MaxLabels different labels, in the spelling in which
// a server is to show them, and ignores further ones.
func NewVocabulary(labels []string) (*Vocabulary, error) {
	v := &Vocabulary{number: map[string]int{}}
	for _, label := range labels {
		if _, known := v.number[label]; known || len(v.labels) == MaxLabels {
			continue
		}
		v.number[label] = len(v.labels)
		v.labels = append(v.labels, label)
	}
	if len(v.labels) < 2 {
		return nil, fmt.Errorf("a vocabulary of %d labels leaves nothing to choose", len(v.labels))
	}
	return v, nil
}

// Len returns how many labels there are.
func (v *Vocabulary) Len() int { return len(v.labels) }

// Draw returns n different labels.
func (v *Vocabulary) Draw(r *rand.Rand, n int) Set {
	var s Set
	for n = min(n, len(v.labels)); n > 0; {
		if label := r.IntN(len(v.labels)); !s.has(label) {
			s.add(label)
			n--
		}
	}
	return s
}

// Labels returns the labels of s, sorted.
func (v *Vocabulary) Labels(s Set) []string {
	labels := make([]string, 0, s.Len())
	s.Each(func(label int) { labels = append(labels, v.labels[label]) })
	slices.Sort(labels)
	return labels
}

// parse returns the set of labels, and those that are unknown or stand there
// twice.
func (v *Vocabulary) parse(labels []string) (s Set, odd []string) {
	for _, label := range labels {
		if n, known := v.number[label]; known && !s.has(n) {
			s.add(n)
		} else {
			odd = append(odd, label)
		}
	}
	return s, odd
}
