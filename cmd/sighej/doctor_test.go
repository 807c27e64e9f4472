package main

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/server/doctor"
)

// free are the ports of a member that no test takes.
var free = []string{"LISTEN_ADDR=127.0.0.1:0", "ADMIN_LISTEN_ADDR=127.0.0.1:0", "MAX_CONNECTIONS=100"}

func TestDoctorFindsNothing(t *testing.T) {
	status, out, errs := output(t, command(t, free, "doctor"))
	if status != 0 || !strings.Contains(out, "All is well.") || errs != "" {
		t.Errorf("status %d, stderr %q\n%s", status, errs, out)
	}
}

func TestDoctorFindsAFault(t *testing.T) {
	r := testservers.Redis(t)
	r.Stop()
	cmd := command(t, append([]string{"REDIS_URL=" + r.URL()}, free...), "doctor", "--auth=beacon")
	status, out, errs := output(t, cmd)
	if status != exitFailure || errs != "" || !strings.Contains(out, "\n1 fault to mend, 1 warning.\n") || !strings.Contains(out, "→ Members answer 503") {
		t.Errorf("status %d, stderr %q\n%s", status, errs, out)
	}
}

func TestDoctorInJSON(t *testing.T) {
	for _, args := range [][]string{{"doctor", "--json"}, {"doctor", "check", "--json"}} {
		status, out, _ := output(t, command(t, append([]string{"AUTH=magic"}, free...), args...))
		var answer struct {
			Faults, Warnings int
			Checks           doctor.Report
		}
		if err := json.Unmarshal([]byte(out), &answer); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if status != exitFailure || answer.Faults != 1 || len(answer.Checks) != 1 || answer.Checks[0].Check != "settings" {
			t.Errorf("status %d: %s", status, out)
		}
	}
}

func TestDoctorTellsOfANumberThatIsNone(t *testing.T) {
	status, out, _ := output(t, command(t, []string{"MAX_CONNECTIONS=many"}, "doctor"))
	if status != exitFailure || !strings.Contains(out, "MAX_CONNECTIONS must be a whole number") {
		t.Errorf("status %d: %s", status, out)
	}
}

func TestReportFits(t *testing.T) {
	long := strings.Repeat("what was found and what to do about it ", 8)
	r := doctor.Report{{Check: "postgresql rights", State: doctor.Fault, Found: long, Mend: long}, {Check: "redis", State: doctor.OK, Found: "is"}}
	for _, width := range []int{0, 60, 80, 200} {
		limit := map[int]int{0: 80, 200: 100}[width] + map[int]int{60: 60, 80: 80}[width]
		for line := range strings.Lines(reportText(r, width, false)) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > limit {
				t.Errorf("%d columns: %d in %q", width, n, line)
			}
		}
	}
	if plain := reportText(r, 80, false); strings.Contains(plain, "\x1b") {
		t.Error("colours where there should be none")
	}
	if !strings.Contains(reportText(r, 80, true), "\x1b[1;31mfault") {
		t.Error("a fault is not red")
	}
}
