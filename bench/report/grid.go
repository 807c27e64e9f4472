package report

// ink is what a text's colour says. The page has a class of each name.
type ink string

const (
	strong   ink = "strong"
	quiet    ink = "quiet"
	good     ink = "good"
	bad      ink = "bad"
	doubtful ink = "doubtful"
)

// cell is a text in an ink; "" is the usual one.
type cell struct {
	Text string
	Ink  ink
}

// grid is a table for both the terminal and the page. The first cell of its
// header is the heading; a row may be shorter than the header.
type grid struct {
	Header []string
	Rows   [][]cell
}

func cells(texts ...string) []cell {
	row := make([]cell, len(texts))
	for i, t := range texts {
		row[i].Text = t
	}
	return row
}

// untrusted stands in the place of what a disturbed run measured.
var untrusted = cell{"disturbed", doubtful}
