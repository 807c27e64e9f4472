package report

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"

	"i80.dk/sighej/internal/uplot"
)

//go:embed page
var pageFiles embed.FS

var pageTemplate = template.Must(template.ParseFS(pageFiles, "page/page.html"))

// pageScripts build on each other in this order.
var pageScripts = [...]string{"theme.js", "data.js", "plot.js", "map.js", "page.js"}

// WriteHTML writes the report as one page that needs no other file and no
// network: style, plotter, script and data are inside. What the page says stands
// in its text; the script adds the plots and the map of a festival. It holds the
// page's data in memory once.
func (r *Report) WriteHTML(w io.Writer) error {
	if err := r.check(); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	view := r.view()
	// In these encoded bytes every <, >, &, U+2028 and U+2029 is escaped, so that nothing ends the element early.
	view.Data = template.JS(data) //nolint:gosec // see above
	if err := pageTemplate.Execute(w, view); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// pageView is what the template shows.
type pageView struct {
	Title      string
	About      string
	Lines      []string // targets, time, machine
	Verdicts   []verdict
	Comparison *comparisonView
	Overall    []grid // of several runs
	Runs       []runView
	Load       []grid // on the generator and the target
	Settings   []Setting
	Style      template.CSS
	License    template.JS
	Plotter    template.JS
	Script     template.JS
	Data       template.JS
}

type comparisonView struct {
	Grid  grid
	Notes []string
}

// runView is one run, with the rates and latencies twice if it is disturbed:
// withheld and shown.
type runView struct {
	Name      string
	Disturbed bool
	Cards     []card
	Plots     []plotView
	Crowd     bool
	Latencies grid
	Withheld  grid
	Steps     grid
	Findings  []Finding
	Remarks   []string
	Errors    []string
}

// card is a figure; a doubtful one stands behind the word "disturbed".
type card struct {
	Name     string
	Value    string
	Unit     string
	Doubtful bool
}

// plotView is a place for a plot; the script takes it away if there is nothing
// to draw.
type plotView struct {
	Name    string // as in data.js
	Title   string
	Explain string
}

var plotViews = []plotView{
	{"ramp", "Ramp", "latency of the answers by the rate that was due; the knee is the last rate held"},
	{"rate", "Rate", "a second: what was due (broad) and what was answered"},
	{"latency", "Latency over time", "from the moment something was due; dashed p50, solid p99"},
	{"distribution", "Latency distribution", "how slow the slowest are: each mark to the right leaves a tenth of what was left"},
	{"memory", "Memory of the target", "proportional size where it is known, else resident size"},
	{"cpu", "Processor", "cores in use"},
}

func (r *Report) view() *pageView {
	v := &pageView{
		Title: r.title(), About: r.About, Verdicts: r.verdicts(), Settings: r.Settings,
		Style:   template.CSS(uplot.Style + pageText("page.css")), //nolint:gosec // our own files
		License: template.JS("/*!\n" + uplot.License + "*/\n"),    //nolint:gosec // our own file
		Plotter: template.JS(uplot.Script),                        //nolint:gosec // our own file
		Script:  pageScript(),
	}
	for i := range r.Targets {
		v.Lines = append(v.Lines, r.label(i))
	}
	v.Lines = append(v.Lines, r.extent(), r.origin())
	if c, err := CompareTargets(r); err == nil {
		v.Comparison = &comparisonView{c.grid(), c.Notes}
	}
	if len(r.Runs) > 1 {
		v.Overall = r.overall()
	}
	for i := range r.Runs {
		v.Runs = append(v.Runs, r.runView(i))
	}
	v.Load = nonEmpty(r.generatorGrid(), r.processGrid())
	return v
}

func (r *Report) overall() []grid {
	if len(r.Targets) > 1 {
		return nonEmpty(r.latencyGrid(false))
	}
	return nonEmpty(figureGrid(r.all(), false), r.latencyGrid(false))
}

func (r *Report) runView(i int) runView {
	run := &r.Runs[i]
	one := []*Run{run}
	header := append([]string{"Latency", "count"}, quantileNames[:]...)
	v := runView{
		Name: r.runName(i), Disturbed: run.disturbed(), Crowd: run.Crowd != nil && run.Crowd.People > 0, Plots: plotViews,
		Latencies: grid{header, latencyRows("", one, true)},
		Withheld:  grid{header, latencyRows("", one, false)},
		Steps:     run.stepGrid("Ramp", true),
		Findings:  run.Checks.Findings, Remarks: run.Checks.remarks(), Errors: run.Checks.errorsByCode(),
	}
	for _, f := range run.Figures {
		value, unit, _ := strings.Cut(quantity(f.Value, f.Unit), " ")
		v.Cards = append(v.Cards, card{f.Name, value, unit, run.disturbed() && !f.Robust})
	}
	return v
}

func nonEmpty(grids ...grid) []grid {
	var list []grid
	for _, g := range grids {
		if len(g.Rows) > 0 {
			list = append(list, g)
		}
	}
	return list
}

// pageText gives an embedded file; that it is there, the tests see.
func pageText(name string) string {
	text, _ := pageFiles.ReadFile("page/" + name)
	return string(text)
}

func pageScript() template.JS {
	var all strings.Builder
	all.WriteString("'use strict';\n")
	for _, name := range pageScripts {
		all.WriteString(pageText(name))
	}
	return template.JS(all.String()) //nolint:gosec // our own files
}
