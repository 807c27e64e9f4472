package report

import (
	"fmt"
	"strings"
	"time"
)

func (r *Report) title() string { return "sighej bench " + r.Suite }

// label is a target in one line, with its letter if there are two.
func (r *Report) label(target int) string {
	line := r.Targets[target].describe()
	if len(r.Targets) > 1 {
		line = letter(target) + "  " + line
	}
	return line
}

func (t *Target) describe() string {
	line := strings.Join(t.Bases, ", ")
	if t.Auth != "" {
		line += " (auth: " + t.Auth + ")"
	}
	return line
}

// extent tells how long was measured, and when.
func (r *Report) extent() string {
	seconds := 0.0
	for i := range r.Runs {
		seconds += r.Runs[i].Seconds
	}
	measured := quantity(seconds, "s") + " measured"
	if n := len(r.Runs); n > 1 {
		measured += fmt.Sprintf(" in %d runs", n)
	}
	return measured + " · " + period(r.Started.UTC(), r.Ended.UTC())
}

func period(from, to time.Time) string {
	const day = "2 Jan 2006"
	until := to.Format("15:04")
	if from.Format(day) != to.Format(day) {
		until = to.Format(day + " 15:04")
	}
	return from.Format(day+" 15:04") + "–" + until + " UTC"
}

func (m Machine) describe() string {
	parts := []string{m.OS + "/" + m.Arch}
	if m.CPU != "" {
		parts = append(parts, m.CPU)
	}
	parts = append(parts, plural(int64(m.Cores), "core"))
	if m.MemoryBytes > 0 {
		parts = append(parts, quantity(float64(m.MemoryBytes), "bytes"))
	}
	return strings.Join(parts, " · ")
}

// origin is the generator's program and machine.
func (r *Report) origin() string {
	program := "sighej"
	if r.Version != "" {
		program += " " + r.Version
	}
	return program + " on " + r.Machine.describe()
}
