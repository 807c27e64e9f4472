package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

const (
	metricsTime = time.Second // for an answer
	metricsSize = 16 << 20    // bytes of one
)

// Names of metrics, as every Prometheus client library has them.
const (
	cpuSeconds    = "process_cpu_seconds_total"
	residentBytes = "process_resident_memory_bytes"
	startSeconds  = "process_start_time_seconds"
	goroutines    = "go_goroutines"
)

// page is a process that tells of itself.
type page struct {
	client  *http.Client
	url     string
	known   Process
	started float64 // seconds since 1970; 0: it does not tell
}

func openPage(client *http.Client, address string) (*page, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("metrics page %q: it must be like http://host:port/metrics", address)
	}
	p := &page{client: client, url: address, known: Process{Name: u.Host}}
	m, err := p.fetch(context.Background())
	if err != nil {
		return nil, fmt.Errorf("metrics page %s: %w", u.Redacted(), err)
	}
	p.started = m[startSeconds]
	p.take(m)
	return p, nil
}

func (p *page) read(ctx context.Context, _ bool) Process {
	if p.known.Gone {
		return p.known
	}
	m, err := p.fetch(ctx)
	p.known.Missed = err != nil
	switch {
	case err != nil:
	case m[startSeconds] != p.started:
		p.known.Gone = true
	default:
		p.take(m)
	}
	return p.known
}

func (p *page) take(m metrics) {
	p.known.CPU, p.known.RSS, p.known.Goroutines = m[cpuSeconds], int64(m[residentBytes]), int64(m[goroutines])
}

// fetch gets the page and parses it.
func (p *page) fetch(ctx context.Context) (metrics, error) {
	ctx, cancel := context.WithTimeout(ctx, metricsTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", string(expfmt.NewFormat(expfmt.TypeTextPlain)))
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, bare(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s", resp.Status)
	}
	if expfmt.ResponseFormat(resp.Header).FormatType() != expfmt.TypeTextPlain {
		return nil, fmt.Errorf("it answers %q and not Prometheus' text format", resp.Header.Get("Content-Type"))
	}
	return readMetrics(resp.Body)
}

// readMetrics reads a page, up to metricsSize.
func readMetrics(body io.Reader) (metrics, error) {
	text, err := io.ReadAll(io.LimitReader(body, metricsSize+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("its answer breaks off: %w", err)
	case len(text) > metricsSize:
		return nil, fmt.Errorf("its answer is longer than %d MiB", metricsSize>>20)
	}
	return parseMetrics(text)
}

// bare takes off what http.Client puts around an error: the URL, which whoever
// reports it names already.
func bare(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// metrics are the values of a page that concern us, by name; those that it
// lacks are not in it.
type metrics map[string]float64

// parseMetrics reads Prometheus' text format. It is an error if not one of the
// metrics is there.
func parseMetrics(text []byte) (metrics, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("its answer is not in Prometheus' text format: %w", err)
	}
	m := metrics{}
	for _, name := range []string{cpuSeconds, residentBytes, startSeconds, goroutines} {
		if v, ok := only(families[name]); ok {
			m[name] = v
		}
	}
	if len(m) == 0 {
		return nil, fmt.Errorf("it tells nothing of a process: there is no %s", cpuSeconds)
	}
	return m, nil
}

// only returns the value of a family without labels, of whatever type.
func only(f *dto.MetricFamily) (float64, bool) {
	if len(f.GetMetric()) != 1 {
		return 0, false
	}
	switch m := f.Metric[0]; {
	case m.Counter != nil:
		return m.Counter.GetValue(), true
	case m.Gauge != nil:
		return m.Gauge.GetValue(), true
	case m.Untyped != nil:
		return m.Untyped.GetValue(), true
	}
	return 0, false
}
