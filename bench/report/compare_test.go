package report

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// figured is a report of one figure, a run for each value. Targets alternate if
// there are two.
func figured(f Figure, targets int, values ...float64) *Report {
	r := emptyReport("match")
	for len(r.Targets) < targets {
		r.Targets = append(r.Targets, Target{Bases: []string{"http://127.0.0.1:9000"}})
	}
	for i, v := range values {
		f.Value = v
		r.Runs = append(r.Runs, Run{Target: i % targets, Figures: []Figure{f}})
	}
	return r
}

func onlyRow(t *testing.T, c *Comparison, err error) Row {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Rows) != 1 {
		t.Fatalf("%d rows, want one", len(c.Rows))
	}
	return c.Rows[0]
}

var rate = Figure{Name: "answers per second", Unit: "1/s", Better: More}

// The values are those of the statistics worked out by hand.
func TestCompareTargetsPairsTheRounds(t *testing.T) {
	c, err := CompareTargets(figured(rate, 2, 100, 110, 200, 240, 50, 65))
	row := onlyRow(t, c, err)
	within(t, "A", row.A, 100)
	within(t, "B", row.B, 119.72)
	within(t, "the ratio", *row.Ratio, 1.1972)
	within(t, "low", row.Interval.Low, math.Exp(0.18000-0.20758))
	within(t, "high", row.Interval.High, math.Exp(0.18000+0.20758))
	if !c.Paired || row.RunsA != 3 || row.RunsB != 3 || row.Verdict != NoDifference {
		t.Errorf("got %+v of %+v", row, c)
	}
}

func TestCompareTakesRunsForIndependent(t *testing.T) {
	c, err := Compare(figured(rate, 1, 100, 105), figured(rate, 1, 120, 130, 125))
	row := onlyRow(t, c, err)
	within(t, "the ratio", *row.Ratio, math.Exp(0.19821))
	within(t, "low", row.Interval.Low, math.Exp(0.19821-0.14459))
	within(t, "high", row.Interval.High, math.Exp(0.19821+0.14459))
	if c.Paired || row.RunsA != 2 || row.RunsB != 3 || row.Verdict != BBetter {
		t.Errorf("got %+v of %+v", row, c)
	}
}

func TestVerdict(t *testing.T) {
	for _, tt := range []struct {
		name      string
		better    Better
		low, high float64
		want      Verdict
	}{
		{"more is better, and is more", More, 1.01, 1.2, BBetter},
		{"more is better, and is less", More, 0.8, 0.99, BWorse},
		{"less is better, and is less", Less, 0.8, 0.99, BBetter},
		{"less is better, and is more", Less, 1.01, 1.2, BWorse},
		{"either way", More, 0.99, 1.2, NoDifference},
		{"up to equality", Less, 0.8, 1, NoDifference},
		{"no way is better", "", 1.01, 1.2, ""},
	} {
		row := Row{Better: tt.better, Interval: &Interval{tt.low, tt.high}}
		if got := row.verdict(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := (&Row{Better: More}).verdict(); got != "" {
		t.Errorf("without an interval the verdict is %q", got)
	}
}

func TestOneRunEachHasARatioAndNoInterval(t *testing.T) {
	c, err := Compare(figured(rate, 1, 100), figured(rate, 1, 150))
	row := onlyRow(t, c, err)
	if *row.Ratio != 1.5 || row.Interval != nil || row.Verdict != "" {
		t.Errorf("got %+v", row)
	}
	text := c.text(t)
	for _, want := range []string{"1.500", "one run", "no intervals, for want of a second run"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

func TestValuesThatAreNotPositiveHaveADifference(t *testing.T) {
	errors := Figure{Name: "errors", Better: Less}
	for _, tt := range []struct{ a, b, want float64 }{{0, 0, 0}, {0, 3, 3}, {5, 0, -5}, {-1, 2, 3}} {
		c, err := Compare(figured(errors, 1, tt.a), figured(errors, 1, tt.b))
		row := onlyRow(t, c, err)
		if row.Ratio != nil || row.Interval != nil || row.Difference != tt.want {
			t.Errorf("%v and %v give %+v, want a difference of %v alone", tt.a, tt.b, row, tt.want)
		}
	}
}

// A round of which either run is disturbed is no pair, but for robust figures.
func TestDisturbedRunsAreLeftOut(t *testing.T) {
	for _, robust := range []bool{false, true} {
		f := rate
		f.Robust = robust
		r := figured(f, 2, 100, 110, 100, 900, 100, 110)
		r.Runs[3].Disturbed = []string{"another load"}
		c, err := CompareTargets(r)
		row := onlyRow(t, c, err)
		want := 2
		if robust {
			want = 3
		}
		if row.RunsA != want || row.RunsB != want {
			t.Errorf("robust %v: the row rests on %d and %d runs, want %d", robust, row.RunsA, row.RunsB, want)
		}
		if c.B.Disturbed != 1 || !strings.Contains(strings.Join(c.Notes, "\n"), "A 0 of 3, B 1 of 3") {
			t.Errorf("the disturbed run is not counted: %+v", c)
		}
	}
}

func TestNothingLeftToCompareIsSaid(t *testing.T) {
	b := figured(rate, 1, 100)
	b.Runs[0].Disturbed = []string{"another load"}
	c, err := Compare(figured(rate, 1, 100), b)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Rows) != 0 || !strings.Contains(strings.Join(c.Notes, "\n"), "not compared, for want of undisturbed runs on both sides: answers per second") {
		t.Errorf("got %+v", c)
	}
}

func TestLatenciesAreComparedAtP50AndP99(t *testing.T) {
	a, b := emptyReport("match"), emptyReport("match")
	for range 2 {
		a.Runs = append(a.Runs, Run{Latencies: []Latency{{Name: "answer", Count: 9, P50: 1, P90: 2, P99: 4}, {Name: "outbox"}}})
		b.Runs = append(b.Runs, Run{Latencies: []Latency{{Name: "answer", Count: 9, P50: 2, P90: 2, P99: 2}, {Name: "nudge", Count: 1}}})
	}
	c, err := Compare(a, b)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, row := range c.Rows {
		got[row.Name] = *row.Ratio
	}
	if diff := cmp.Diff(map[string]float64{"answer p50": 2, "answer p99": 0.5}, got); diff != "" {
		t.Error(diff)
	}
	if c.Rows[0].Verdict != BWorse || c.Rows[1].Verdict != BBetter {
		t.Errorf("the verdicts are %q and %q", c.Rows[0].Verdict, c.Rows[1].Verdict)
	}
}

func TestCompareRefuses(t *testing.T) {
	one, two, none := figured(rate, 1, 1), figured(rate, 2, 1, 1), emptyReport("match")
	other := figured(rate, 1, 1)
	other.Suite = "ramp"
	for _, tt := range []struct {
		name string
		a, b *Report
		says string
	}{
		{"another suite", one, other, "A is of match and B of ramp"},
		{"two targets", one, two, "a report of two targets"},
		{"no run", none, one, "without a run"},
	} {
		if _, err := Compare(tt.a, tt.b); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: got %v, want an error that says %q", tt.name, err, tt.says)
		}
	}
	if _, err := CompareTargets(one); err == nil {
		t.Error("one target was compared with itself")
	}
	if _, err := CompareTargets(figured(rate, 2, 1)); err == nil {
		t.Error("a target without a run was compared")
	}
}

func TestWhatSetsTwoReportsApartIsListed(t *testing.T) {
	a, b := figured(rate, 1, 1, 2), figured(rate, 1, 1, 2)
	b.Settings = []Setting{{"rate", "600"}, {"phones", "5000"}, {"duration", "1m0s"}, {"warm-up", "5s"}}
	b.Version, b.Machine.Cores, b.Interrupted = "0.5.0", 64, true
	c, err := Compare(a, b)
	if err != nil {
		t.Fatal(err)
	}
	want := []Difference{{"rate", "500", "600"}, {"overlap", "0.1", ""}, {"warm-up", "", "5s"}}
	if diff := cmp.Diff(want, c.Differ); diff != "" {
		t.Error(diff)
	}
	notes := strings.Join(c.Notes, "\n")
	for _, want := range []string{"the generators differ: 0.4.0 and 0.5.0", "the machines differ", "interrupted: B"} {
		if !strings.Contains(notes, want) {
			t.Errorf("%q is missing in %q", want, notes)
		}
	}
}

func (c *Comparison) text(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	if err := c.WriteTable(&b, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
