package interest

import (
	"bufio"
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// Other is the category of every interest that the catalogue lacks. No
// catalogue may use it.
const Other = "other"

// Entry is an interest of the catalogue. All its texts are in normal form.
type Entry struct {
	Label    string
	Category string
	Aliases  []string // other spellings of the same interest, in the file's order
}

// Catalogue is a list of interests in categories. No two of its labels and
// aliases are equal.
type Catalogue struct {
	entries []Entry // by category, then label
}

//go:embed catalogue.txt
var defaultText string

// Default returns the catalogue that comes with the program.
func Default() *Catalogue { return defaultCatalogue() }

var defaultCatalogue = sync.OnceValue(func() *Catalogue {
	c, err := ParseCatalogue(strings.NewReader(defaultText))
	if err != nil {
		panic("interest: the embedded " + err.Error()) // a defect of this package
	}
	return c
})

// Entries returns the interests by category, then label. All callers share the
// slice; none may change it.
func (c *Catalogue) Entries() []Entry { return c.entries }

// ParseCatalogue reads a catalogue in UTF-8, line by line:
//
//	# a comment; blank lines count for nothing either
//	[category]
//	label
//	label | alias, another alias
//
// Labels, aliases and categories must be in the form that [Normalise] returns.
// A label or alias stands once in the whole file, a category has one heading,
// and [Other] is reserved. The first fault ends the reading, and the error names
// its line.
func ParseCatalogue(r io.Reader) (*Catalogue, error) {
	p := parser{seen: make(map[string]int), headings: make(map[string]int)}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		p.line++
		if err := p.read(strings.TrimSpace(lines.Text())); err != nil {
			return nil, fmt.Errorf("catalogue, line %d: %w", p.line, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("catalogue, line %d: %w", p.line+1, err)
	}
	if len(p.entries) == 0 {
		return nil, fmt.Errorf("catalogue, line %d: no interests up to the end", p.line)
	}
	slices.SortFunc(p.entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(a.Label, b.Label))
	})
	return &Catalogue{p.entries}, nil
}

// parser is the state between two lines.
type parser struct {
	line     int
	category string
	entries  []Entry
	seen     map[string]int // label or alias: its line
	headings map[string]int // category: its line
}

func (p *parser) read(line string) error {
	switch {
	case line == "" || line[0] == '#':
		return nil
	case line[0] == '[':
		return p.heading(line)
	case p.category == "":
		return errors.New("an interest before the first [category]")
	}
	return p.entry(line)
}

func (p *parser) heading(line string) error {
	name, ok := strings.CutSuffix(line[1:], "]")
	if !ok {
		return errors.New("a heading ends with ]")
	}
	if name == Other {
		return fmt.Errorf("the category %q is reserved", Other)
	}
	if err := p.claim(p.headings, name); err != nil {
		return fmt.Errorf("category: %w", err)
	}
	p.category = name
	return nil
}

func (p *parser) entry(line string) error {
	label, rest, aliased := strings.Cut(line, "|")
	e := Entry{Label: strings.TrimSpace(label), Category: p.category}
	if strings.Contains(e.Label, ",") || strings.Contains(rest, "|") {
		return errors.New("not of the form: label | alias, alias")
	}
	if err := p.claim(p.seen, e.Label); err != nil {
		return fmt.Errorf("label: %w", err)
	}
	if aliased {
		for alias := range strings.SplitSeq(rest, ",") {
			alias = strings.TrimSpace(alias)
			if err := p.claim(p.seen, alias); err != nil {
				return fmt.Errorf("alias: %w", err)
			}
			e.Aliases = append(e.Aliases, alias)
		}
	}
	p.entries = append(p.entries, e)
	return nil
}

// claim checks the form of a name and enters it among the taken ones.
func (p *parser) claim(taken map[string]int, name string) error {
	normal, err := Normalise(name)
	if err != nil {
		return err
	}
	if normal != name {
		return errors.New("not in normal form (lower case, NFKC, single spaces)")
	}
	if line, ok := taken[name]; ok {
		return fmt.Errorf("already on line %d", line)
	}
	taken[name] = p.line
	return nil
}
