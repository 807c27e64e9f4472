package admin

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"i80.dk/sighej/persistence"
)

// view is a picture as the page shows it.
type view struct {
	Version string
	LogOut  bool // there is somebody to log out
	Clock   string

	Alerts     []string
	Health     []part
	Known      bool // there are counts of today, maybe old ones
	Stale      bool // they are old
	Sessions   string
	Matches    string
	Sightings  string
	Active     string
	Quiet      bool // nothing happened today
	Categories []bar
	Under      string // names of the categories under the floor
	UnderCount Count  // the floor, as a count
	floor      int64
	Live       string // JSON of the plots
	Latency    latencyView
	Past       string // JSON of the plots
	Days       []dayView
	HistoryErr bool
	Members    []memberView
	Alone      bool
	Totals     memberView
}

// part is a component of the member's health.
type part struct{ Name, What, State, Since string }

// bar is a category; Width is in percent of the largest, and AtLeast tells that
// the count is higher than the figure.
type bar struct {
	Name    string
	Count   Count
	Width   int
	AtLeast bool
}

type latencyView struct {
	Count, Median, Slow string
	Any                 bool
}

type dayView struct{ Day, Sessions, Matches, Sightings, Top string }

type memberView struct {
	Member
	Short                          string
	Age                            string
	PartitionsN, SessionsN, Phones string
	MayDrain                       bool
}

// what each part of the health is for.
var purposes = map[string]string{
	"sessions": "sessions, matches, nudges", "statistics": "history of counts", "cluster": "this member among the others",
}

func (cfg *Config) view(p *picture) view {
	v := view{
		Version: cfg.Version, LogOut: cfg.Token != "", Clock: p.at.Format("15:04:05"),
		Known: p.today.Day != "", Stale: p.todayErr != nil,
		Sessions: number(p.today.Sessions), Matches: number(p.today.Matches), Sightings: number(p.today.Sightings), Active: number(p.today.Active),
		Quiet: p.today.Sessions == 0, HistoryErr: p.historyErr != nil,
		Live: encode(p.samples.series()), Latency: latencyOf(p.samples),
	}
	cfg.showHealth(&v, p)
	v.floor = cfg.Floor.size
	v.showCategories(p.categories)
	cfg.showHistory(&v, p)
	cfg.showMembers(&v, p)
	return v
}

func (cfg *Config) showHealth(v *view, p *picture) {
	for _, name := range []string{"sessions", "statistics", "cluster"} {
		state, known := p.health.Components[name]
		if !known {
			continue
		}
		is := part{cfg.Parts[name], purposes[name], state, p.since[name].Format("15:04:05")}
		v.Health = append(v.Health, is)
		if state == "ok" {
			continue
		}
		switch name {
		case "sessions":
			v.Alerts = append(v.Alerts, is.Name+" has not answered since "+is.Since+" UTC. Nobody can register or match; figures stand as they were.")
		case "statistics":
			v.Alerts = append(v.Alerts, is.Name+" has not answered since "+is.Since+" UTC. Counts wait, for a week; phones notice nothing.")
		case "cluster":
			v.Alerts = append(v.Alerts, "This member has been outside the cluster since "+is.Since+" UTC and serves nobody. It comes back by itself.")
		}
	}
	if p.health.Status == "draining" {
		v.Alerts = append(v.Alerts, "This member is draining and about to leave.")
	}
}

func (v *view) showCategories(all []Category) {
	var under []string
	for _, c := range all {
		if c.Sessions < 0 {
			under, v.UnderCount = append(under, c.Name), c.Sessions
			continue
		}
		width := int(100 * c.Sessions / max(all[0].Sessions, 1))
		v.Categories = append(v.Categories, bar{c.Name, c.Sessions, width, v.floor > 0})
	}
	v.Under = strings.Join(under, ", ")
}

func latencyOf(s samples) latencyView {
	all := s.acked(0, len(s)-1)
	median, any := all.quantile(0.5)
	slow, _ := all.quantile(0.99)
	return latencyView{number(all.count()), span(median), span(slow), any}
}

// past is what the plots of the days show.
type past struct {
	At        []int64 `json:"at"` // Unix seconds of each day's beginning
	Sessions  []int64 `json:"sessions"`
	Matches   []int64 `json:"matches"`
	Sightings []int64 `json:"sightings"`
}

// showHistory fills in the days without counts, and today as it is now.
func (cfg *Config) showHistory(v *view, p *picture) {
	days := make(map[persistence.Day]persistence.Totals, len(p.history)+1)
	for _, t := range p.history {
		days[t.Day] = t
	}
	if p.today.Day != "" {
		days[p.today.Day] = p.today.Totals
	}
	var plots past
	for i := range defaultDays {
		at := p.at.Truncate(24*time.Hour).AddDate(0, 0, i-defaultDays+1)
		t, counted := days[persistence.DayOf(at)]
		plots.At = append(plots.At, at.Unix())
		plots.Sessions = append(plots.Sessions, t.Sessions)
		plots.Matches = append(plots.Matches, t.Matches)
		plots.Sightings = append(plots.Sightings, t.Sightings)
		if counted && t.Sessions+t.Matches+t.Sightings > 0 {
			t.Day = persistence.DayOf(at)
			v.Days = append([]dayView{cfg.dayView(t)}, v.Days...)
		}
	}
	v.Past = encode(plots)
}

func (cfg *Config) dayView(t persistence.Totals) dayView {
	d := dayView{string(t.Day), number(t.Sessions), number(t.Matches), number(t.Sightings), "–"}
	if all := cfg.Floor.Categories(t); len(all) > 0 && all[0].Sessions > 0 {
		d.Top = all[0].Name
	}
	return d
}

func (cfg *Config) showMembers(v *view, p *picture) {
	up := 0
	for _, m := range p.members {
		if m.State == "up" {
			up++
		}
		v.Totals.Sessions += m.Sessions
		v.Totals.Connections += m.Connections
		v.Totals.Partitions += m.Partitions
	}
	for _, m := range p.members {
		shown := memberView{
			Member: m, Short: m.ID[:min(len(m.ID), 8)], Age: age(m.AgeSeconds),
			PartitionsN: number(int64(m.Partitions)), SessionsN: number(int64(m.Sessions)), Phones: number(int64(m.Connections)),
		}
		shown.MayDrain = m.Address != "" && m.State == "up"
		v.Alone = v.Alone || m.Address == ""
		v.Members = append(v.Members, shown)
	}
	v.Totals.SessionsN, v.Totals.Phones = number(int64(v.Totals.Sessions)), number(int64(v.Totals.Connections))
	v.Totals.PartitionsN = number(int64(v.Totals.Partitions))
	v.Totals.Short = strconv.Itoa(up)
}

// number groups the digits of a count.
func number(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// span writes a duration in two or three digits.
func span(d time.Duration) string {
	switch ms := float64(d) / float64(time.Millisecond); {
	case ms < 10:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	default:
		return fmt.Sprintf("%.1f s", ms/1000)
	}
}

// age writes a whole number of seconds in its two largest units.
func age(seconds int64) string {
	d, h, m, s := seconds/86400, seconds/3600%24, seconds/60%60, seconds%60
	switch {
	case d > 0:
		return fmt.Sprintf("%dd %dh", d, h)
	case h > 0:
		return fmt.Sprintf("%dh %dm", h, m)
	case m > 0:
		return fmt.Sprintf("%dm %ds", m, s)
	default:
		return fmt.Sprintf("%ds", s)
	}
}

func encode(v any) string {
	text, _ := json.Marshal(v) // numbers and nulls
	return string(text)
}
