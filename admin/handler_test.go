package admin

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

func TestHandler(t *testing.T) {
	counts := func(context.Context) (Today, error) {
		return Today{Totals: persistence.Totals{Sessions: 142, Categories: map[string]int64{"tech": 70, "art": 3}}}, nil
	}
	away := func(context.Context) (Today, error) {
		return Today{}, sighej.Errorf(sighej.CodeUnavailable, "the store is away: %w", errors.New("refused"))
	}
	floor := NewFloor(10, []byte("key"), []string{"art", "tech"})
	for _, c := range []struct {
		name, token, host, path, bearer string
		today                           func(context.Context) (Today, error)
		status                          int
		body                            string
	}{
		{"stats on loopback", "", "127.0.0.1:8001", "/stats", "", counts, 200, `"total_sessions_today":142`},
		{"stats by name", "", "localhost:8001", "/stats", "", counts, 200, `"top_interest_categories":["tech"]`},
		{"stats over IPv6", "", "[::1]:8001", "/stats", "", counts, 200, ""},
		{"pprof", "", "127.0.0.1", "/debug/pprof/", "", counts, 200, "goroutine"},
		{"metrics", "", "127.0.0.1:8001", "/metrics", "", counts, 200, "\nsighej_test_total 7\n"},
		{"metrics by a foreign name", "", "evil.example:8001", "/metrics", "", counts, 403, ""},
		{"metrics without the token", "0123456789abcdef", "10.0.0.1:8001", "/metrics", "", counts, 401, ""},
		{"metrics with the token", "0123456789abcdef", "10.0.0.1:8001", "/metrics", "0123456789abcdef", counts, 200, "sighej_test_total 7"},
		{"a foreign name for loopback", "", "evil.example:8001", "/stats", "", counts, 403, ""},
		{"no token shown", "0123456789abcdef", "10.0.0.1:8001", "/stats", "", counts, 401, ""},
		{"a wrong token", "0123456789abcdef", "10.0.0.1:8001", "/debug/pprof/", "0123456789abcdee", counts, 401, ""},
		{"the token", "0123456789abcdef", "10.0.0.1:8001", "/stats", "0123456789abcdef", counts, 200, "142"},
		{"the store is away", "", "127.0.0.1", "/stats", "", away, 503, ""},
		{"nothing there", "", "127.0.0.1", "/session", "", counts, 404, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := New(Config{Today: c.today, Floor: floor, Metrics: gathered(t), Token: c.token, Logger: slog.New(slog.DiscardHandler)})
			r := httptest.NewRequest(http.MethodGet, c.path, nil)
			r.Host = c.host
			if c.bearer != "" {
				r.Header.Set("Authorization", "Bearer "+c.bearer)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) {
				t.Errorf("%d %q, want %d with %q", w.Code, w.Body, c.status, c.body)
			}
		})
	}
}

// gathered has one metric.
func gathered(t *testing.T) *prometheus.Registry {
	t.Helper()
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "sighej_test_total"})
	counter.Add(7)
	r := prometheus.NewRegistry()
	if err := r.Register(counter); err != nil {
		t.Fatal(err)
	}
	return r
}

// A collector that fails takes its own metrics with it and no others.
func TestMetricsInPart(t *testing.T) {
	r := gathered(t)
	broken := prometheus.NewDesc("sighej_broken", "", nil, nil)
	if err := r.Register(failing{prometheus.NewInvalidMetric(broken, errors.New("no figure today")), broken}); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	h := New(Config{Metrics: r, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	req := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	req.Host = "localhost"
	req.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "sighej_test_total 7.0\n") || !strings.HasSuffix(w.Body.String(), "# EOF\n") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "no figure today") {
		t.Errorf("the log: %q", log.String())
	}
}

type failing struct {
	metric prometheus.Metric
	desc   *prometheus.Desc
}

func (f failing) Describe(c chan<- *prometheus.Desc) { c <- f.desc }
func (f failing) Collect(c chan<- prometheus.Metric) { c <- f.metric }
