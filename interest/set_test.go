package interest

import "testing"

// A million sets live at once: only what the catalogue cannot tell is kept.
func TestSetKeepsOnlyOtherSpellings(t *testing.T) {
	l := NewLexicon(Default(), []byte("key"), false)
	for _, c := range []struct {
		label string
		kept  int
	}{
		{"go", 0},
		{" go ", 0},
		{"ｇｏ", 0}, // full width, which is "go" in NFKC
		{"Go", 1},
		{"golang", 1},
		{"night kites", 1},
	} {
		s, err := l.Parse([]string{c.label, "devops"})
		if err != nil {
			t.Fatal(err)
		}
		if len(s.own) != c.kept || cap(s.own) != c.kept || (c.kept == 0) != (s.own == nil) {
			t.Errorf("%q: %d spellings kept (room for %d), want %d", c.label, len(s.own), cap(s.own), c.kept)
		}
	}
}
