package report

import (
	"slices"
	"strconv"
)

// figureGrid has a row a figure: its value, or of several runs median and range.
func figureGrid(runs []*Run, all bool) grid {
	g, several := grid{Header: []string{"Figures", ""}}, len(runs) > 1
	if several {
		g.Header = []string{"Figures", "median", "range"}
	}
	for _, f := range figuresOf(runs, all) {
		row := cells(f.Name)
		switch {
		case f.empty():
			row = append(row, untrusted)
		case several:
			row = append(row, cell{f.median(f.Unit), ""}, cell{f.interval(f.Unit), quiet})
		default:
			row = append(row, cell{f.median(f.Unit), ""})
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

// latencyGrid has the latencies of every target.
func (r *Report) latencyGrid(all bool) grid {
	g := grid{Header: append([]string{"Latency", "count"}, quantileNames[:]...)}
	for target := range r.Targets {
		prefix := ""
		if len(r.Targets) > 1 {
			prefix = letter(target) + "  "
		}
		g.Rows = append(g.Rows, latencyRows(prefix, r.of(target), all)...)
	}
	return g
}

func latencyRows(prefix string, runs []*Run, all bool) [][]cell {
	var rows [][]cell
	for _, l := range latenciesOf(runs, all) {
		rows = append(rows, l.rows(prefix+l.Name)...)
	}
	return rows
}

// rows are the medians and, of several runs, the extremes.
func (l *latencySpread) rows(name string) [][]cell {
	first := cells(name, count(l.Count))
	if l.Quantiles[0].empty() {
		if l.Count > 0 {
			first = append(first, untrusted)
		}
		return [][]cell{first}
	}
	lowest, highest := []cell{{"  lowest", quiet}, {}}, []cell{{"  highest", quiet}, {}}
	for q := range l.Quantiles {
		values := l.Quantiles[q].values
		first = append(first, cell{quantity(median(values), "ms"), ""})
		lowest = append(lowest, cell{quantity(slices.Min(values), "ms"), quiet})
		highest = append(highest, cell{quantity(slices.Max(values), "ms"), quiet})
	}
	if len(l.Quantiles[0].values) == 1 {
		return [][]cell{first}
	}
	return [][]cell{first, lowest, highest}
}

// stepGrid has the steps of a ramp with the knee marked.
func (r *Run) stepGrid(title string, all bool) grid {
	if len(r.Steps) > 0 && r.disturbed() && !all {
		return grid{[]string{title, ""}, [][]cell{{{plural(int64(len(r.Steps)), "step"), ""}, untrusted}}}
	}
	g := grid{Header: []string{title, "answered", "errors", "p50", "p99", ""}}
	at := knee(r.Steps)
	for i, s := range r.Steps {
		row := cells(quantity(s.Rate, "1/s"), quantity(s.Answered, "1/s"), quantity(s.Errors*100, "%"),
			quantity(s.P50, "ms"), quantity(s.P99, "ms"))
		switch {
		case i == at:
			row = append(row, cell{"◀ knee", good})
		case !s.Held:
			row = append(row, cell{s.Why, bad})
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

// generatorGrid has a row a run: what is the generator's own doing.
func (r *Report) generatorGrid() grid {
	g := grid{Header: []string{"Generator", "CPU", "RSS", "lag p99", "lag max", "other load"}}
	for i := range r.Runs {
		gen := &r.Runs[i].Generator
		name := plural(int64(gen.Phones), "phone") + ", " + plural(int64(gen.Workers), "worker")
		if len(r.Runs) > 1 {
			name = r.runName(i)
		}
		g.Rows = append(g.Rows, cells(name, quantity(gen.CPUSeconds, "s"), quantity(float64(gen.RSS), "bytes"),
			quantity(gen.Lag.P99, "ms"), quantity(gen.Lag.Max, "ms"), quantity(gen.OtherCPU, "cores")))
	}
	return g
}

// runName is how a run is called where there are several.
func (r *Report) runName(i int) string {
	name := "run " + strconv.Itoa(i+1)
	if len(r.Targets) > 1 {
		name += " (" + letter(r.Runs[i].Target) + ")"
	}
	if r.Runs[i].disturbed() {
		name += ", disturbed"
	}
	return name
}

// processGrid has a row a process, over all runs.
func (r *Report) processGrid() grid {
	g := grid{Header: []string{"Target's processes", "CPU", "RSS", "PSS", "growth"}}
	for _, proc := range r.processes() {
		name := proc.describe()
		if len(r.Targets) > 1 {
			name = letter(proc.Target) + "  " + name
		}
		g.Rows = append(g.Rows, cells(name, quantity(proc.CPUSeconds, "s"), knownSize(proc.RSS), knownSize(proc.PSS),
			change(float64(proc.growth()), "bytes")))
	}
	return g
}

func knownSize(bytes int64) string {
	if bytes == 0 {
		return "–"
	}
	return quantity(float64(bytes), "bytes")
}
