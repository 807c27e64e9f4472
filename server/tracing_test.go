package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/trace"
	collect "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"i80.dk/sighej/wire"
)

// span is one that a collector was sent.
type span struct {
	name, id, parent, member string
}

// collector takes traces by OTLP over HTTP.
type collector struct {
	url    string
	mu     sync.Mutex
	traces map[string][]span   // by trace
	keys   map[string]struct{} // of the attributes of spans
	text   strings.Builder     // all that came
}

func startCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{traces: map[string][]span{}, keys: map[string]struct{}{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := c.take(r); err != nil {
			t.Error("the collector was sent what it does not take:", err)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *collector) take(r *http.Request) error {
	if r.Method != http.MethodPost || r.URL.Path != "/v1/traces" {
		return fmt.Errorf("%s %s", r.Method, r.URL.Path)
	}
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		var err error
		if body, err = gzip.NewReader(r.Body); err != nil {
			return err
		}
	}
	b, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	var request collect.ExportTraceServiceRequest
	if err := proto.Unmarshal(b, &request); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text.WriteString(prototext.Format(&request))
	for _, from := range request.GetResourceSpans() {
		member := ""
		for _, a := range from.GetResource().GetAttributes() {
			if a.GetKey() == "service.instance.id" {
				member = a.GetValue().GetStringValue()
			}
		}
		for _, scope := range from.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				id := fmt.Sprintf("%x", s.GetTraceId())
				c.traces[id] = append(c.traces[id], span{s.GetName(), fmt.Sprintf("%x", s.GetSpanId()), fmt.Sprintf("%x", s.GetParentSpanId()), member})
				for _, a := range s.GetAttributes() {
					c.keys[a.GetKey()] = struct{}{}
				}
			}
		}
	}
	return nil
}

// tracedTo has every call traced.
func (c *collector) tracedTo(o *Options) { o.OTLPEndpoint, o.TraceRatio = c.url, "1" }

// names returns how many spans of each name a trace has.
func names(spans []span) map[string]int {
	count := map[string]int{}
	for _, s := range spans {
		count[s.name]++
	}
	return count
}

// whole reports what keeps spans from being one trace: a root, and all others
// below it.
func whole(spans []span) error {
	known, roots := map[string]bool{}, 0
	for _, s := range spans {
		known[s.id] = true
	}
	for _, s := range spans {
		if s.parent == "" {
			roots++
		} else if !known[s.parent] {
			return fmt.Errorf("%s hangs in the air", s.name)
		}
	}
	if roots != 1 {
		return fmt.Errorf("%d roots", roots)
	}
	return nil
}

// A match is one trace, from the request to both pushes, whichever members the
// sessions, the phones and the caller are at; and it tells nothing of anybody.
func TestAMatchIsOneTrace(t *testing.T) {
	c := startCollector(t)
	members := startCluster(t, 2, c.tracedTo)
	var secrets []string
	const pairs = 8
	for i := range pairs {
		a, b := members[i%2].register(newToken(), "Devops", "strange hobby"), members[0].register(newToken(), "devOps", "strange hobby")
		sa, sb := a.connect(wire.Subprotocol), b.on(members[1]).connect(wire.Subprotocol)
		sa.next(wire.TypeWelcome)
		sb.next(wire.TypeWelcome)
		if _, answer := a.hears(b.token); answer["nudge_sent"] != true {
			t.Fatal(answer)
		}
		secrets = append(secrets, a.token, b.token, a.access, b.access, sa.next(wire.TypeNudge)["id"].(string), sb.next(wire.TypeNudge)["id"].(string))
	}
	for _, m := range members {
		m.stop() // the last spans are sent
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	matches, across := 0, 0
	for _, spans := range c.traces {
		got := names(spans)
		if got["POST /match"] == 0 {
			continue
		}
		matches++
		for name, n := range map[string]int{
			"POST /match": 1, "session sight": 1, "session meet": 1, "sessions commit": 1, "session committed": 1, "session met": 1, "connection nudge": 2,
		} {
			if got[name] != n {
				t.Errorf("%d spans %q in %v", got[name], name, got)
			}
		}
		if err := whole(spans); err != nil {
			t.Error(err, spans)
		}
		at := map[string]bool{}
		for _, s := range spans {
			at[s.member] = true
		}
		if len(at) == 2 {
			across++
		}
	}
	if matches != pairs || across == 0 {
		t.Errorf("%d of %d matches were traced, %d across members", matches, pairs, across)
	}
	text := strings.ToLower(c.text.String())
	for _, secret := range append(secrets, "devops", "strange", "127.0.0.1", "sj_") {
		if strings.Contains(text, strings.ToLower(secret)) {
			t.Errorf("a span tells %q", secret)
		}
	}
	// Whatever else names somebody, such as the id of a session, would have to stand here.
	want := []string{"http.request.method", "http.response.status_code", "http.route", "sighej.mailbox_wait_us", "sighej.outcome"}
	if got := slices.Sorted(maps.Keys(c.keys)); !slices.Equal(got, want) {
		t.Errorf("spans have the attributes %v", got)
	}
}

// A sighting that comes by WebSocket begins a trace too.
func TestAFrameIsTraced(t *testing.T) {
	c := startCollector(t)
	m := start(t, c.tracedTo)
	a, b := m.register(newToken(), "devops"), m.register(newToken(), "devops")
	s := a.connect(wire.Subprotocol)
	s.send(wire.ClientFrame{Type: wire.TypeSighting, Ref: "1", Tokens: []string{b.token}})
	s.next(wire.TypeSighted)
	m.stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, spans := range c.traces {
		if got := names(spans); got["frame sighting"] == 1 {
			if err := whole(spans); err != nil || got["sessions commit"] != 1 || got["connection nudge"] != 1 {
				t.Error(err, got)
			}
			return
		}
	}
	t.Error("no trace of the frame:", c.traces)
}

// Callers cannot have themselves traced; a proxy that is trusted can.
func TestOnlyProxiesSayWhatIsTraced(t *testing.T) {
	const outside = "0af7651916cd43dd8448eb211c80319c"
	for trusted, want := range map[string]int{"": 0, "127.0.0.0/8": 1} {
		c := startCollector(t)
		m := start(t, func(o *Options) { o.OTLPEndpoint, o.TraceRatio, o.TrustedProxies = c.url, "0", trusted })
		for _, header := range []string{"", "00-" + outside + "-b7ad6b7169203331-01"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, m.base()+"/health", nil)
			if err != nil {
				t.Fatal(err)
			}
			if header != "" {
				req.Header.Set("Traceparent", header)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
		m.stop()
		c.mu.Lock()
		if len(c.traces) != want || want == 1 && names(c.traces[outside])["GET /health"] != 1 {
			t.Errorf("trusting %q: %v", trusted, c.traces)
		}
		c.mu.Unlock()
	}
}

// A collector that is away is told of once, and disturbs nobody.
func TestTheCollectorMayBeAway(t *testing.T) {
	var log bytes.Buffer
	m := startLogging(t, slog.New(slog.NewTextHandler(&log, nil)), func(o *Options) { o.OTLPEndpoint, o.TraceRatio = "http://127.0.0.1:1", "1" })
	m.register(newToken(), "devops")
	m.stop()
	if !strings.Contains(log.String(), "spans") {
		t.Error("nothing tells of it:", log.String())
	}
}

// Lines within a sampled trace bear its id, others none.
func TestLogLinesBearTheirTrace(t *testing.T) {
	for format, want := range map[string]string{LogJSON: `"trace_id":"0100`, LogText: "trace_id=0100"} {
		var log bytes.Buffer
		logger := NewLogger(&log, Options{LogFormat: format}).With("a", 1)
		at := trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}}
		logger.InfoContext(trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(at)), "not sampled")
		logger.Info("outside")
		if strings.Contains(log.String(), "trace_id") {
			t.Errorf("%s: %s", format, log.String())
		}
		at.TraceFlags = trace.FlagsSampled
		logger.InfoContext(trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(at)), "inside")
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s: %s", format, log.String())
		}
	}
}
