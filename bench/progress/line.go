package progress

import (
	"slices"
	"strings"

	"github.com/rivo/uniseg"
)

// What steers a terminal (ECMA-48; modes 7 and 25 are those of the DEC VT220,
// which all of today's know).
const (
	startOfLine = "\r"
	eraseLine   = "\x1b[K"
	hideCursor  = "\x1b[?25l"
	showCursor  = "\x1b[?25h"
	noWrap      = "\x1b[?7l"
	wrap        = "\x1b[?7h"

	bold  = "\x1b[1m"
	red   = "\x1b[31m"
	cyan  = "\x1b[36m"
	plain = "\x1b[m"
)

// gap is between two parts of a line.
const gap = "  "

// part is a piece of the line.
type part struct {
	text   string // "": nothing to say
	rank   int    // those of higher rank get room first
	colour string
}

// fitting returns those of parts that have something to say and get room in
// columns, in order of the line. The part of the highest rank is cut if need be.
func fitting(parts []part, columns int) []part {
	said := slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return p.text == "" })
	var kept []int
	left := columns
	for _, i := range byRank(said) {
		if len(kept) == 0 {
			said[i].text = clip(said[i].text, columns)
		}
		if needs := uniseg.StringWidth(said[i].text) + min(len(kept), 1)*len(gap); needs <= left {
			kept, left = append(kept, i), left-needs
		}
	}
	slices.Sort(kept)
	line := make([]part, len(kept))
	for n, i := range kept {
		line[n] = said[i]
	}
	return line
}

// byRank returns the indices of parts, the highest rank first.
func byRank(parts []part) []int {
	indices := make([]int, len(parts))
	for i := range indices {
		indices[i] = i
	}
	slices.SortFunc(indices, func(a, b int) int { return parts[b].rank - parts[a].rank })
	return indices
}

// clip cuts text to columns.
func clip(text string, columns int) string {
	if uniseg.StringWidth(text) <= columns {
		return text
	}
	var kept strings.Builder
	left := columns - 1
	for g := uniseg.NewGraphemes(text); g.Next() && g.Width() <= left; left -= g.Width() {
		kept.WriteString(g.Str())
	}
	return kept.String() + "…"
}

// join makes the line of its parts.
func join(parts []part, colour bool) string {
	var line strings.Builder
	for i, p := range parts {
		if i > 0 {
			line.WriteString(gap)
		}
		if colour && p.colour != "" {
			line.WriteString(p.colour + p.text + plain)
			continue
		}
		line.WriteString(p.text)
	}
	return line.String()
}
