package interest_test

import (
	"strings"
	"testing"

	"i80.dk/sighej"
	"i80.dk/sighej/interest"
)

func TestNormalise(t *testing.T) {
	for name, c := range map[string]struct{ label, want string }{
		"plain":               {"devops", "devops"},
		"upper case":          {"DevOps", "devops"},
		"trimmed":             {"  go\t", "go"},
		"white space":         {"drum \t\n and\u00a0bass", "drum and bass"},
		"full width":          {"ＤｅｖＯｐｓ", "devops"},
		"ligature":            {"ﬁshing", "fishing"},
		"composed":            {"Poke\u0301mon", "pokémon"},
		"full case folding":   {"STRASSENKUNST Straße", "strassenkunst strasse"},
		"final sigma":         {"ΦΙΛΟΣΟΦΟΣ φιλοσοφος φιλοσοφος", "φιλοσοφοσ φιλοσοφοσ φιλοσοφοσ"},
		"folding undoes NFKC": {"J\u030cX", "\u01f0x"},
		"subscript iota":      {"\u0345\u03b1", "\u03b9\u03b1"},
		"one space after":     {"go ", "go"},
		"one space before":    {" go", "go"},
		"Cherokee":            {"\u13e3\uab83\u13a9", "\u13e3\u13b3\u13a9"},
		"marks":               {"C#, C++ & .NET", "c#, c++ & .net"},
		"emoji with joiner":   {"👩\u200d🚀", "👩\u200d🚀"},
		"64 runes":            {strings.Repeat("é", 64), strings.Repeat("é", 64)},
		"64 after composing":  {strings.Repeat("e\u0301", 64), strings.Repeat("é", 64)},
		"64 after trimming":   {strings.Repeat(" ", 99) + strings.Repeat("A", 64), strings.Repeat("a", 64)},
		"ideographic spaces":  {"\u3000茶\u3000道\u3000", "茶 道"},
		"dotted capital i":    {"İ", "i\u0307"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := interest.Normalise(c.label)
			if err != nil || got != c.want {
				t.Fatalf("got %q, %v; want %q", got, err, c.want)
			}
			if again, err := interest.Normalise(got); err != nil || again != got {
				t.Fatalf("again: %q, %v; want no change", again, err)
			}
		})
	}
}

func TestNormaliseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ label, why string }{
		"empty":                  {"", "blank"},
		"white space only":       {" \t\u3000", "blank"},
		"joiners only":           {"\u200d\u200d", "blank"},
		"marks only":             {"\u0301\u0302", "blank"},
		"spacing accent":         {"´", "blank"}, // NFKC makes it a space and a mark
		"65 runes":               {strings.Repeat("x", 65), "longer than 64"},
		"65 after folding":       {strings.Repeat("ß", 33), "longer than 64"},
		"65 after NFKC":          {strings.Repeat("ﬃ", 22), "longer than 64"},
		"NUL":                    {"go\x00", "control"},
		"escape":                 {"\x1b[31mgo", "control"},
		"C1 control":             {"go\u009f", "control"},
		"DEL":                    {"go\x7f", "control"},
		"zero-width space":       {"de\u200bvops", "control"},
		"soft hyphen":            {"dev\u00adops", "control"},
		"right-to-left override": {"\u202espoved", "control"},
		"byte order mark":        {"\ufeffgo", "control"},
		"invalid UTF-8":          {"go\xff", "UTF-8"},
		"half a surrogate pair":  {"go\ufffd", "U+FFFD"}, // as JSON decodes it
		"surrogate":              {"go\xed\xa0\x80", "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := interest.Normalise(c.label)
			if err == nil {
				t.Fatalf("accepted as %q", got)
			}
			if sighej.CodeOf(err) != sighej.CodeInvalid || !strings.Contains(err.Error(), c.why) {
				t.Errorf("refused with %q (%s), want %q (%s)", err, sighej.CodeOf(err), c.why, sighej.CodeInvalid)
			}
		})
	}
}

// Folding a rune once must settle it, whatever tables the libraries bring.
func TestNormaliseSettlesEveryRune(t *testing.T) {
	const assigned = 0x30000 // nothing beyond folds or has another form
	for r := range rune(assigned) {
		label := "x" + string(r)
		normal, err := interest.Normalise(label)
		if err != nil {
			if strings.Contains(err.Error(), "no normal form") {
				t.Errorf("%U does not settle", r)
			}
			continue
		}
		if again, err := interest.Normalise(normal); err != nil || again != normal {
			t.Errorf("%U: %q, then %q, %v", r, normal, again, err)
		}
	}
}

func FuzzNormalise(f *testing.F) {
	for _, s := range []string{"DevOps", " go ", "ﬃ", "\u0345α", "İ", "ᾳ\u0345", "\xff", "e\u0301\u0327", "ǰ ŉ ΐ", "\u1e9e", "Ꭰꭰ", "한\u1161"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		normal, err := interest.Normalise(s)
		if err != nil {
			if strings.Contains(err.Error(), "no normal form") {
				t.Fatalf("%q does not settle", s)
			}
			return
		}
		if again, err := interest.Normalise(normal); err != nil || again != normal {
			t.Fatalf("%q: %q, then %q, %v", s, normal, again, err)
		}
		if padded, err := interest.Normalise("\t" + s + " "); err != nil || padded != normal {
			t.Fatalf("%q: %q, but padded %q, %v", s, normal, padded, err)
		}
		if n := len([]rune(normal)); n < 1 || n > interest.MaxLabelRunes {
			t.Fatalf("%q: %d runes", s, n)
		}
	})
}
