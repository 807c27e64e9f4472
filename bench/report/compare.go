package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Comparison sets two targets side by side. It is plain data: whoever holds it
// may change it.
type Comparison struct {
	Suite  string       `json:"suite"`
	A      Side         `json:"a"`
	B      Side         `json:"b"`
	Paired bool         `json:"paired"`          // the runs alternated, so that each round is compared with itself
	Differ []Difference `json:"differ"`          // settings; with any, more than the targets differs
	Rows   []Row        `json:"rows"`            // figures, then latencies; only what both sides have
	Notes  []string     `json:"notes,omitempty"` // what limits the comparison

	blank []string // rows without a value on one side
}

// Side is one of the two.
type Side struct {
	Target    Target `json:"target"`
	Runs      int    `json:"runs"`
	Disturbed int    `json:"disturbed,omitempty"` // of them; they count in robust figures only
}

// Difference is a setting that the two do not share; "" where one lacks it.
type Difference struct {
	Name string `json:"name"`
	A    string `json:"a"`
	B    string `json:"b"`
}

// Row is one figure, or one quantile of a latency.
type Row struct {
	Name       string    `json:"name"`
	Unit       string    `json:"unit"`
	Better     Better    `json:"better,omitempty"`
	A          float64   `json:"a"` // geometric mean over the runs; arithmetic if a value is not positive
	B          float64   `json:"b"`
	RunsA      int       `json:"runs_a"` // that the row rests on
	RunsB      int       `json:"runs_b"`
	Ratio      *float64  `json:"ratio,omitempty"`    // B/A; none if a value is not positive
	Interval   *Interval `json:"interval,omitempty"` // of the ratio, 95 %; none with too few runs
	Difference float64   `json:"difference"`         // B − A
	Verdict    Verdict   `json:"verdict,omitempty"`
}

// Interval holds the true ratio in 95 of 100 comparisons.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Verdict is what a row shows; "" if it has no interval or no better way.
type Verdict string

// The verdicts.
const (
	BBetter      Verdict = "B better"
	BWorse       Verdict = "B worse"
	NoDifference Verdict = "no difference shown"
)

// Compare sets two reports side by side, each of one target. It refuses reports
// of different suites; settings that differ it lists. Neither report is changed.
func Compare(a, b *Report) (*Comparison, error) {
	switch {
	case a.Suite != b.Suite:
		return nil, fmt.Errorf("the suites differ, A is of %s and B of %s: there is nothing to compare", a.Suite, b.Suite)
	case len(a.Targets) != 1 || len(b.Targets) != 1:
		return nil, errors.New("a report of two targets compares them itself: only reports of one can be set side by side")
	case len(a.Runs) == 0 || len(b.Runs) == 0:
		return nil, errors.New("a report without a run has nothing to compare")
	}
	c := newComparison(a.Suite, sideOf(a, 0), sideOf(b, 0))
	c.Differ = differing(a.Settings, b.Settings)
	c.noteDisturbed(false)
	c.rows(a.of(0), b.of(0), false)
	c.noteReports(a, b)
	return c, nil
}

// CompareTargets sets the two targets of one report side by side, round by
// round: the k-th run of the one with the k-th of the other. The report is not
// changed.
func CompareTargets(r *Report) (*Comparison, error) { return r.compareTargets(false) }

// compareTargets takes disturbed runs for good ones if all is asked for.
func (r *Report) compareTargets(all bool) (*Comparison, error) {
	if len(r.Targets) != 2 {
		return nil, fmt.Errorf("a report of %s has nothing to compare within itself", plural(int64(len(r.Targets)), "target"))
	}
	a, b := r.of(0), r.of(1)
	if len(a) == 0 || len(b) == 0 {
		return nil, errors.New("one of the targets has no run: there is nothing to compare")
	}
	c := newComparison(r.Suite, sideOf(r, 0), sideOf(r, 1))
	c.Paired = true
	c.noteDisturbed(all)
	c.rows(a, b, all)
	if r.Interrupted {
		c.Notes = append(c.Notes, "the measurement was interrupted")
	}
	return c, nil
}

// WriteJSON writes the comparison as one JSON object.
func (c *Comparison) WriteJSON(w io.Writer) error {
	if err := json.NewEncoder(w).Encode(c); err != nil {
		return fmt.Errorf("writing the comparison: %w", err)
	}
	return nil
}

func newComparison(suite string, a, b Side) *Comparison {
	return &Comparison{Suite: suite, A: a, B: b, Differ: []Difference{}, Rows: []Row{}}
}

func (c *Comparison) noteDisturbed(all bool) {
	if c.A.Disturbed+c.B.Disturbed == 0 {
		return
	}
	kept := "left out of all but robust figures"
	if all {
		kept = "not left out"
	}
	c.Notes = append(c.Notes, fmt.Sprintf("disturbed runs: A %d of %d, B %d of %d; %s",
		c.A.Disturbed, c.A.Runs, c.B.Disturbed, c.B.Runs, kept))
}

func sideOf(r *Report, target int) Side {
	runs := r.of(target)
	return Side{Target: r.Targets[target], Runs: len(runs), Disturbed: disturbedAmong(runs)}
}

func differing(a, b []Setting) []Difference {
	list := []Difference{}
	for _, s := range a {
		if other := valueOf(b, s.Name); other != s.Value {
			list = append(list, Difference{Name: s.Name, A: s.Value, B: other})
		}
	}
	for _, s := range b {
		if !slices.ContainsFunc(a, func(have Setting) bool { return have.Name == s.Name }) {
			list = append(list, Difference{Name: s.Name, B: s.Value})
		}
	}
	return list
}

func valueOf(settings []Setting, name string) string {
	for _, s := range settings {
		if s.Name == name {
			return s.Value
		}
	}
	return ""
}

// noteReports tells what besides the settings sets two reports apart.
func (c *Comparison) noteReports(a, b *Report) {
	if a.Version != b.Version {
		c.Notes = append(c.Notes, fmt.Sprintf("the generators differ: %s and %s", a.Version, b.Version))
	}
	if a.Machine != b.Machine {
		c.Notes = append(c.Notes, fmt.Sprintf("the machines differ: %s and %s", a.Machine.describe(), b.Machine.describe()))
	}
	if a.Interrupted || b.Interrupted {
		var which []string
		for i, r := range []*Report{a, b} {
			if r.Interrupted {
				which = append(which, letter(i))
			}
		}
		c.Notes = append(c.Notes, "interrupted: "+strings.Join(which, " and "))
	}
}
