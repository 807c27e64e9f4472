package interest_test

import (
	"testing"

	"i80.dk/sighej"
	"i80.dk/sighej/interest"
)

func TestOverlapInBothSpellings(t *testing.T) {
	l := lexicon()
	for name, c := range map[string]struct{ a, b, ofA, ofB []string }{
		"the contract's example":  {[]string{"devops", "hardstyle", "philosophy"}, []string{"hardstyle", "devops", "chess"}, []string{"devops", "hardstyle"}, []string{"devops", "hardstyle"}},
		"alias and label":         {[]string{"golang", "jazz"}, []string{"Go", "blues"}, []string{"golang"}, []string{"Go"}},
		"off the catalogue":       {[]string{"Night Kites", "jazz"}, []string{"night kites", "blues"}, []string{"Night Kites"}, []string{"night kites"}},
		"sorted by own spelling":  {[]string{"kubernetes", "Go"}, []string{"k8s", "golang"}, []string{"Go", "kubernetes"}, []string{"golang", "k8s"}},
		"nothing":                 {[]string{"jazz", "night kites"}, []string{"blues", "day kites"}, []string{}, []string{}},
		"on and off, interleaved": {[]string{"a kite", "chess", "b kite", "go"}, []string{"B KITE", "GO", "c kite", "tea"}, []string{"b kite", "go"}, []string{"B KITE", "GO"}},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := parse(t, l, c.a...), parse(t, l, c.b...)
			shared := l.Overlap(a, b)
			equal(t, "labels of a", l.Labels(a, shared), c.ofA)
			equal(t, "labels of b", l.Labels(b, shared), c.ofB)
			equal(t, "the other way", l.Overlap(b, a), shared)
			equal(t, "Overlaps", a.Overlaps(b), len(c.ofA) > 0)
		})
	}
}

// Two interests outside the catalogue may have one id; the whole hash decides.
func TestCollidingIDs(t *testing.T) {
	const x, y, z = 0x1111_0000_1234_5678, 0x2222_0000_9234_5678, 0x3333_0000_0000_0001 // x and y have 31 bits in common
	l := lexicon()
	restore := func(h ...sighej.InterestHash) interest.Set { return l.Restore(h) }
	if !restore(x).Overlaps(restore(y)) {
		t.Fatal("the ids do not collide: this tests nothing")
	}
	if got := l.Overlap(restore(x), restore(y)); got != nil {
		t.Errorf("a collision counts as an overlap: %x", got)
	}
	both := restore(x, y)
	equal(t, "Len", both.Len(), 2)
	equal(t, "hashes", l.Hashes(both), []sighej.InterestHash{x, y})
	equal(t, "overlap", l.Overlap(both, restore(y, z)), []sighej.InterestHash{y})
	equal(t, "overlap", l.Overlap(both, restore(y, x, z)), []sighej.InterestHash{x, y})
}

func TestLabels(t *testing.T) {
	l := lexicon()
	s := parse(t, l, "Golang", "night kites")
	theirs := l.Hashes(parse(t, l, "go", "night kites", "devops", "day kites"))
	equal(t, "never more than s has", l.Labels(s, theirs), []string{"Golang", "night kites"})
	back := l.Restore(l.Hashes(parse(t, l, "Golang", "night kites", "day kites")))
	equal(t, "lost labels, once", l.Labels(back, l.Hashes(back)), []string{"go", "other"})
	equal(t, "of nothing", l.Labels(s, nil), []string{})
}

func TestEmptySet(t *testing.T) {
	l := lexicon()
	var none interest.Set
	some := parse(t, l, "go", "night kites")
	equal(t, "Len", none.Len(), 0)
	equal(t, "Overlaps", none.Overlaps(some) || some.Overlaps(none) || none.Overlaps(none), false)
	equal(t, "Overlap", l.Overlap(none, some), nil)
	equal(t, "Hashes", len(l.Hashes(none)), 0)
	equal(t, "Categories", len(l.Categories(none)), 0)
	equal(t, "Spelled", len(l.Spelled(none)), 0)
	equal(t, "Labels", len(l.Labels(none, l.Hashes(some))), 0)
	equal(t, "restored digest", l.Digest(l.Restore(nil)), l.Digest(none))
}

func TestSentence(t *testing.T) {
	for _, c := range []struct {
		labels []string
		want   string
	}{
		{nil, "Someone nearby shares an interest of yours."},
		{[]string{"devops"}, "Someone nearby shares your interest in devops."},
		{[]string{"devops", "hardstyle"}, "Someone nearby shares your interest in devops and hardstyle."},
		{[]string{"a", "b", "c"}, "Someone nearby shares your interest in a, b and c."},
		{[]string{"a", "b", "c", "d"}, "Someone nearby shares your interest in a, b, c and d."},
	} {
		equal(t, "sentence", interest.Sentence(c.labels), c.want)
	}
}
