package report

import (
	"fmt"
	"io"
	"strings"
)

// WriteTable writes the report for a terminal: what was measured where, the
// figures, the latencies, what was wrong, and what the generator and the target
// took for it. Two targets stand side by side. The rates and latencies of
// disturbed runs it leaves out unless told otherwise, and says so. It makes one
// call of w.Write.
func (r *Report) WriteTable(w io.Writer, opt TableOptions) error {
	if err := r.check(); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	p := newPaper(opt)
	r.writeHead(p)
	if c, err := r.compareTargets(opt.ShowDisturbed); err == nil {
		c.writeRows(p)
	} else {
		p.grid(figureGrid(r.all(), opt.ShowDisturbed))
	}
	p.grid(r.latencyGrid(opt.ShowDisturbed))
	r.writeRamps(p, opt.ShowDisturbed)
	r.writeChecks(p)
	p.grid(r.generatorGrid())
	p.grid(r.processGrid())
	r.writeTrust(p, opt.ShowDisturbed)
	if _, err := io.WriteString(w, p.String()); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	return nil
}

func (r *Report) writeHead(p *paper) {
	p.line(strong, "", r.title())
	for i := range r.Targets {
		p.line("", "", r.label(i))
	}
	for _, line := range []string{r.About, r.extent(), r.origin()} {
		p.line(quiet, "", line)
	}
}

func (r *Report) writeRamps(p *paper, all bool) {
	for i := range r.Runs {
		title := "Ramp"
		if len(r.Runs) > 1 {
			title += ", " + r.runName(i)
		}
		p.grid(r.Runs[i].stepGrid(title, all))
	}
}

func (r *Report) writeChecks(p *paper) {
	p.heading("Checks")
	for i := range r.Targets {
		c := r.checksOf(i)
		v := c.verdict()
		if len(r.Targets) > 1 {
			v.Text = letter(i) + ": " + v.Text
		}
		writeVerdict(p, v)
		if remarks := c.remarks(); len(remarks) > 0 {
			p.line(quiet, "  ", strings.Join(remarks, " · "))
		}
		if errors := c.errorsByCode(); len(errors) > 0 {
			p.line(doubtful, "  errors: ", strings.Join(errors, " · "))
		}
	}
}

func writeVerdict(p *paper, v verdict) {
	p.line(v.ink(), v.Mark()+" ", v.Text)
	for _, why := range v.Reasons {
		p.line(v.ink(), "    ", why)
	}
}

// writeTrust ends the table with what its figures are not worth.
func (r *Report) writeTrust(p *paper, all bool) {
	list := r.doubts()
	if len(list) == 0 {
		return
	}
	p.heading("Trust")
	for _, v := range list {
		if v.Kind == verdictDisturbed && all {
			v.Text = "disturbed: the rates and latencies above deserve no trust"
		}
		writeVerdict(p, v)
		if v.Kind == verdictDisturbed && !all {
			p.line(quiet, "  ", "--show-disturbed prints them anyway; the JSON file has them.")
		}
	}
}
