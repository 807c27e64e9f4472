package bench

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"i80.dk/sighej/bench/phones"
	"i80.dk/sighej/bench/report"
)

// Common are the flags of every suite.
type Common struct {
	Base           []string      `default:"http://127.0.0.1:8000" placeholder:"URL" help:"Server under test; several members: repeat it, phones spread over them. Default: ${default}."`
	Vs             []string      `placeholder:"URL" help:"A second server: the suite alternates between the two and compares them."`
	Auth           string        `enum:"bearer,none" default:"bearer" help:"How phones show who they are: bearer, or none for a server where the token alone opens everything."`
	Rounds         int           `default:"0" help:"How often each server is measured; 0: once, and five times with --vs."`
	Interests      int           `default:"5" help:"Interests of each phone, 1 to 20; for more than 5 the server needs MAX_SHARED_LABELS=0."`
	MatchesPerHour int           `default:"60" help:"The server's limit on new matches of a session, which the suite stays under; 0: it has none."`
	Late           time.Duration `default:"10s" help:"A nudge that takes longer is wrong; 0: none is."`
	Settle         time.Duration `default:"15s" help:"How long to wait for the last nudges before they count as missing."`
	Patience       time.Duration `default:"15s" help:"Time for an answer."`
	Connections    int           `default:"32" help:"HTTP connections to each member, for each worker."`
	Seed           uint64        `default:"1" help:"The same seed gives the same interests, pairs and crowds."`
	Workers        int           `default:"1" help:"Generator processes that work as one."`
	ServerPID      []int         `placeholder:"PID" help:"Process whose CPU and memory count as the server's, as a store's; whatever listens at --base on this machine does anyway."`
	VsServerPID    []int         `placeholder:"PID" help:"The same for --vs."`
	Metrics        []string      `placeholder:"URL" help:"Page with the server's Prometheus metrics. Default: /metrics at --base, where that answers and no process is known."`
	VsMetrics      []string      `placeholder:"URL" help:"The same for --vs."`
	JSON           string        `placeholder:"FILE" help:"Write the report as JSON."`
	HTML           string        `placeholder:"FILE" help:"Write the report as a page with plots; it works offline."`
	ShowDisturbed  bool          `help:"Print rates and latencies of a disturbed run too."`
}

func (c *Common) common() *Common { return c }

func (c *Common) late() time.Duration { return c.Late }

// rounds returns how often each target is measured.
func (c *Common) rounds() int {
	if c.Rounds > 0 {
		return c.Rounds
	}
	if len(c.Vs) > 0 {
		return 5
	}
	return 1
}

// target is a server under test with what is known of it.
type target struct {
	report.Target
	pids    []int
	metrics []string
	labels  []string // of its catalogue
}

func (c *Common) targets() []*target {
	all := []*target{{Target: report.Target{Bases: c.Base, Auth: c.Auth}, pids: c.ServerPID, metrics: c.Metrics}}
	if len(c.Vs) > 0 {
		all = append(all, &target{Target: report.Target{Bases: c.Vs, Auth: c.Auth}, pids: c.VsServerPID, metrics: c.VsMetrics})
	}
	return all
}

// validate returns every fault of the flags.
func (c *Common) validate() []error {
	var f faults
	for _, base := range append(slices.Clone(c.Base), c.Vs...) {
		if _, err := phones.ParseBase(base); err != nil {
			f = append(f, err)
		}
	}
	for _, page := range append(slices.Clone(c.Metrics), c.VsMetrics...) {
		if u, err := url.Parse(page); err != nil || u.Host == "" {
			f.add("--metrics %q is no address of a page", page)
		}
	}
	if len(c.Vs) == 0 && (len(c.VsServerPID) > 0 || len(c.VsMetrics) > 0) {
		f.add("--vs-server-pid and --vs-metrics want --vs")
	}
	f.between("--interests", c.Interests, 1, 20)
	f.between("--rounds", c.Rounds, 0, 1000)
	f.between("--workers", c.Workers, 1, 64)
	f.between("--connections", c.Connections, 1, 10_000)
	f.between("--matches-per-hour", c.MatchesPerHour, 0, 1_000_000_000)
	f.lasting("--patience", c.Patience, time.Millisecond)
	f.lasting("--late", c.Late, 0)
	f.lasting("--settle", c.Settle, 0)
	return f
}

// faults collects what is wrong with flags.
type faults []error

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Errorf(format, args...)) }

func (f *faults) between(flag string, value, least, most int) {
	switch {
	case value == math.MinInt: // what the command line makes of what is no number
		f.add("%s must be a whole number", flag)
	case value < least || value > most:
		f.add("%s must be from %d to %d, not %d", flag, least, most, value)
	}
}

func (f *faults) over(flag string, value, bound float64) {
	if !(value > bound) {
		f.add("%s must be over %g, not %g", flag, bound, value)
	}
}

func (f *faults) portion(flag string, value float64) {
	if !(value >= 0 && value <= 1) {
		f.add("%s must be from 0 to 1, not %g", flag, value)
	}
}

func (f *faults) lasting(flag string, value, least time.Duration) {
	if value < least {
		f.add("%s must be at least %v, not %v", flag, least, value)
	}
}

// UsageError lists the faults of a command line.
type UsageError struct{ Faults []error }

// Error has a line for each fault.
func (e *UsageError) Error() string { return errors.Join(e.Faults...).Error() }

// settings lists the flags of a suite as they are set, but for those that only
// say where the report goes and lists of nothing.
func settings(suite any) (all []report.Setting) {
	v := reflect.ValueOf(suite).Elem()
	for field, value := range v.Fields() {
		if field.Anonymous {
			all = append(all, settings(value.Addr().Interface())...)
			continue
		}
		switch field.Name {
		case "JSON", "HTML", "ShowDisturbed":
			continue
		}
		if value.Kind() == reflect.Slice && value.Len() == 0 {
			continue
		}
		all = append(all, report.Setting{Name: flagName(field.Name), Value: written(value)})
	}
	return all
}

// written spells a flag's value as on a command line.
func written(value reflect.Value) string {
	if value.Kind() != reflect.Slice {
		return fmt.Sprint(value.Interface())
	}
	items := make([]string, value.Len())
	for i := range items {
		items[i] = fmt.Sprint(value.Index(i).Interface())
	}
	return strings.Join(items, ",")
}

// flagName spells a field as its flag: ServerPID is server-pid.
func flagName(field string) string {
	var b strings.Builder
	for i, r := range field {
		upper := r >= 'A' && r <= 'Z'
		if upper && i > 0 && (field[i-1] >= 'a' && field[i-1] <= 'z') {
			b.WriteByte('-')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}
