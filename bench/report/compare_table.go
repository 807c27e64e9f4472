package report

import (
	"fmt"
	"io"
)

// WriteTable writes the comparison for a terminal. Whether it counts disturbed
// runs was settled when it was made; the option changes nothing here. It makes
// one call of w.Write.
func (c *Comparison) WriteTable(w io.Writer, opt TableOptions) error {
	p := newPaper(opt)
	p.line(strong, "", "sighej bench "+c.Suite+": B against A")
	for i, s := range []Side{c.A, c.B} {
		p.line("", "", letter(i)+"  "+s.describe())
	}
	p.grid(c.differGrid())
	c.writeRows(p)
	if _, err := io.WriteString(w, p.String()); err != nil {
		return fmt.Errorf("writing the comparison: %w", err)
	}
	return nil
}

func (s *Side) describe() string {
	line := s.Target.describe() + ", " + plural(int64(s.Runs), "run")
	if s.Disturbed > 0 {
		line += fmt.Sprintf(", %d disturbed", s.Disturbed)
	}
	return line
}

func (c *Comparison) writeRows(p *paper) {
	p.grid(c.grid())
	for _, note := range c.Notes {
		p.line(quiet, "  ", note)
	}
}

func (c *Comparison) differGrid() grid {
	g := grid{Header: []string{"Settings that differ", "A", "B"}}
	for _, d := range c.Differ {
		g.Rows = append(g.Rows, []cell{{"--" + d.Name, doubtful}, {d.A, ""}, {d.B, ""}})
	}
	return g
}

var verdictInks = map[Verdict]ink{BBetter: good, BWorse: bad, NoDifference: quiet}

func (c *Comparison) grid() grid {
	g := grid{Header: []string{"B against A", "A", "B", "B/A", "95 %", ""}}
	for i := range c.Rows {
		r := &c.Rows[i]
		g.Rows = append(g.Rows, []cell{
			{r.Name, ""},
			{quantity(r.A, r.Unit), ""},
			{quantity(r.B, r.Unit), ""},
			{r.ratio(), ""},
			{r.bounds(), quiet},
			{r.says(), verdictInks[r.Verdict]},
		})
	}
	return g
}

// ratio is the difference where there is no ratio.
func (r *Row) ratio() string {
	if r.Ratio == nil {
		return change(r.Difference, r.Unit)
	}
	return proportion(*r.Ratio)
}

func (r *Row) bounds() string {
	if r.Interval == nil {
		return ""
	}
	return proportion(r.Interval.Low) + "–" + proportion(r.Interval.High)
}

// says is the verdict, or why there is none.
func (r *Row) says() string {
	switch {
	case r.Ratio == nil && r.Difference == 0:
		return "equal"
	case r.Ratio == nil:
		return "no ratio"
	case r.Interval == nil:
		return "one run"
	}
	return string(r.Verdict)
}
