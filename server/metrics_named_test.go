package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"i80.dk/sighej/wire"
)

const (
	rulesFile     = "../deploy/prometheus/sighej.rules.yml"
	rulesTests    = "../deploy/prometheus/sighej.rules.test.yml"
	dashboardFile = "../deploy/grafana/sighej.dashboard.json"
	manual        = "../docs/operations.md"
)

// panel is what matters of one of Grafana's.
type panel struct {
	ID          int
	Type, Title string
	Description string
	GridPos     struct{ X, Y, W, H int }
	FieldConfig struct{ Defaults struct{ Unit string } }
	Targets     []struct{ Expr string }
}

type dashboard struct {
	Panels      []panel
	Annotations struct{ List []struct{ Expr string } }
	Templating  struct{ List []struct{ Definition string } }
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, dashboardFile)), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// rule is one alert.
type rule struct{ name, expr, runbook string }

func readRules(t *testing.T) (rules []rule) {
	t.Helper()
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, rulesFile)), &file); err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Groups {
		for _, r := range group.Rules {
			rules = append(rules, rule{r.Alert, r.Expr, r.Annotations["runbook"]})
		}
	}
	if len(rules) < 10 {
		t.Fatalf("only %d rules were read", len(rules))
	}
	return rules
}

// Each metric, label and value that the dashboard or a rule names is there on the
// page of a member that has been used a little.
func TestMetricsThatAreNamed(t *testing.T) {
	page := pageOfUsedMember(t)
	for where, query := range namedQueries(t) {
		expr, err := parser.ParseExpr(query)
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		for _, fault := range faultsOf(expr, page) {
			t.Errorf("%s: %s", where, fault)
		}
	}
}

// namedQueries returns all queries, Grafana's variables filled in.
func namedQueries(t *testing.T) map[string]string {
	t.Helper()
	queries := map[string]string{}
	for _, r := range readRules(t) {
		queries[r.name] = r.expr
	}
	d := readDashboard(t)
	for _, p := range d.Panels {
		for i, target := range p.Targets {
			queries[fmt.Sprintf("panel %q, %d", p.Title, i)] = target.Expr
		}
	}
	for i, a := range d.Annotations.List {
		if a.Expr != "" {
			queries[fmt.Sprint("annotation ", i)] = a.Expr
		}
	}
	for _, v := range d.Templating.List {
		if of, ok := strings.CutPrefix(v.Definition, "label_values("); ok {
			queries["variable "+v.Definition] = of[:strings.LastIndex(of, ",")]
		}
	}
	fill := strings.NewReplacer("$job", "sighej", "$member", ".*", "$__rate_interval", "5m", "$__range", "1h")
	for where, query := range queries {
		queries[where] = fill.Replace(query)
	}
	return queries
}

// ofPrometheus are the labels and metrics that a scrape adds, and seldom the
// values that only trouble brings.
var (
	ofPrometheus = []string{"job", "instance"}
	ofTrouble    = []string{"status", "outcome"}
)

// faultsOf tells what a query names that the page lacks.
func faultsOf(expr parser.Expr, page metricsPage) (faults []string) {
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			faults = append(faults, page.lacks(n)...)
		case *parser.AggregateExpr:
			for _, label := range n.Grouping {
				if !slices.Contains(ofPrometheus, label) && !page.knows(n.Expr, label) {
					faults = append(faults, "nothing under "+n.String()+" has a label "+label)
				}
			}
		}
		return nil
	})
	return faults
}

// metricsPage is the series of one scrape by name, those of histograms by the
// names under which Prometheus keeps them.
type metricsPage map[string][]map[string]string

func (p metricsPage) lacks(n *parser.VectorSelector) (faults []string) {
	if n.Name == "up" { // Prometheus's own
		return nil
	}
	series, ok := p[n.Name]
	if !ok {
		return []string{"there is no metric " + n.Name}
	}
	for _, m := range n.LabelMatchers {
		if m.Name == model.MetricNameLabel || slices.Contains(ofPrometheus, m.Name) {
			continue
		}
		here := func(s map[string]string) bool {
			value, has := s[m.Name]
			return has && (slices.Contains(ofTrouble, m.Name) || m.Matches(value))
		}
		if !slices.ContainsFunc(series, here) {
			faults = append(faults, "no series fits "+m.String()+" of "+n.Name)
		}
	}
	return faults
}

// knows reports whether a metric in the expression has the label.
func (p metricsPage) knows(expr parser.Expr, label string) (known bool) {
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if n, ok := node.(*parser.VectorSelector); ok {
			for _, s := range p[n.Name] {
				_, has := s[label]
				known = known || has
			}
		}
		return nil
	})
	return known
}

func pageOf(families map[string]*dto.MetricFamily) metricsPage {
	page := metricsPage{}
	for name, family := range families {
		for _, m := range family.GetMetric() {
			own := map[string]string{}
			for _, l := range m.GetLabel() {
				own[l.GetName()] = l.GetValue()
			}
			with := func(label, value string) map[string]string {
				s := maps.Clone(own)
				s[label] = value
				return s
			}
			switch family.GetType() {
			case dto.MetricType_HISTOGRAM:
				page[name+"_bucket"] = append(page[name+"_bucket"], with(model.BucketLabel, "+Inf"))
				page[name+"_count"] = append(page[name+"_count"], own)
			case dto.MetricType_SUMMARY:
				for _, q := range m.GetSummary().GetQuantile() {
					page[name] = append(page[name], with(model.QuantileLabel, fmt.Sprint(q.GetQuantile())))
				}
			default:
				page[name] = append(page[name], own)
			}
		}
	}
	return page
}

// pageOfUsedMember is the metrics of a member of a cluster of two, beside a real
// Redis, after a match whose nudge was acknowledged.
func pageOfUsedMember(t *testing.T) metricsPage {
	t.Helper()
	m := startCluster(t, 2, nil)[0]
	a, b := m.register(newToken(), "devops"), m.register(newToken(), "devops")
	s := a.connect(wire.Subprotocol)
	if _, answer := a.hears(b.token); answer["nudge_sent"] != true {
		t.Fatal(answer)
	}
	nudge := s.next(wire.TypeNudge)
	s.send(wire.ClientFrame{Type: wire.TypeAck, ID: nudge["id"].(string)})
	eventually(t, "a letter to have been timed", func() bool {
		return m.scrape()["sighej_mailbox_wait_seconds"].GetMetric()[0].GetHistogram().GetSampleCount() > 0
	})
	return pageOf(m.scrape())
}

// Every alert is explained, at the heading that it names, and every heading of
// that kind is an alert's.
func TestAlertsAreExplained(t *testing.T) {
	var headings []string
	for _, m := range regexp.MustCompile(`(?m)^#### (SigHej\w+)$`).FindAllStringSubmatch(read(t, manual), -1) {
		headings = append(headings, m[1])
	}
	var alerts []string
	for _, r := range readRules(t) {
		alerts = append(alerts, r.name)
		if want := "docs/operations.md#" + strings.ToLower(r.name); r.runbook != want {
			t.Errorf("%s: the runbook is %q, not %q", r.name, r.runbook, want)
		}
	}
	if slices.Sort(alerts); !slices.Equal(alerts, slices.Sorted(slices.Values(headings))) {
		t.Errorf("alerts %v, explained %v", alerts, headings)
	}
}

// The manual names each metric of ours, and no other.
func TestMetricsAreExplained(t *testing.T) {
	m := start(t, nil)
	m.register(newToken(), "devops")
	page := m.scrape()
	explained := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`sighej_[^|]+) \\|").FindAllStringSubmatch(read(t, manual), -1) {
		for _, name := range regexp.MustCompile(`sighej_\w+`).FindAllString(row[1], -1) {
			explained[name] = true
			if page[name] == nil {
				t.Errorf("%s is explained, and there is no such metric", name)
			}
		}
	}
	for name := range page {
		if strings.HasPrefix(name, "sighej_") && !explained[name] {
			t.Errorf("%s is not explained", name)
		}
	}
}

// Panels say what they show, in a unit, and none lies on another.
func TestDashboardIsLaidOut(t *testing.T) {
	taken, ids := map[[2]int]string{}, map[int]bool{}
	for _, p := range readDashboard(t).Panels {
		if ids[p.ID] || p.Title == "" {
			t.Errorf("panel %d %q has no id or title of its own", p.ID, p.Title)
		}
		ids[p.ID] = true
		if p.Type != "row" && (p.Description == "" || p.FieldConfig.Defaults.Unit == "" || len(p.Targets) == 0) {
			t.Errorf("panel %q has no description, unit or query", p.Title)
		}
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if other := taken[at]; other != "" || at[0] >= 24 {
					t.Fatalf("panel %q lies on %q or beside the page", p.Title, other)
				}
				taken[at] = p.Title
			}
		}
	}
}

// Prometheus takes the rules, and they fire as their own tests say.
func TestRules(t *testing.T) {
	for _, args := range [][]string{{"check", "rules", rulesFile}, {"test", "rules", rulesTests}} {
		if out, err := exec.CommandContext(t.Context(), "promtool", args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
