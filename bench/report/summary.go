package report

import "slices"

// spread is one number over the runs that it is of.
type spread struct {
	values []float64
	rounds []int // by value: which of its target's runs, from 0
}

func (s *spread) add(round int, v float64) {
	s.rounds = append(s.rounds, round)
	s.values = append(s.values, v)
}

func (s *spread) empty() bool { return len(s.values) == 0 }

// median and interval must not be asked of an empty spread.
func (s *spread) median(unit string) string { return quantity(median(s.values), unit) }

func (s *spread) interval(unit string) string {
	return interval(slices.Min(s.values), slices.Max(s.values), unit)
}

// figureSpread is a figure over several runs.
type figureSpread struct {
	Figure
	spread
}

// latencySpread is a latency over several runs.
type latencySpread struct {
	Name      string
	Count     int64 // in all runs, the disturbed ones as well: a count holds
	Quantiles [5]spread
}

// quantileNames are what [latencySpread.Quantiles] holds, in that order.
var quantileNames = [5]string{"p50", "p90", "p99", "p99.9", "max"}

func (l *Latency) quantiles() [5]float64 { return [5]float64{l.P50, l.P90, l.P99, l.P999, l.Max} }

// of gives the runs of one target, in order.
func (r *Report) of(target int) []*Run {
	var runs []*Run
	for i := range r.Runs {
		if r.Runs[i].Target == target {
			runs = append(runs, &r.Runs[i])
		}
	}
	return runs
}

func (r *Run) disturbed() bool { return len(r.Disturbed) > 0 }

func disturbedAmong(runs []*Run) int {
	n := 0
	for _, run := range runs {
		if run.disturbed() {
			n++
		}
	}
	return n
}

// figuresOf collects the figures by name, in the order of their first
// appearance. What a disturbed run measured counts if it is robust, or if all is
// asked for.
func figuresOf(runs []*Run, all bool) []*figureSpread {
	var list []*figureSpread
	byName := map[string]*figureSpread{}
	for round, run := range runs {
		for _, f := range run.Figures {
			s := byName[f.Name]
			if s == nil {
				s = &figureSpread{Figure: f}
				byName[f.Name] = s
				list = append(list, s)
			}
			if all || f.Robust || !run.disturbed() {
				s.add(round, f.Value)
			}
		}
	}
	return list
}

// latenciesOf does for latencies what figuresOf does for figures. One of which
// there was none has no quantiles.
func latenciesOf(runs []*Run, all bool) []*latencySpread {
	var list []*latencySpread
	byName := map[string]*latencySpread{}
	for round, run := range runs {
		for i := range run.Latencies {
			l := &run.Latencies[i]
			s := byName[l.Name]
			if s == nil {
				s = &latencySpread{Name: l.Name}
				byName[l.Name] = s
				list = append(list, s)
			}
			s.Count += l.Count
			if l.Count == 0 || !all && run.disturbed() {
				continue
			}
			for q, v := range l.quantiles() {
				s.Quantiles[q].add(round, v)
			}
		}
	}
	return list
}

// knee is the index of the last step that a ramp held before the first that it
// did not; -1 if there is none.
func knee(steps []Step) int {
	for i := range steps {
		if !steps[i].Held {
			return i - 1
		}
	}
	return len(steps) - 1
}
