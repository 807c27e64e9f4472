package report

import (
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// TableOptions say for which terminal a table is.
type TableOptions struct {
	Width         int  // columns; 0: 80. Under 60 lines may be longer than that
	Colour        bool // ANSI colours
	ShowDisturbed bool // also print the rates and latencies of disturbed runs
}

// paper is what a table is written on: text of a certain width.
type paper struct {
	strings.Builder
	width  int
	colour bool
}

// Widths, in columns.
const (
	defaultWidth = 80
	minWidth     = 60
	minName      = 14 // a name is not folded to less
	usualName    = 22 // so that the columns of most tables stand below each other
)

func newPaper(opt TableOptions) *paper {
	p := &paper{width: opt.Width, colour: opt.Colour}
	if p.width == 0 {
		p.width = defaultWidth
	}
	p.width = max(p.width, minWidth)
	return p
}

// ansi are the parameters of the terminal's colours.
var ansi = map[ink]string{strong: "1", quiet: "2", bad: "31", good: "32", doubtful: "33"}

func (p *paper) in(i ink, s string) string {
	if !p.colour || s == "" || i == "" {
		return s
	}
	return "\x1b[" + ansi[i] + "m" + s + "\x1b[0m"
}

// line writes s, folded to the width; what follows the first line is indented.
func (p *paper) line(i ink, first, s string) {
	indent := strings.Repeat(" ", text.StringWidth(first))
	folded := text.WrapSoft(plain(s), p.width-len(indent))
	for n, l := range strings.Split(folded, "\n") {
		lead := indent
		if n == 0 {
			lead = first
		}
		p.WriteString(p.in(i, strings.TrimRight(lead+l, " ")) + "\n")
	}
}

// heading begins a part that is no grid.
func (p *paper) heading(s string) {
	p.WriteString("\n" + p.in(strong, s) + "\n" + strings.Repeat("─", text.StringWidth(s)) + "\n")
}

// grid writes g; nothing if it has no rows. Names stand to the left, all else to
// the right.
func (p *paper) grid(g grid) {
	if len(g.Rows) == 0 {
		return
	}
	t := table.NewWriter()
	t.SetStyle(gridStyle())
	t.SuppressTrailingSpaces()
	head := make(table.Row, len(g.Header))
	for i, h := range g.Header {
		head[i] = p.in(strong, h)
	}
	t.AppendHeader(head)
	for _, row := range g.Rows {
		t.AppendRow(p.row(row))
	}
	p.WriteString("\n" + p.fit(t, len(g.Header), nameWidth(g.Rows)) + "\n")
}

func (p *paper) row(cells []cell) table.Row {
	row := make(table.Row, len(cells))
	for i, c := range cells {
		row[i] = p.in(c.Ink, plain(c.Text))
	}
	return row
}

func nameWidth(rows [][]cell) int {
	width := usualName
	for _, row := range rows {
		width = max(width, text.StringWidth(row[0].Text))
	}
	return width
}

// fit renders t; if it is too wide, with folded names.
func (p *paper) fit(t table.Writer, columns, name int) string {
	t.SetColumnConfigs(gridColumns(columns, usualName, name))
	s := t.Render()
	if over := text.LongestLineLen(s) - p.width; over > 0 {
		folded := max(name-over, minName)
		t.SetColumnConfigs(gridColumns(columns, folded, folded))
		s = t.Render()
	}
	return s
}

func gridColumns(n, minName, maxName int) []table.ColumnConfig {
	columns := []table.ColumnConfig{{Number: 1, WidthMin: minName, WidthMax: maxName, WidthMaxEnforcer: text.WrapSoft}}
	for i := 2; i <= n; i++ {
		columns = append(columns, table.ColumnConfig{Number: i, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	return columns
}

func gridStyle() table.Style {
	s := table.StyleLight
	s.Options = table.Options{SeparateHeader: true}
	s.Format.Header = text.FormatDefault
	s.Box.PaddingLeft, s.Box.PaddingRight = "", "  "
	return s
}
