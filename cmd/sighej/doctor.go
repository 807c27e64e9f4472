package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"i80.dk/sighej/server"
	"i80.dk/sighej/server/doctor"
)

type doctorCommand struct {
	Check  doctorCheckCommand  `cmd:"" default:"withargs" help:"Look at everything that a member with these settings needs. The default."`
	Forget doctorForgetCommand `cmd:"" help:"Prove that nothing is left of a session that is over."`
}

type doctorCheckCommand struct {
	Settings settings `embed:""`
	JSON     bool     `help:"Print JSON."`
}

// Help is what `sighej doctor --help` tells beyond the settings.
func (doctorCheckCommand) Help() string {
	return "It reads the settings as sighej serve would, and looks at stores, ports, keys, certificates and limits. It changes " +
		"nothing, and may run beside a member. The exit status is 1 when there is a fault; warnings do not count."
}

// errTold ends the program with a failure that has been told already.
var errTold = fmt.Errorf("told already")

// Run prints what was found, and fails if something has to be mended.
func (c *doctorCheckCommand) Run(ctx context.Context, std streams) error {
	o := server.Options(c.Settings)
	report := numberFindings(o)
	if len(report) == 0 {
		report = doctor.Examine(ctx, doctor.Config{Options: o, Now: time.Now, Files: doctor.OpenFiles()})
	}
	var out string
	if c.JSON {
		b, err := json.MarshalIndent(map[string]any{
			"faults": report.Count(doctor.Fault), "warnings": report.Count(doctor.Warning), "checks": report,
		}, "", "  ")
		if err != nil {
			return err
		}
		out = string(b) + "\n"
	} else {
		is, width := terminal(std.out)
		out = reportText(report, width, is && os.Getenv("NO_COLOR") == "")
	}
	if _, err := io.WriteString(std.out, out); err != nil {
		return err
	}
	if report.Count(doctor.Fault) > 0 {
		return errTold
	}
	return nil
}

// numberFindings tells of settings that should be whole numbers and are not.
func numberFindings(o server.Options) (r doctor.Report) {
	for _, f := range numberFaults(o) {
		r = append(r, doctor.Finding{
			Check: "settings", State: doctor.Fault, Found: f.Setting + " " + f.Message,
			Mend: "The rest is looked at once the settings are right. sighej config shows where each comes from.",
		})
	}
	return r
}

// Columns of a report. What is to be mended stands below, indented.
const (
	stateColumns  = 9
	checkColumns  = 21
	reportColumns = 80 // where nobody knows the width
	maxColumns    = 100
)

// reportText writes a line a finding, folded to a terminal of that width; 0: of
// 80 columns.
func reportText(r doctor.Report, width int, colour bool) string {
	width = min(cmp.Or(width, reportColumns), maxColumns)
	room := max(width-stateColumns-checkColumns, minValue)
	margin := strings.Repeat(" ", stateColumns+checkColumns)
	var b strings.Builder
	for _, f := range r {
		b.WriteString(coloured(f.State, colour) + text.Pad(f.Check, checkColumns, ' '))
		b.WriteString(folded(f.Found, room, margin) + "\n")
		if f.Mend != "" {
			b.WriteString(margin + "→ " + folded(f.Mend, room-2, margin+"  ") + "\n")
		}
	}
	b.WriteString("\n" + verdict(r) + "\n")
	return b.String()
}

func folded(s string, room int, margin string) string {
	lines := strings.Split(text.WrapSoft(strings.Map(visible, s), room), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n"+margin)
}

func coloured(s doctor.State, colour bool) string {
	padded := text.Pad(string(s), stateColumns, ' ')
	if !colour {
		return padded
	}
	codes := map[doctor.State]string{doctor.OK: "32", doctor.Warning: "33", doctor.Fault: "1;31"}
	return "\x1b[" + codes[s] + "m" + padded + "\x1b[0m"
}

// verdict is the last line.
func verdict(r doctor.Report) string {
	faults, warnings := r.Count(doctor.Fault), r.Count(doctor.Warning)
	switch {
	case faults > 0 && warnings > 0:
		return count(faults, "fault") + " to mend, " + count(warnings, "warning") + "."
	case faults > 0:
		return count(faults, "fault") + " to mend."
	case warnings > 0:
		return "No fault, " + count(warnings, "warning") + "."
	}
	return "All is well."
}
