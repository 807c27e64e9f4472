package progress

import (
	"bytes"
	"strings"

	"github.com/rivo/uniseg"
)

// failing is what a vt needs of a test.
type failing interface {
	Helper()
	Fatalf(format string, args ...any)
}

// vt is as much of a terminal as the bar needs; anything else fails the test, as
// does a line that reaches the margin.
type vt struct {
	t      failing
	width  int
	rows   [][]string // a cell is what is seen in a column; the second of a broad one is ""
	column int
	hidden bool
	nowrap bool
	all    bytes.Buffer
}

func newVT(t failing, width int) *vt { return &vt{t: t, width: width, rows: [][]string{nil}} }

func (v *vt) Write(b []byte) (int, error) {
	v.all.Write(b)
	for rest := string(b); rest != ""; {
		if after, ok := strings.CutPrefix(rest, "\x1b["); ok {
			end := strings.IndexFunc(after, func(r rune) bool { return r >= '@' && r <= '~' })
			v.control(after[:end+1])
			rest = after[end+1:]
			continue
		}
		var cluster string
		var breadth int
		cluster, rest, breadth, _ = uniseg.FirstGraphemeClusterInString(rest, -1)
		v.print(cluster, breadth)
	}
	return len(b), nil
}

func (v *vt) print(cluster string, breadth int) {
	v.t.Helper()
	row := &v.rows[len(v.rows)-1]
	switch cluster {
	case "\r":
		v.column = 0
	case "\n", "\r\n":
		v.rows, v.column = append(v.rows, nil), 0
	default:
		if v.column+breadth > max(v.width-1, 1) {
			v.t.Fatalf("it reaches the margin of %d columns: %q", v.width, v.all.String())
		}
		for len(*row) < v.column+breadth {
			*row = append(*row, " ")
		}
		for i := range breadth {
			(*row)[v.column+i] = ""
		}
		if breadth > 0 {
			(*row)[v.column] = cluster
		}
		v.column += breadth
	}
}

func (v *vt) control(sequence string) {
	v.t.Helper()
	row := &v.rows[len(v.rows)-1]
	switch sequence {
	case "K":
		*row = (*row)[:min(v.column, len(*row))]
	case "?25l", "?25h":
		v.hidden = sequence == "?25l"
	case "?7l", "?7h":
		v.nowrap = sequence == "?7l"
	case "m", "1m", "31m", "36m":
	default:
		v.t.Fatalf("an unknown sequence: %q", sequence)
	}
}

// lines returns what is seen, without empty lines at the end.
func (v *vt) lines() (lines []string) {
	for _, row := range v.rows {
		lines = append(lines, strings.TrimRight(strings.Join(row, ""), " "))
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// clean fails unless the terminal is as one wants it back.
func (v *vt) clean() {
	v.t.Helper()
	if row := v.rows[len(v.rows)-1]; v.column != 0 || v.hidden || v.nowrap || strings.TrimSpace(strings.Join(row, "")) != "" {
		v.t.Fatalf("left at column %d, cursor hidden: %v, wrapping off: %v, in line %q", v.column, v.hidden, v.nowrap, row)
	}
}
