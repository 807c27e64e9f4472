package report

import (
	"fmt"
	"slices"
	"strings"
)

// comparedQuantiles are the ones of [quantileNames] that a comparison has rows
// for: those above are too few values to tell two targets apart.
var comparedQuantiles = [...]int{0, 2}

func (c *Comparison) rows(a, b []*Run, all bool) {
	figures := figuresOf(b, all)
	for _, fa := range figuresOf(a, all) {
		i := slices.IndexFunc(figures, func(f *figureSpread) bool { return f.Name == fa.Name && f.Unit == fa.Unit })
		if i >= 0 {
			c.row(Row{Name: fa.Name, Unit: fa.Unit, Better: fa.Better}, &fa.spread, &figures[i].spread)
		}
	}
	latencies := latenciesOf(b, all)
	for _, la := range latenciesOf(a, all) {
		i := slices.IndexFunc(latencies, func(l *latencySpread) bool { return l.Name == la.Name })
		if i < 0 {
			continue
		}
		for _, q := range comparedQuantiles {
			row := Row{Name: la.Name + " " + quantileNames[q], Unit: "ms", Better: Less}
			c.row(row, &la.Quantiles[q], &latencies[i].Quantiles[q])
		}
	}
	c.noteBlank()
	c.noteChance()
}

// noteBlank names the rows that have no value on one side, or none of the same
// round.
func (c *Comparison) noteBlank() {
	if len(c.blank) > 0 {
		c.Notes = append(c.Notes, "not compared, for want of undisturbed runs on both sides: "+strings.Join(c.blank, ", "))
	}
}

// noteChance says what the intervals leave to chance, or that there are none.
func (c *Comparison) noteChance() {
	with := 0
	for i := range c.Rows {
		if c.Rows[i].Interval != nil {
			with++
		}
	}
	switch {
	case len(c.Rows) > 0 && with == 0:
		c.Notes = append(c.Notes, "no intervals, for want of a second run: a ratio may be chance alone")
	case with >= 5:
		c.Notes = append(c.Notes, fmt.Sprintf("of %d intervals of 95 %%, about one in twenty misses the truth", with))
	}
}

// row adds what two spreads show, unless one side has no value left.
func (c *Comparison) row(row Row, a, b *spread) {
	av, bv := a.values, b.values
	if c.Paired {
		av, bv = sameRounds(a, b)
	}
	if len(av) == 0 || len(bv) == 0 {
		c.blank = append(c.blank, row.Name)
		return
	}
	row.RunsA, row.RunsB = len(av), len(bv)
	if slices.Min(av) <= 0 || slices.Min(bv) <= 0 {
		row.A, row.B = finite(mean(av)), finite(mean(bv))
	} else {
		row.A, row.B = geometricMean(av), geometricMean(bv)
		ratio := finite(row.B / row.A)
		row.Ratio = &ratio
		row.Interval = c.intervalOf(av, bv)
	}
	row.Difference = finite(row.B - row.A)
	row.Verdict = row.verdict()
	c.Rows = append(c.Rows, row)
}

func (c *Comparison) intervalOf(a, b []float64) *Interval {
	if c.Paired {
		return pairedRatio(a, b)
	}
	return welchRatio(a, b)
}

// sameRounds gives the values of those rounds that both have.
func sameRounds(a, b *spread) (av, bv []float64) {
	for i, round := range a.rounds {
		if j := slices.Index(b.rounds, round); j >= 0 {
			av, bv = append(av, a.values[i]), append(bv, b.values[j])
		}
	}
	return av, bv
}

func (r *Row) verdict() Verdict {
	if r.Interval == nil || r.Better != More && r.Better != Less {
		return ""
	}
	higher, lower := r.Interval.Low > 1, r.Interval.High < 1
	switch {
	case !higher && !lower:
		return NoDifference
	case higher == (r.Better == More):
		return BBetter
	}
	return BWorse
}
