package interest

import (
	"slices"
	"strings"

	"i80.dk/sighej"
)

// Overlap returns the hashes of the interests that a and b share, ascending;
// nil when there are none.
func (l *Lexicon) Overlap(a, b Set) []sighej.InterestHash {
	if !a.Overlaps(b) {
		return nil
	}
	shared := make([]sighej.InterestHash, 0, a.ids.AndCardinality(b.ids))
	a.catalogued(func(id uint32) {
		if b.ids.Contains(id) {
			shared = append(shared, l.hashes[id])
		}
	})
	for _, t := range a.own {
		if !t.off() {
			continue
		}
		if o, ok := b.kept(t.hash); ok && o.off() { // all 8 bytes: an id alone may be a collision
			shared = append(shared, t.hash)
		}
	}
	if len(shared) == 0 { // nothing but collisions
		return nil
	}
	slices.Sort(shared)
	return shared
}

// Labels names the shared interests in the spelling of the owner of s, sorted
// by bytes. An interest whose label is lost shows as [Other], once. A hash that
// s lacks is left out.
func (l *Lexicon) Labels(s Set, shared []sighej.InterestHash) []string {
	labels := make([]string, 0, len(shared))
	for _, h := range shared {
		if label, ok := l.label(s, h); ok {
			labels = append(labels, label)
		}
	}
	slices.Sort(labels)
	return slices.Compact(labels)
}

// Spelled returns all labels of s in its owner's spelling, sorted like those of
// [Lexicon.Labels].
func (l *Lexicon) Spelled(s Set) []string { return l.Labels(s, l.Hashes(s)) }

func (l *Lexicon) label(s Set, h sighej.InterestHash) (string, bool) {
	if t, ok := s.kept(h); ok {
		if t.own == "" {
			return Other, true
		}
		return t.own, true
	}
	id, ok := l.ids[h]
	if !ok || s.ids == nil || !s.ids.Contains(id) {
		return "", false
	}
	return l.entries[id].Label, true
}

const sentence = "Someone nearby shares your interest in "

// Sentence is the message of a nudge for labels in the order given.
func Sentence(labels []string) string {
	if len(labels) == 0 {
		return "Someone nearby shares an interest of yours."
	}
	var b strings.Builder
	b.Grow(len(sentence) + 8*len(labels) + 32)
	b.WriteString(sentence)
	for i, label := range labels {
		switch {
		case i == 0:
		case i == len(labels)-1:
			b.WriteString(" and ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(label)
	}
	b.WriteByte('.')
	return b.String()
}
