package report

import (
	"errors"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"
)

func tableOf(t *testing.T, r *Report, opt TableOptions) string {
	t.Helper()
	var b strings.Builder
	if err := r.WriteTable(&b, opt); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// words are the text's lines with single spaces, so that a test does not depend
// on the widths of columns.
func words(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.Join(strings.Fields(l), " ")
	}
	return strings.Join(lines, "\n")
}

func TestTableSays(t *testing.T) {
	interrupted := steadyReport()
	interrupted.Interrupted = true
	unchecked := steadyReport()
	unchecked.Runs[0].Checks = Checks{}
	oneSided := versusReport()
	oneSided.Runs = oneSided.Runs[:1]
	for _, tt := range []struct {
		name   string
		r      *Report
		opt    TableOptions
		lines  []string
		absent []string
	}{
		{"a steady run", steadyReport(), TableOptions{}, []string{
			"sighej bench match",
			"http://127.0.0.1:8000 (auth: bearer)",
			"60.0 s measured · 4 May 2026 18:30–18:31 UTC",
			"sighej 0.4.0 on linux/amd64 · AMD EPYC 7B13 · 2 cores · 8.00 GiB",
			"answers per second 500 /s",
			"memory per phone 20.9 KiB",
			"Latency count p50 p90 p99 p99.9 max",
			"answer 30,000 1.10 ms 2.23 ms 3.99 ms 6.72 ms 39.5 ms",
			"✓ 30,000 answers and 1,500 nudges checked, none wrong",
			"1,500 nudges had to come · 3 sightings with a lost answer, which may count or",
			"5,000 phones, 2 workers 14.2 s 210 MiB 389 µs 4.71 ms 0.08 cores",
			"sighej (pid 4711) 13.4 s 188 MiB 181 MiB +126 MiB",
		}, []string{"Trust", "errors:", "disturbed", "\x1b"}},
		{"a wrong target", wrongReport(), TableOptions{}, []string{
			"✗ 30,000 answers and 1,500 nudges checked, 4 faults",
			"3 × missing nudge, first: phones 17 and 204 overlap in chess, and 17 got no",
			"1 × wrong content, first: the nudge for 12 and 90 names",
			"errors: 1,204 unavailable · 17 rate_limited",
		}, []string{"none wrong"}},
		{"a disturbed run", disturbedReport(), TableOptions{}, []string{
			"answers per second disturbed",
			"answers per core-second 2,246 /s",
			"answer 30,000 disturbed",
			"! disturbed: the rates and latencies deserve no trust",
			"others used 0.71 cores on average (limit 0.10)",
			"--show-disturbed prints them anyway; the JSON file has them.",
		}, []string{"1.10 ms", "500 /s"}},
		{"a disturbed run, shown", disturbedReport(), TableOptions{ShowDisturbed: true}, []string{
			"answers per second 500 /s",
			"answer 30,000 1.10 ms 2.23 ms 3.99 ms 6.72 ms 39.5 ms",
			"! disturbed: the rates and latencies above deserve no trust",
		}, []string{"--show-disturbed"}},
		{"a ramp", rampReport(), TableOptions{}, []string{
			"2,500 /s 2,500 /s 0 % 6.52 ms 27.5 ms ◀ knee",
			"3,000 /s 2,870 /s 0.80 % 30.0 ms 190 ms p99 over 50 ms",
		}, nil},
		{"three runs", repeatedReport(), TableOptions{}, []string{
			"90.0 s measured in 3 runs · 4 May 2026 18:30–18:31 UTC",
			"Figures median range",
			"answers per core-second 2,117 /s 2,046–2,222 /s",
			"answer 90,000 1.16 ms 2.35 ms 4.22 ms 7.04 ms 45.1 ms",
			"lowest 1.09 ms 2.20 ms 3.96 ms 6.78 ms 43.9 ms",
			"highest 1.21 ms 2.45 ms 4.38 ms 7.14 ms 47.5 ms",
			"sighej (pid 4711) 42.2 s 188 MiB 181 MiB +126 MiB",
		}, nil},
		{"two targets", versusReport(), TableOptions{}, []string{
			"A http://127.0.0.1:8000 (auth: bearer)",
			"B http://127.0.0.1:9000, http://127.0.0.1:9001 (auth: bearer)",
			"B against A A B B/A 95 %",
			"memory per phone 20.9 KiB 23.0 KiB 1.100 1.100–1.100 B worse",
			"errors 0 0 0 equal",
			"disturbed runs: A 1 of 4, B 0 of 4; left out of all but robust figures",
			"✓ A: 120,000 answers and 6,000 nudges checked, none wrong",
			"run 4 (A), disturbed 14.2 s 210 MiB 384 µs 4.42 ms 0.08 cores",
			"! 1 of 8 runs disturbed: their rates and latencies are left out",
		}, []string{"Figures"}},
		{"two targets, shown", versusReport(), TableOptions{ShowDisturbed: true}, []string{
			"disturbed runs: A 1 of 4, B 0 of 4; not left out",
		}, []string{"--show-disturbed"}},
		{"two targets, one without a run", oneSided, TableOptions{}, []string{
			"answers per second 500 /s",
			"! B: nothing was checked",
		}, []string{"B against A"}},
		{"an interrupted run", interrupted, TableOptions{}, []string{"! interrupted: measured until then"}, nil},
		{"an unchecked run", unchecked, TableOptions{}, []string{"! nothing was checked"}, []string{"none wrong"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := words(tableOf(t, tt.r, tt.opt))
			for _, line := range tt.lines {
				if !strings.Contains("\n"+got, "\n"+line) {
					t.Errorf("no line begins with %q", line)
				}
			}
			for _, s := range tt.absent {
				if strings.Contains(got, s) {
					t.Errorf("%q is there", s)
				}
			}
			if t.Failed() {
				t.Log("\n" + got)
			}
		})
	}
}

func TestTableFitsTheTerminal(t *testing.T) {
	for name, r := range examples() {
		for _, width := range []int{0, 80, 120, 200} {
			for _, colour := range []bool{false, true} {
				limit := width
				if limit == 0 {
					limit = 80
				}
				for l := range strings.SplitSeq(tableOf(t, r, TableOptions{Width: width, Colour: colour}), "\n") {
					if text.StringWidthWithoutEscSequences(l) > limit {
						t.Errorf("%s at %d: too wide: %s", name, limit, l)
					}
				}
			}
		}
	}
}

func TestTableColours(t *testing.T) {
	for _, tt := range []struct {
		r    *Report
		want string
	}{
		{steadyReport(), "\x1b[32m✓ 30,000 answers and 1,500 nudges checked, none wrong\x1b[0m"},
		{wrongReport(), "\x1b[31m✗ 30,000 answers and 1,500 nudges checked, 4 faults\x1b[0m"},
		{disturbedReport(), "\x1b[33mdisturbed\x1b[0m"},
	} {
		if got := tableOf(t, tt.r, TableOptions{Colour: true}); !strings.Contains(got, tt.want) {
			t.Errorf("%q is missing in\n%s", tt.want, got)
		}
	}
}

func TestTextOfATargetDoesNotReachTheTerminal(t *testing.T) {
	r := wrongReport()
	r.Runs[0].Checks.Findings[0].Examples[0] = "\x1b[2J\x1b]0;owned\a"
	r.Runs[0].Figures[0].Name = "a\x1b[31m\nb"
	r.Runs[0].Processes[0].Name = "\rsighej"
	if got := tableOf(t, r, TableOptions{}); strings.ContainsAny(got, "\x1b\a\r") {
		t.Errorf("control characters are left in %q", got)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errDisk }

var errDisk = errors.New("no space left on device")

func TestWritersTellOfFailure(t *testing.T) {
	r := steadyReport()
	c, err := CompareTargets(versusReport())
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"table": r.WriteTable(fullDisk{}, TableOptions{}), "JSON": r.WriteJSON(fullDisk{}), "page": r.WriteHTML(fullDisk{}),
		"comparison": c.WriteTable(fullDisk{}, TableOptions{}), "comparison as JSON": c.WriteJSON(fullDisk{}),
	} {
		if !errors.Is(err, errDisk) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestKnee(t *testing.T) {
	held, not := Step{Held: true}, Step{}
	for _, tt := range []struct {
		steps []Step
		want  int
	}{
		{nil, -1},
		{[]Step{not, held}, -1},
		{[]Step{held, held, not, held}, 1},
		{[]Step{held, held}, 1},
	} {
		if got := knee(tt.steps); got != tt.want {
			t.Errorf("knee of %v is %d, want %d", tt.steps, got, tt.want)
		}
	}
}
