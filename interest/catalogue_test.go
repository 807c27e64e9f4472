package interest_test

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"i80.dk/sighej/interest"
)

func TestParseCatalogue(t *testing.T) {
	got, err := interest.ParseCatalogue(strings.NewReader(strings.Join([]string{
		"# people edit this", "", "[tech]", "  rust\r", "go |golang,  go lang ", "[music]", "\tdrum & bass", "c#|c sharp",
	}, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	want := []interest.Entry{
		{Label: "c#", Category: "music", Aliases: []string{"c sharp"}},
		{Label: "drum & bass", Category: "music"},
		{Label: "go", Category: "tech", Aliases: []string{"golang", "go lang"}},
		{Label: "rust", Category: "tech"},
	}
	if diff := gocmp.Diff(want, got.Entries()); diff != "" {
		t.Error(diff)
	}
}

func TestParseCatalogueRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		file, why string
		line      int
	}{
		"nothing":                  {"", "no interests", 0},
		"headings only":            {"[a]\n[b]\n", "no interests", 2},
		"an entry before headings": {"# x\ngo\n[tech]", "before the first", 2},
		"an open heading":          {"[tech\ngo", "ends with ]", 1},
		"an empty heading":         {"[]\ngo", "blank", 1},
		"a heading twice":          {"[a]\nx\n[b]\ny\n[a]\nz", "already on line 1", 5},
		"the reserved category":    {"[other]\ngo", "reserved", 1},
		"an upper-case category":   {"[Tech]\ngo", "normal form", 1},
		"an upper-case label":      {"[tech]\n\nGo", "normal form", 3},
		"double spaces":            {"[tech]\ndrum  and bass", "normal form", 2},
		"not NFKC":                 {"[games]\npoke\u0301mon", "normal form", 2},
		"an upper-case alias":      {"[tech]\ngo | Golang", "normal form", 2},
		"a long label":             {"[tech]\n" + strings.Repeat("x", 65), "longer than 64", 2},
		"a long alias":             {"[tech]\ngo | " + strings.Repeat("x", 65), "longer than 64", 2},
		"no label":                 {"[tech]\n| golang", "blank", 2},
		"no alias":                 {"[tech]\ngo |", "blank", 2},
		"an empty alias":           {"[tech]\ngo | golang,, go lang", "blank", 2},
		"two bars":                 {"[tech]\ngo | golang | rust", "not of the form", 2},
		"a comma in a label":       {"[tech]\ngo, golang", "not of the form", 2},
		"a control character":      {"[tech]\ngo\x00", "control", 2},
		"invalid UTF-8":            {"[tech]\ngo\xff", "UTF-8", 2},
		"a label twice":            {"[tech]\ngo\n[games]\ngo", "already on line 2", 4},
		"an alias like a label":    {"[tech]\ngo\nbaduk | go", "already on line 2", 3},
		"a label like an alias":    {"[tech]\ngo | golang\ngolang", "already on line 2", 3},
		"an alias twice":           {"[tech]\ngo | x, x", "already on line 2", 2},
		"an alias like its label":  {"[tech]\ngo | go", "already on line 2", 2},
		"an endless line":          {"[tech]\ngo\n" + strings.Repeat("x", 1<<17), "too long", 3},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := interest.ParseCatalogue(strings.NewReader(c.file))
			if err == nil {
				t.Fatal("accepted")
			}
			if line := fmt.Sprintf("line %d:", c.line); !strings.Contains(err.Error(), line) || !strings.Contains(err.Error(), c.why) {
				t.Errorf("refused with %q, want %q and %q", err, line, c.why)
			}
		})
	}
}

func TestDefaultCatalogue(t *testing.T) {
	entries := interest.Default().Entries()
	if len(entries) < 320 {
		t.Errorf("%d interests, want at least 320", len(entries))
	}
	byCategory := make(map[string]int)
	claimed := make(map[string]string)
	for _, e := range entries {
		byCategory[e.Category]++
		for _, text := range append([]string{e.Label}, e.Aliases...) {
			if normal, err := interest.Normalise(text); err != nil || normal != text {
				t.Errorf("%q is not in normal form: %q, %v", text, normal, err)
			}
			if o, ok := claimed[text]; ok {
				t.Errorf("%q belongs to both %q and %q", text, o, e.Label)
			}
			claimed[text] = e.Label
		}
	}
	if n := len(byCategory); n < 18 || n > 26 {
		t.Errorf("%d categories, want about 20", n)
	}
	for category, n := range byCategory {
		if n < 8 {
			t.Errorf("category %s has only %d interests", category, n)
		}
	}
	if byCategory[interest.Other] != 0 {
		t.Errorf("the reserved category %q is in use", interest.Other)
	}
	if !slices.IsSortedFunc(entries, func(a, b interest.Entry) int {
		return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(a.Label, b.Label))
	}) {
		t.Error("not sorted by category, then label")
	}
}

func TestDefaultCatalogueHas(t *testing.T) {
	for _, want := range []struct{ label, alias, category string }{
		{"devops", "", "tech"},
		{"go", "golang", "tech"},
		{"kubernetes", "k8s", "tech"},
		{"hardstyle", "", "music"},
		{"drum and bass", "dnb", "music"},
		{"philosophy", "", "philosophy"},
	} {
		if !slices.ContainsFunc(interest.Default().Entries(), func(e interest.Entry) bool {
			return e.Label == want.label && e.Category == want.category && (want.alias == "" || slices.Contains(e.Aliases, want.alias))
		}) {
			t.Errorf("lacks %s | %s in %s", want.label, want.alias, want.category)
		}
	}
}

// What is accepted can be written out again and read back to the same.
func FuzzParseCatalogue(f *testing.F) {
	for _, s := range []string{"[tech]\ngo | golang\n", "#\n[a]\nb|c,d\n[e]\nf", "[a]\n[a]\nb", "[other]\nx", "[a\nb", "a|b", "[a]\r\nb |\r\n", "[é]\nß"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := interest.ParseCatalogue(bytes.NewReader(data))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "catalogue, line ") {
				t.Fatalf("the error names no line: %v", err)
			}
			return
		}
		var out strings.Builder
		category := ""
		for _, e := range c.Entries() {
			if e.Category == interest.Other {
				t.Fatal("the reserved category got in")
			}
			if e.Category != category {
				category = e.Category
				fmt.Fprintf(&out, "[%s]\n", category)
			}
			out.WriteString(e.Label)
			if len(e.Aliases) > 0 {
				out.WriteString(" | " + strings.Join(e.Aliases, ", "))
			}
			out.WriteString("\n")
		}
		again, err := interest.ParseCatalogue(strings.NewReader(out.String()))
		if err != nil {
			t.Fatalf("%v in\n%s", err, out.String())
		}
		if diff := gocmp.Diff(c.Entries(), again.Entries()); diff != "" {
			t.Error(diff)
		}
	})
}
