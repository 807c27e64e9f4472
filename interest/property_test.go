package interest_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"i80.dk/sighej"
	"i80.dk/sighej/interest"
)

// typed is one way to type an interest, with the interest it means.
type typed struct{ label, means string }

// typings draws what a person might type: labels, aliases, other cases, padding,
// and interests outside the catalogue. The pool is small, so that sets overlap.
func typings() *rapid.Generator[[]typed] {
	var pool []typed
	for _, e := range interest.Default().Entries()[:24] {
		for _, text := range append([]string{e.Label}, e.Aliases...) {
			pool = append(pool, typed{text, e.Label}, typed{strings.ToUpper(text), e.Label}, typed{"  " + text + "\t", e.Label})
		}
	}
	for i := range 12 {
		kite := fmt.Sprintf("kite no %d", i)
		pool = append(pool, typed{kite, kite}, typed{strings.ToUpper(kite), kite}, typed{strings.ReplaceAll(kite, " ", "   "), kite})
	}
	return rapid.SliceOfN(rapid.SampledFrom(pool), 1, interest.MaxInterests)
}

func labels(ts []typed) []string {
	out := make([]string, len(ts))
	for i, t := range ts {
		out[i] = t.label
	}
	return out
}

// meanings is the model of a set.
func meanings(ts []typed) map[string]bool {
	m := make(map[string]bool)
	for _, t := range ts {
		m[t.means] = true
	}
	return m
}

func hashOf(t *rapid.T, l *interest.Lexicon, label string) sighej.InterestHash {
	s, err := l.Parse([]string{label})
	if err != nil {
		t.Fatal(err)
	}
	return l.Hashes(s)[0]
}

func TestOverlapIsIntersection(t *testing.T) {
	l := lexicon()
	rapid.Check(t, func(t *rapid.T) {
		ta, tb := typings().Draw(t, "a"), typings().Draw(t, "b")
		a, errA := l.Parse(labels(ta))
		b, errB := l.Parse(labels(tb))
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		ma, mb := meanings(ta), meanings(tb)
		want := []sighej.InterestHash{}
		for m := range ma {
			if mb[m] {
				want = append(want, hashOf(t, l, m))
			}
		}
		slices.Sort(want)
		got := l.Overlap(a, b)
		if !slices.Equal(got, want) {
			t.Fatalf("overlap %x, want %x", got, want)
		}
		if !slices.Equal(l.Overlap(b, a), got) || a.Overlaps(b) != b.Overlaps(a) {
			t.Fatal("not commutative")
		}
		if len(want) > 0 && !a.Overlaps(b) {
			t.Fatal("Overlaps denies an overlap")
		}
		if a.Len() != len(ma) || !slices.Equal(l.Overlap(a, a), l.Hashes(a)) {
			t.Fatalf("%d interests, want %d, all shared with itself", a.Len(), len(ma))
		}
		if n := len(l.Labels(a, got)); n != len(got) {
			t.Fatalf("%d labels for %d shared interests", n, len(got))
		}
	})
}

func TestRestoredSetIsTheSame(t *testing.T) {
	l := lexicon()
	rapid.Check(t, func(t *rapid.T) {
		ta, tb := typings().Draw(t, "a"), typings().Draw(t, "b")
		a, _ := l.Parse(labels(ta))
		b, _ := l.Parse(labels(tb))
		shuffled := rapid.Permutation(l.Hashes(a)).Draw(t, "hashes")
		back := l.Restore(shuffled)
		if !slices.Equal(l.Hashes(back), l.Hashes(a)) || back.Len() != a.Len() {
			t.Fatal("other hashes")
		}
		if l.Digest(back) != l.Digest(a) || !slices.Equal(l.Categories(back), l.Categories(a)) {
			t.Fatal("another digest or other categories")
		}
		if !slices.Equal(l.Overlap(back, b), l.Overlap(a, b)) || back.Overlaps(b) != a.Overlaps(b) {
			t.Fatal("another overlap")
		}
	})
}

// The digest tells sets apart and does not see spelling or order.
func TestDigestFollowsMeaning(t *testing.T) {
	l := lexicon()
	rapid.Check(t, func(t *rapid.T) {
		ta, tb := typings().Draw(t, "a"), typings().Draw(t, "b")
		a, _ := l.Parse(labels(ta))
		b, _ := l.Parse(labels(tb))
		if same := maps.Equal(meanings(ta), meanings(tb)); same != (l.Digest(a) == l.Digest(b)) {
			t.Fatalf("same set: %v, same digest: %v", same, !same)
		}
		plain, _ := l.Parse(slices.Collect(maps.Keys(meanings(ta))))
		if l.Digest(plain) != l.Digest(a) {
			t.Fatal("the spelling changes the digest")
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"go", "DevOps|hardstyle|philosophy", "go|GO|golang", " |", "\xff|x", strings.Repeat("a|b|", 12), "ß|SS|ﬃ"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	open, closed := lexicon(), interest.NewLexicon(interest.Default(), []byte(key), true)
	f.Fuzz(func(t *testing.T, joined string, catalogueOnly bool) {
		l := open
		if catalogueOnly {
			l = closed
		}
		in := strings.Split(joined, "|")
		s, err := l.Parse(in)
		if faults := l.Faults(in); (err != nil) != (len(faults) > 0) {
			t.Fatalf("%q: %v, but %d faults", in, err, len(faults))
		}
		if err != nil {
			if sighej.CodeOf(err) != sighej.CodeInvalid || s.Len() != 0 {
				t.Fatalf("%q: %d interests, %v", in, s.Len(), err)
			}
			return
		}
		spelled := l.Spelled(s)
		if n := s.Len(); n < 1 || n > interest.MaxInterests || n != len(l.Hashes(s)) || n != len(spelled) {
			t.Fatalf("%q: %d interests, %d hashes, %q", in, n, len(l.Hashes(s)), spelled)
		}
		again, err := l.Parse(spelled)
		if err != nil || l.Digest(again) != l.Digest(s) || !slices.Equal(l.Spelled(again), spelled) {
			t.Fatalf("%q: own spelling %q does not mean the same: %v", in, spelled, err)
		}
		if l.Digest(l.Restore(l.Hashes(s))) != l.Digest(s) {
			t.Fatalf("%q: not the same when restored", in)
		}
	})
}
