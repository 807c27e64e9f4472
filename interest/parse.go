package interest

import (
	"fmt"
	"slices"

	"i80.dk/sighej"
)

// Parse reads what a person typed. Labels that fold together are one interest,
// in the first one's spelling. The error is a *[sighej.Error] with
// [sighej.CodeInvalid] and the fields of [Lexicon.Faults].
func (l *Lexicon) Parse(labels []string) (Set, error) {
	terms := make([]term, 0, MaxInterests)
	for _, label := range labels {
		t, err := l.read(label)
		if err != nil {
			return Set{}, l.invalid(labels)
		}
		terms = enter(terms, t)
		if len(terms) > MaxInterests {
			return Set{}, l.invalid(labels)
		}
	}
	if len(terms) == 0 {
		return Set{}, l.invalid(labels)
	}
	return newSet(terms), nil
}

func (l *Lexicon) invalid(labels []string) error {
	e := sighej.Errorf(sighej.CodeInvalid, "the interests are not acceptable")
	e.Fields = l.Faults(labels)
	return e
}

// Faults returns everything that is wrong with labels, or nil: under the path
// "interests" their number, 1 to 20 after folding, and under "interests[i]" the
// label i. The messages bear no label.
func (l *Lexicon) Faults(labels []string) []sighej.InvalidField {
	var faults []sighej.InvalidField
	different := make(map[sighej.InterestHash]struct{}, MaxInterests)
	for i, label := range labels {
		t, err := l.read(label)
		if err != nil {
			faults = append(faults, sighej.InvalidField{Path: fmt.Sprintf("interests[%d]", i), Message: err.Error()})
			continue
		}
		different[t.hash] = struct{}{}
	}
	if len(labels) == 0 || len(different) > MaxInterests {
		faults = slices.Insert(faults, 0, sighej.InvalidField{
			Path:    "interests",
			Message: fmt.Sprintf("must be %d to %d different interests", MinInterests, MaxInterests),
		})
	}
	return faults
}

// enter appends t unless its interest is there already.
func enter(terms []term, t term) []term {
	if slices.ContainsFunc(terms, func(o term) bool { return o.hash == t.hash }) {
		return terms
	}
	return append(terms, t)
}
