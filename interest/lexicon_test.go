package interest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"i80.dk/sighej"
	"i80.dk/sighej/interest"
)

const key = "0123456789abcdef0123456789abcdef"

func lexicon() *interest.Lexicon { return interest.NewLexicon(interest.Default(), []byte(key), false) }

func parse(t testing.TB, l *interest.Lexicon, labels ...string) interest.Set {
	t.Helper()
	s, err := l.Parse(labels)
	if err != nil {
		t.Fatalf("Parse(%q): %v", labels, err)
	}
	return s
}

func equal[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// The figures were worked out with another implementation of HMAC. Sessions in
// a store depend on them.
func TestHashesAndDigestAreFrozen(t *testing.T) {
	l := lexicon()
	s := parse(t, l, "Hardstyle", "night  kites", "golang")
	equal(t, "hashes", l.Hashes(s), []sighej.InterestHash{0x59b7e4d56476ac73, 0x82371adf1f17f52d, 0x912e7a50bb8edf76})
	equal(t, "digest", l.Digest(s), "5eff608eab5993d4710e424344cd526587f6a0f8300391a23ae25989d0fe1c03")
	other := interest.NewLexicon(interest.Default(), []byte("another key"), false)
	if l.Digest(s) == other.Digest(parse(t, other, "hardstyle", "night kites", "go")) {
		t.Error("the digest does not depend on the key")
	}
}

func TestOwnSpelling(t *testing.T) {
	many := make([]string, 30)
	for i := range many {
		many[i] = strings.Repeat(" ", i) + "Go"
	}
	for name, c := range map[string]struct{ labels, spelled, categories []string }{
		"canonical":           {[]string{"philosophy", "devops", "hardstyle"}, []string{"devops", "hardstyle", "philosophy"}, []string{"music", "philosophy", "tech"}},
		"padded":              {[]string{" go "}, []string{"go"}, []string{"tech"}},
		"upper case":          {[]string{"DevOps", "hardstyle"}, []string{"DevOps", "hardstyle"}, []string{"music", "tech"}},
		"alias":               {[]string{"golang"}, []string{"golang"}, []string{"tech"}},
		"alias in upper case": {[]string{"GoLang"}, []string{"GoLang"}, []string{"tech"}},
		"full width":          {[]string{"ＤｅｖＯｐｓ"}, []string{"DevOps"}, []string{"tech"}},
		"first spelling wins": {[]string{"GOLANG", "go", "Go"}, []string{"GOLANG"}, []string{"tech"}},
		"first is canonical":  {[]string{"go", "golang", "Go"}, []string{"go"}, []string{"tech"}},
		"first is alias":      {[]string{"golang", "go"}, []string{"golang"}, []string{"tech"}},
		"off the catalogue":   {[]string{" Night  Kites", "NIGHT KITES", "go"}, []string{"Night Kites", "go"}, []string{"other", "tech"}},
		"one category, twice": {[]string{"night kites", "day kites", "go", "rust"}, []string{"day kites", "go", "night kites", "rust"}, []string{"other", "tech"}},
		"30 that fold to one": {many, []string{"Go"}, []string{"tech"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := lexicon()
			s := parse(t, l, c.labels...)
			equal(t, "spelled", l.Spelled(s), c.spelled)
			equal(t, "categories", l.Categories(s), c.categories)
			equal(t, "Len", s.Len(), len(c.spelled))
			equal(t, "faults", l.Faults(c.labels), nil)
		})
	}
}

func TestFaults(t *testing.T) {
	twenty := make([]string, 20)
	for i := range twenty {
		twenty[i] = fmt.Sprintf("kite no %d", i)
	}
	const count = "must be 1 to 20 different interests"
	type faults = []sighej.InvalidField
	for name, c := range map[string]struct {
		labels        []string
		catalogueOnly bool
		want          faults
	}{
		"none":                 {nil, false, faults{{Path: "interests", Message: count}}},
		"twenty":               {twenty, false, nil},
		"twenty-one that fold": {append(slices.Clone(twenty), "KITE NO 7"), false, nil},
		"twenty-one":           {append(slices.Clone(twenty), "go"), false, faults{{Path: "interests", Message: count}}},
		"blank":                {[]string{"go", " "}, false, faults{{Path: "interests[1]", Message: "blank"}}},
		"blank only":           {[]string{""}, false, faults{{Path: "interests[0]", Message: "blank"}}},
		"off the catalogue":    {[]string{"Golang", "night kites"}, false, nil},
		"off, catalogue only":  {[]string{"Golang", "night kites"}, true, faults{{Path: "interests[1]", Message: "not an interest of the catalogue"}}},
		"every fault, in order": {append([]string{"\x00", strings.Repeat("x", 65), "\xff"}, append(slices.Clone(twenty), "go")...), false, faults{
			{Path: "interests", Message: count},
			{Path: "interests[0]", Message: "contains control or invisible formatting characters"},
			{Path: "interests[1]", Message: "longer than 64 characters"},
			{Path: "interests[2]", Message: "not UTF-8"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			l := interest.NewLexicon(interest.Default(), []byte(key), c.catalogueOnly)
			equal(t, "faults", l.Faults(c.labels), c.want)
			s, err := l.Parse(c.labels)
			if c.want == nil {
				if err != nil || s.Len() != len(l.Hashes(s)) {
					t.Errorf("Parse: %d interests, %v", s.Len(), err)
				}
				return
			}
			e, ok := errors.AsType[*sighej.Error](err)
			if !ok || e.Code != sighej.CodeInvalid || s.Len() != 0 {
				t.Fatalf("Parse: %d interests, %v; want none and %s", s.Len(), err, sighej.CodeInvalid)
			}
			equal(t, "fields", e.Fields, c.want)
		})
	}
}

func TestErrorsBearNoLabel(t *testing.T) {
	l := interest.NewLexicon(interest.Default(), []byte(key), true)
	for _, label := range []string{"quokka", "quokka\x00", "quokka" + strings.Repeat("!", 60), "quokka\xff"} {
		_, err := l.Parse([]string{label})
		if text := fmt.Sprintf("%v %+v", err, err); err == nil || strings.Contains(text, "quokka") {
			t.Errorf("%s", text)
		}
	}
}

func TestRestore(t *testing.T) {
	l := lexicon()
	s := parse(t, l, "Golang", "DevOps", "Night Kites", "Day Kites")
	back := l.Restore(l.Hashes(s))
	equal(t, "hashes", l.Hashes(back), l.Hashes(s))
	equal(t, "digest", l.Digest(back), l.Digest(s))
	equal(t, "categories", l.Categories(back), []string{"other", "tech"})
	equal(t, "Len", back.Len(), 4)
	equal(t, "spelled", l.Spelled(back), []string{"devops", "go", "other"})
	equal(t, "Len of a repeated hash", l.Restore([]sighej.InterestHash{7, 7}).Len(), 1)
}

func TestKeyIsCopied(t *testing.T) {
	k := []byte(key)
	l := interest.NewLexicon(interest.Default(), k, false)
	before := l.Hashes(parse(t, l, "night kites"))
	clear(k)
	equal(t, "hashes", l.Hashes(parse(t, l, "night kites")), before)
}
