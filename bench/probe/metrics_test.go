package probe

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const somePage = `# HELP go_goroutines Number of goroutines that currently exist.
# TYPE go_goroutines gauge
go_goroutines 37
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 12.5
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 4.1943040e+07
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1.7e+09
# TYPE requests counter
requests{code="200"} 5
`

// serve answers with whatever text is at the time; "" is a refusal.
func serve(t *testing.T, contentType string, text *atomic.Pointer[string]) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if *text.Load() == "" {
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, *text.Load())
	}))
	t.Cleanup(s.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return s.URL + "/metrics"
}

const textFormat = "text/plain; version=0.0.4; charset=utf-8"

func holding(text string) *atomic.Pointer[string] {
	var p atomic.Pointer[string]
	p.Store(&text)
	return &p
}

func TestPage(t *testing.T) {
	text := holding(somePage)
	url := serve(t, textFormat, text)
	host := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/metrics")
	w, err := NewWatcher(Config{Metrics: []string{url}})
	if err != nil {
		t.Fatal(err)
	}
	known := Process{Name: host, CPU: 12.5, RSS: 40 << 20, Goroutines: 37}
	missed, gone := known, known
	missed.Missed, gone.Gone = true, true
	later := strings.Replace(somePage, "12.5", "13.5", 1)
	ahead := known
	ahead.CPU = 13.5
	goneAhead := ahead
	goneAhead.Gone = true
	for _, c := range []struct {
		about, page string
		want        Process
	}{
		{"as it was", somePage, known},
		{"refused", "", missed},
		{"no metrics", "<html>", missed},
		{"back, and ahead", later, ahead},
		{"another process", strings.Replace(somePage, "1.7e+09", "1.7000001e+09", 1), goneAhead},
		{"and the first again", later, goneAhead},
	} {
		text.Store(&c.page)
		if d := cmp.Diff([]Process{c.want}, w.Read(t.Context()).Processes); d != "" {
			t.Errorf("%s: %s", c.about, d)
		}
	}
}

func TestPageIsMissedWhenTheCallerIsOutOfTime(t *testing.T) {
	w, err := NewWatcher(Config{Metrics: []string{serve(t, textFormat, holding(somePage))}})
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if p := w.Read(over).Processes[0]; !p.Missed || p.CPU != 12.5 {
		t.Errorf("%+v", p)
	}
}

// A page that does not come must not hold up the readings of a whole run.
func TestPageIsWaitedForBriefly(t *testing.T) {
	release := make(chan struct{})
	var stuck atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if stuck.Load() {
			<-release
		}
		w.Header().Set("Content-Type", textFormat)
		_, _ = io.WriteString(w, somePage)
	}))
	defer s.Close()
	defer close(release)
	w, err := NewWatcher(Config{Metrics: []string{s.URL}, Client: s.Client()})
	if err != nil {
		t.Fatal(err)
	}
	stuck.Store(true)
	if p := w.Read(t.Context()).Processes[0]; !p.Missed {
		t.Errorf("%+v", p)
	}
}

func TestNoWatcherOfWhatIsNoPage(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, c := range []struct{ about, url, says string }{
		{"no URL", "127.0.0.1:8001/metrics", "must be like http://host:port/metrics"},
		{"no server", gone.URL, "refused"},
		{"an error", serve(t, textFormat, holding("")), "503"},
		{"a page for people", serve(t, "text/html", holding(somePage)), `"text/html" and not Prometheus' text format`},
		{"another text", serve(t, textFormat, holding("hello, world\n")), "not in Prometheus' text format"},
		{"no process", serve(t, textFormat, holding("requests 5\n")), "there is no process_cpu_seconds_total"},
	} {
		_, err := NewWatcher(Config{Metrics: []string{c.url}})
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.url) {
			t.Errorf("%s: %v", c.about, err)
		}
		if strings.Count(fmt.Sprint(err), c.url) != 1 {
			t.Errorf("%s: it names the page more than once: %v", c.about, err)
		}
	}
}

// So much would not come within the time for an answer on a busy machine.
func TestPageWithoutEnd(t *testing.T) {
	endless := strings.NewReader(strings.Repeat("# more\n", metricsSize/7+1))
	if _, err := readMetrics(endless); err == nil || !strings.Contains(err.Error(), "longer than 16 MiB") {
		t.Error(err)
	}
}

func FuzzParseMetrics(f *testing.F) {
	f.Add(somePage)
	f.Add("process_cpu_seconds_total 1\nprocess_cpu_seconds_total{a=\"b\"} 2\n")
	f.Add("# TYPE go_goroutines histogram\ngo_goroutines_bucket{le=\"1\"} 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := parseMetrics([]byte(text)); err == nil && len(m) == 0 {
			t.Error("no error and no metrics")
		}
	})
}
