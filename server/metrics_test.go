package server

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/wire"
)

// scrape returns the metrics as Prometheus takes them, by name: in the format that
// has native histograms.
func (m *member) scrape() map[string]*dto.MetricFamily {
	m.t.Helper()
	req, err := http.NewRequestWithContext(m.t.Context(), http.MethodGet, "http://"+m.addr.Admin+"/metrics", nil)
	if err != nil {
		m.t.Fatal(err)
	}
	format := expfmt.NewFormat(expfmt.TypeProtoDelim)
	req.Header.Set("Accept", string(format))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		m.t.Fatal(resp.Status, err)
	}
	families := map[string]*dto.MetricFamily{}
	for decoder := expfmt.NewDecoder(bytes.NewReader(page), format); ; {
		f := new(dto.MetricFamily)
		if err := decoder.Decode(f); err != nil {
			if err != io.EOF { //nolint:errorlint // as documented
				m.t.Fatal(err)
			}
			return families
		}
		families[f.GetName()] = f
	}
}

// sum returns the sum of a metric's series, of a histogram the observations, that
// have these labels: names and values in turn.
func (m *member) sum(name string, labels ...string) (sum float64) {
	m.t.Helper()
	family := m.scrape()[namespace+"_"+name]
	if family == nil {
		m.t.Fatal("there is no metric ", name)
	}
	for _, one := range family.GetMetric() {
		fits := true
		for i := 0; i < len(labels); i += 2 {
			fits = fits && slices.ContainsFunc(one.GetLabel(), func(l *dto.LabelPair) bool {
				return l.GetName() == labels[i] && l.GetValue() == labels[i+1]
			})
		}
		if fits {
			sum += one.GetCounter().GetValue() + one.GetGauge().GetValue() + float64(one.GetHistogram().GetSampleCount())
		}
	}
	return sum
}

// want checks sums: each a metric, with labels in braces, and its value.
func (m *member) want(when string, sums ...any) {
	m.t.Helper()
	for i := 0; i < len(sums); i += 2 {
		name, rest, _ := strings.Cut(sums[i].(string), "{")
		labels := strings.FieldsFunc(strings.TrimSuffix(rest, "}"), func(r rune) bool { return r == '=' || r == ',' })
		if got := m.sum(name, labels...); fmt.Sprint(got) != fmt.Sprint(sums[i+1]) {
			m.t.Errorf("%s: %s is %v, not %v", when, sums[i], got, sums[i+1])
		}
	}
}

// What phones do is what the metrics tell, beside a real Redis.
func TestMetricsTellWhatWasDone(t *testing.T) {
	redis := testservers.Redis(t)
	m := start(t, func(o *Options) { o.RedisURL = redis.URL() })
	a, b, c := m.register(newToken(), "devops"), m.register(newToken(), "devops"), m.register(newToken(), "knitting")
	m.call("POST", "/session", "", wire.CreateSession{BLEToken: a.token, Interests: []string{"devops"}})
	m.call("POST", "/session", "", wire.CreateSession{BLEToken: "x", Interests: []string{"devops"}})
	m.want("registered",
		"registrations_total{outcome=registered}", 3, "registrations_total{outcome=token_live}", 1, "registrations_total{outcome=invalid}", 1,
		"registrations_total", 5, "sessions", 3, "activations_total", 3, "ready", 1, "component_up", 2, "partitions", 1024, "members{state=up}", 1,
		"store_calls_total{operation=create,outcome=ok}", 3, "store_seconds{operation=create}", 4,
		"store_calls_total{operation=create,outcome=token_live}", 1,
		"http_requests_total{route=POST /session,status=201}", 3, "http_request_seconds{route=POST /session}", 5)

	s := a.connect(wire.Subprotocol)
	s.next(wire.TypeWelcome)
	a.hears(c.token)
	a.hears(b.token)
	a.hears(b.token)
	b.hears("unknown-token")
	m.want("matched",
		"sightings_total{outcome=neutral}", 2, "sightings_total{outcome=matched}", 1, "sightings_total{outcome=already_matched}", 1,
		"sightings_total", 4, "matches_total", 1, "nudges_queued_total", 2, "nudges_acked_total", 0, "outbox_nudges{min_age=0}", 2,
		"outbox_nudges{min_age=600}", 0, "session_matches", 2, "matches_spared_total", 0, "store_calls_total{operation=commit,outcome=committed}", 1,
		"connections", 1, "connections_opened_total", 1, "http_requests_total{route=GET /ws/{ble_token},status=101}", 1)

	nudge := s.next(wire.TypeNudge)
	s.send(wire.ClientFrame{Type: wire.TypeAck, ID: nudge["id"].(string)})
	eventually(t, "the nudge to be acknowledged", func() bool { return m.sum("nudges_acked_total") == 1 })
	m.want("acknowledged", "nudges_sent_total", 1, "nudge_acked_seconds", 1, "outbox_nudges{min_age=0}", 1, "frames_received_total", 1)

	m.call("DELETE", "/session", a.access, nil)
	m.call("DELETE", "/session", b.access, nil)
	s.closed()
	eventually(t, "the connection to have ended", func() bool { return m.sum("connections_closed_total") == 1 })
	m.want("forgotten", "connections_closed_total{code=4102}", 1, "connections", 0, "sessions", 1, "nudges_expired_total", 1,
		"outbox_nudges{min_age=0}", 0, "outbox_oldest_seconds", 0)

	redis.Pause()
	m.want("without Redis", "component_up{component=sessions}", 0, "component_up{component=statistics}", 1, "ready", 0)
	redis.Resume()
}

// Histograms are both classic and native.
func TestMetricsHaveNativeHistograms(t *testing.T) {
	m := start(t, nil)
	m.register(newToken(), "devops")
	var seen uint64
	for name, family := range m.scrape() {
		if family.GetType() != dto.MetricType_HISTOGRAM || !strings.HasPrefix(name, namespace) {
			continue
		}
		for _, one := range family.GetMetric() {
			h := one.GetHistogram()
			if len(h.GetBucket()) < 5 || h.Schema == nil || h.GetSampleCount() > 0 && len(h.GetPositiveSpan()) == 0 {
				t.Error(name, one)
			}
			seen += h.GetSampleCount()
		}
	}
	if seen == 0 {
		t.Error("nothing was observed")
	}
}

// Operators scrape; phones cannot.
func TestMetricsAreInternal(t *testing.T) {
	m := start(t, nil)
	page := m.scrape()
	for _, name := range []string{"process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds", "go_goroutines"} {
		if page[name] == nil {
			t.Error("there is no", name)
		}
	}
	if status, answer := m.call("GET", "/metrics", "", nil); status != http.StatusNotFound {
		t.Error("on the public listener:", status, answer)
	}
}

// Nothing of a person is a label.
func TestMetricsNameNobody(t *testing.T) {
	m := start(t, nil)
	a, b := m.register(newToken(), "devops", "a strange hobby"), m.register(newToken(), "devops", "a strange hobby")
	a.connect(wire.Subprotocol).next(wire.TypeWelcome)
	a.hears(b.token)
	m.call("GET", "/ws/"+b.token, "", nil)
	m.call("GET", "/"+a.token, "", nil)
	for name, family := range m.scrape() {
		text := family.String()
		for _, secret := range []string{a.token, b.token, a.access, "devops", "strange"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s names %s", name, secret)
			}
		}
		for _, one := range family.GetMetric() {
			for _, l := range one.GetLabel() {
				if len(l.GetValue()) > 40 {
					t.Errorf("%s has the label %v", name, l)
				}
			}
		}
	}
}

// Two members that share a Redis tell of each other, and of what moves.
func TestMetricsOfACluster(t *testing.T) {
	members := startCluster(t, 2, nil)
	first := members[0]
	owned := first.sum("partitions")
	first.want("both up", "members{state=up}", 2, "members{state=draining}", 0, "partitions_unowned", 0, "component_up", 3, "fencings_total", 0)
	if in, out := first.sum("hand_overs_total", "direction", "in"), first.sum("hand_overs_total", "direction", "out"); in != 1024 || out != 1024-owned {
		t.Errorf("%v partitions came and %v went, of which %v are left", in, out, owned)
	}
	for range 8 { // some of them live on the other member
		a := first.register(newToken(), "devops")
		a.hears(newToken())
	}
	members[1].stop()
	eventually(t, "the other one to have gone", func() bool { return first.sum("members") == 1 })
	first.want("alone", "partitions", 1024, "partitions_unowned", 0, "link_queue", 0)
	if in := first.sum("hand_overs_total", "direction", "in"); in != 1024+1024-owned {
		t.Errorf("%v partitions came", in)
	}
}
