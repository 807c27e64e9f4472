package ledger

import (
	"slices"
	"strings"
	"unicode"

	"i80.dk/sighej/bench/report"
)

const maxProse = 256 // different sentences that are remembered

// prose checks the sentence of a nudge. Servers word it as they like, so it takes
// the shared labels out and looks for further labels in what is left; the rest
// is the same for most nudges and is searched once.
type prose struct {
	vocabulary *Vocabulary
	words      map[string]bool   // the labels, spaced as words are
	known      map[string]string // the label that a rest gives away, or ""
}

func newProse(v *Vocabulary) prose {
	p := prose{vocabulary: v, words: map[string]bool{}, known: map[string]string{}}
	for _, label := range v.labels {
		p.words[words(label)] = true
	}
	return p
}

// words returns text in lower case with single spaces around each word.
func words(text string) string {
	fields := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return " " + strings.Join(fields, " ") + " "
}

// leak returns a label of the vocabulary that message has beside those shared.
func (p *prose) leak(message string, labels []string) string {
	slices.SortFunc(labels, func(a, b string) int { return len(b) - len(a) })
	rest := words(message)
	for _, label := range labels {
		rest = strings.Replace(rest, words(label), " ", 1)
	}
	found, known := p.known[rest]
	if !known {
		found = p.search(rest)
		if len(p.known) < maxProse {
			p.known[rest] = found
		}
	}
	return found
}

func (p *prose) search(rest string) string {
	for word := range p.words {
		if len(word) > 2 && strings.Contains(rest, word) {
			return strings.TrimSpace(word)
		}
	}
	return ""
}

func (l *Ledger) checkMessage(of Phone, shared Set, message string) {
	if message == "" {
		l.fault(report.FaultContent, "phone %d got a nudge without a message", of)
		return
	}
	if label := l.prose.leak(message, l.cfg.Vocabulary.Labels(shared)); label != "" {
		l.fault(report.FaultContent, "phone %d: %q tells of %s too", of, message, label)
	}
}

func (l *Ledger) result() report.Checks {
	c := l.checks
	c.Errors = make(map[string]int64, len(l.checks.Errors))
	for code, n := range l.checks.Errors {
		c.Errors[code] = n
	}
	c.Findings = nil
	for _, f := range l.faults {
		finding := *f
		finding.Examples = slices.Clone(f.Examples)
		c.Findings = append(c.Findings, finding)
	}
	slices.SortFunc(c.Findings, func(a, b report.Finding) int { return strings.Compare(a.Kind, b.Kind) })
	return c
}
