package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// checksOf adds up the checks of a target's runs.
func (r *Report) checksOf(target int) *Checks {
	sum := &Checks{}
	for _, run := range r.of(target) {
		sum.Add(&run.Checks)
	}
	return sum
}

// maxExamples is how many cases of a kind of fault are kept.
const maxExamples = 5

// Add adds what another generator, or another run, checked. o stays as it is.
func (c *Checks) Add(o *Checks) {
	c.Answers += o.Answers
	c.Nudges += o.Nudges
	c.Expected += o.Expected
	c.Redelivered += o.Redelivered
	c.Unsure += o.Unsure
	c.Limited += o.Limited
	for code, n := range o.Errors {
		if c.Errors == nil {
			c.Errors = map[string]int64{}
		}
		c.Errors[code] += n
	}
	for _, note := range o.Notes {
		if !slices.Contains(c.Notes, note) {
			c.Notes = append(c.Notes, note)
		}
	}
	for _, f := range o.Findings {
		c.addFinding(f)
	}
}

func (c *Checks) addFinding(f Finding) {
	i := slices.IndexFunc(c.Findings, func(have Finding) bool { return have.Kind == f.Kind })
	if i < 0 {
		c.Findings = append(c.Findings, f)
		return
	}
	c.Findings[i].Count += f.Count
	have := slices.Clip(c.Findings[i].Examples)
	c.Findings[i].Examples = append(have, f.Examples[:min(len(f.Examples), max(0, maxExamples-len(have)))]...)
}

func (c *Checks) verdict() verdict {
	checked := fmt.Sprintf("%s and %s checked", plural(c.Answers, "answer"), plural(c.Nudges, "nudge"))
	switch {
	case c.Wrong():
		return verdict{Kind: verdictWrong, Text: checked + ", " + plural(c.faultCount(), "fault"), Reasons: c.faults()}
	case c.Answers+c.Nudges == 0:
		return verdict{Kind: verdictUnchecked, Text: "nothing was checked"}
	}
	return verdict{Kind: verdictRight, Text: checked + ", none wrong"}
}

// faults is a line for each kind of fault, with the first case of it.
func (c *Checks) faults() []string {
	var lines []string
	for _, f := range c.Findings {
		line := count(f.Count) + " × " + f.Kind
		if len(f.Examples) > 0 {
			line += ", first: " + f.Examples[0]
		}
		lines = append(lines, line)
	}
	return lines
}

func (c *Checks) faultCount() int64 {
	n := int64(0)
	for _, f := range c.Findings {
		n += f.Count
	}
	return n
}

// remarks are what is not wrong, but worth to know.
func (c *Checks) remarks() []string {
	var lines []string
	for _, of := range []struct {
		n    int64
		text string
	}{
		{c.Expected, "nudges had to come"},
		{c.Redelivered, "delivered again after a reconnect, as allowed"},
		{c.Unsure, "sightings with a lost answer, which may count or not"},
		{c.Limited, "refused by the target's limits"},
	} {
		if of.n > 0 {
			lines = append(lines, count(of.n)+" "+of.text)
		}
	}
	return append(lines, c.Notes...)
}

// errorsByCode lists the most frequent first.
func (c *Checks) errorsByCode() []string {
	codes := slices.SortedFunc(maps.Keys(c.Errors), func(a, b string) int {
		return cmp.Or(cmp.Compare(c.Errors[b], c.Errors[a]), cmp.Compare(a, b))
	})
	for i, code := range codes {
		codes[i] = count(c.Errors[code]) + " " + code
	}
	return codes
}
