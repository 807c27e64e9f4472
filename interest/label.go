package interest

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"i80.dk/sighej"
)

// MaxLabelRunes is the length of the longest label, in runes of its normal
// form.
const MaxLabelRunes = 64

// maxFolds bounds the search for the normal form. Folding can undo NFKC and the
// other way round, but two rounds have settled everything met so far.
const maxFolds = 4

// What can be wrong with a label. None of them bears it.
var (
	errNotUTF8    = sighej.Errorf(sighej.CodeInvalid, "not UTF-8")
	errLost       = sighej.Errorf(sighej.CodeInvalid, "contains U+FFFD, which stands for text that got lost")
	errControl    = sighej.Errorf(sighej.CodeInvalid, "contains control or invisible formatting characters")
	errBlank      = sighej.Errorf(sighej.CodeInvalid, "blank")
	errTooLong    = sighej.Errorf(sighej.CodeInvalid, "longer than %d characters", MaxLabelRunes)
	errUnstable   = sighej.Errorf(sighej.CodeInvalid, "has no normal form")
	errNotOffered = sighej.Errorf(sighej.CodeInvalid, "not an interest of the catalogue")
)

// Normalise returns what two spellings of one label have in common: NFKC, case
// folded, trimmed, each run of white space as one space. A label that has no
// visible character, more than [MaxLabelRunes] runes, control characters,
// U+FFFD (which half a surrogate pair in JSON becomes, for one) or invalid UTF-8 is refused with [sighej.CodeInvalid]. Invisible formatting
// characters count as control characters, but for the two joiners that scripts
// and emoji need; tabs and line breaks count as white space. Normalise changes
// nothing when it is applied again.
func Normalise(label string) (string, error) {
	_, normal, err := forms(label)
	return normal, err
}

// forms returns a label in its owner's spelling, which keeps upper case, and in
// normal form.
func forms(label string) (own, normal string, err error) {
	if printableASCII(label) { // is in NFKC, and folds by lower-casing
		own = collapse(label)
		normal = strings.ToLower(own)
	} else if own, normal, err = unicodeForms(label); err != nil {
		return "", "", err
	}
	if !strings.ContainsFunc(normal, visible) {
		return "", "", errBlank
	}
	if utf8.RuneCountInString(normal) > MaxLabelRunes {
		return "", "", errTooLong
	}
	return own, normal, nil
}

func unicodeForms(label string) (own, normal string, err error) {
	if !utf8.ValidString(label) {
		return "", "", errNotUTF8
	}
	if strings.ContainsRune(label, utf8.RuneError) {
		return "", "", errLost
	}
	if strings.ContainsFunc(label, control) {
		return "", "", errControl
	}
	own = collapse(norm.NFKC.String(label))
	normal = own
	for range maxFolds {
		next := norm.NFKC.String(fold(normal))
		if next == normal {
			return own, normal, nil
		}
		normal = next
	}
	return "", "", errUnstable
}

// fold is full case folding. [cases.Fold] of x/text v0.43 swaps the two cases of
// Cherokee, whose folded form is upper case.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cherokee, r) {
			return unicode.ToUpper(r)
		}
		return r
	}, cases.Fold().String(s))
}

// collapse trims s and makes each run of white space one space.
func collapse(s string) string {
	if !loose(s) {
		return s
	}
	return strings.Join(strings.Fields(s), " ")
}

// loose reports whether collapse would change s.
func loose(s string) bool {
	before := ' '
	for _, r := range s {
		if unicode.IsSpace(r) && (r != ' ' || before == ' ') {
			return true
		}
		before = r
	}
	return before == ' ' && s != ""
}

func printableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func visible(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S)
}

func control(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	if r == nonJoiner || r == joiner {
		return false
	}
	return unicode.Is(unicode.Cf, r) || unicode.IsControl(r) && !unicode.IsSpace(r)
}
