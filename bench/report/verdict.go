package report

import (
	"fmt"
	"slices"
)

// verdictKind is what a reader has to know first.
type verdictKind string

const (
	verdictRight       verdictKind = "right"
	verdictWrong       verdictKind = "wrong"
	verdictUnchecked   verdictKind = "unchecked"
	verdictDisturbed   verdictKind = "disturbed"
	verdictInterrupted verdictKind = "interrupted"
)

// verdict is a sentence about a report, with what it rests on.
type verdict struct {
	Kind    verdictKind
	Text    string
	Reasons []string
}

// Mark tells the kind without a colour.
func (v verdict) Mark() string {
	switch v.Kind {
	case verdictRight:
		return "✓"
	case verdictWrong:
		return "✗"
	}
	return "!"
}

func (v verdict) ink() ink {
	switch v.Kind {
	case verdictRight:
		return good
	case verdictWrong:
		return bad
	}
	return doubtful
}

// verdicts are about the whole report: what was right or wrong with each target
// first, then how far the figures can be trusted.
func (r *Report) verdicts() []verdict {
	var list []verdict
	for i := range r.Targets {
		v := r.checksOf(i).verdict()
		if len(r.Targets) > 1 {
			v.Text = letter(i) + ": " + v.Text
		}
		list = append(list, v)
	}
	return append(list, r.doubts()...)
}

// doubts are why the figures cannot be trusted, or not quite.
func (r *Report) doubts() []verdict {
	var list []verdict
	if n := disturbedAmong(r.all()); n > 0 {
		list = append(list, r.disturbance(n))
	}
	if r.Interrupted {
		list = append(list, verdict{Kind: verdictInterrupted, Text: "interrupted: measured until then"})
	}
	return list
}

func (r *Report) all() []*Run {
	runs := make([]*Run, len(r.Runs))
	for i := range r.Runs {
		runs[i] = &r.Runs[i]
	}
	return runs
}

func (r *Report) disturbance(n int) verdict {
	v := verdict{Kind: verdictDisturbed, Text: "disturbed: the rates and latencies deserve no trust"}
	if len(r.Runs) > 1 {
		v.Text = fmt.Sprintf("%d of %d runs disturbed: their rates and latencies are left out", n, len(r.Runs))
	}
	for i := range r.Runs {
		for _, why := range r.Runs[i].Disturbed {
			if !slices.Contains(v.Reasons, why) {
				v.Reasons = append(v.Reasons, why)
			}
		}
	}
	return v
}

func plural(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return count(n) + " " + word + "s"
}

// letter is how a report names its targets.
func letter(target int) string { return string(rune('A' + target%26)) }
