package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"i80.dk/sighej"
	"i80.dk/sighej/transport/problem"
	"i80.dk/sighej/wire"
)

const (
	ownToken   = "own-token-0001"
	peerToken  = "peer-token-0002"
	adminToken = "the-admin-token"
	secret     = "sj_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
)

// sessionsFake is a Sessions that answers what the test says and keeps what it was
// asked.
type sessionsFake struct {
	mu        sync.Mutex
	err       error
	verdicts  []sighej.Verdict
	panics    any
	short     bool // one verdict too few
	caller    sighej.Caller
	created   sighej.NewSession
	open      bool
	sightings []sighej.Sighting
	nudge     sighej.NudgeID
}

func (f *sessionsFake) enter(c sighej.Caller) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.caller = c
	if f.panics != nil {
		panic(f.panics)
	}
	return f.err
}

func (f *sessionsFake) Register(_ context.Context, r sighej.NewSession) (sighej.Registered, error) {
	f.created = r
	at := time.Date(2026, 5, 12, 20, 0, 0, 0, time.FixedZone("", 7200))
	return sighej.Registered{ID: sighej.SessionID{6: 0x40, 8: 0x80}, ExpiresAt: at, Access: secret}, f.enter(sighej.Caller{})
}

func (f *sessionsFake) standing(c sighej.Caller) (sighej.Standing, error) {
	return sighej.Standing{Open: f.open, ExpiresAt: time.Now(), Pending: 3}, f.enter(c)
}

func (f *sessionsFake) Describe(_ context.Context, c sighej.Caller) (sighej.Standing, error) {
	return f.standing(c)
}

func (f *sessionsFake) SetOpen(_ context.Context, c sighej.Caller, open bool) (sighej.Standing, error) {
	f.open = open
	return f.standing(c)
}

func (f *sessionsFake) Rotate(_ context.Context, c sighej.Caller, token sighej.Token) (sighej.Standing, error) {
	s, err := f.standing(c)
	s.Token = token
	return s, err
}

func (f *sessionsFake) Forget(_ context.Context, c sighej.Caller) error { return f.enter(c) }

func (f *sessionsFake) Block(_ context.Context, c sighej.Caller, nudge sighej.NudgeID) error {
	f.nudge = nudge
	return f.enter(c)
}

func (f *sessionsFake) Wave(_ context.Context, c sighej.Caller, nudge sighej.NudgeID) error {
	f.nudge = nudge
	return f.enter(c)
}

func (f *sessionsFake) Sight(_ context.Context, c sighej.Caller, s []sighej.Sighting) ([]sighej.Verdict, error) {
	f.mu.Lock()
	f.sightings = s
	f.mu.Unlock()
	if err := f.enter(c); err != nil {
		return nil, err
	}
	v := f.verdicts
	if v == nil {
		v = make([]sighej.Verdict, len(s))
	}
	if f.short {
		v = v[1:]
	}
	return v, nil
}

// site is a handler under test.
type site struct {
	t        testing.TB
	handler  http.Handler
	sessions *sessionsFake
	log      *bytes.Buffer
	contract *jsonschema.Compiler
	document map[string]any
}

func newSite(t testing.TB, change func(*Config)) *site {
	s := &site{t: t, sessions: &sessionsFake{}, log: &bytes.Buffer{}}
	cfg := Config{
		Sessions:  s.sessions,
		Interests: []wire.Interest{{Label: "devops", Category: "tech"}},
		Faults:    faults,
		Health:    func(context.Context) wire.Health { return wire.Health{Status: "ok"} },
		Ready:     func(context.Context) (wire.Health, bool) { return wire.Health{Status: "ok"}, true },
		Stats:     func(context.Context) (wire.Stats, error) { return wire.Stats{TotalMatchesToday: 38}, nil },
		WebSocket: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			problem.Write(w, sighej.Errorf(sighej.CodeUnauthorized, "no"))
		}),
		AdminToken: adminToken,
		Logger:     slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Version:    "1.2.3",
	}
	if change != nil {
		change(&cfg)
	}
	s.handler = New(cfg)
	s.readContract()
	return s
}

// faults refuses a list without labels, labels of more than 64 bytes and those
// that say so.
func faults(labels []string) []sighej.InvalidField {
	var all []sighej.InvalidField
	if len(labels) == 0 {
		all = append(all, sighej.InvalidField{Path: "interests", Message: "none"})
	}
	for i, l := range labels {
		if len(l) > 64 || l == "unwanted" {
			all = append(all, sighej.InvalidField{Path: "interests[" + string(rune('0'+i%10)) + "]", Message: "not acceptable"})
		}
	}
	return all
}

func (s *site) readContract() {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		s.t.Fatal(err)
	}
	s.document = doc.(map[string]any)
	s.contract = jsonschema.NewCompiler()
	s.contract.AssertFormat()
	if err := s.contract.AddResource("openapi.json", doc); err != nil {
		s.t.Fatal(err)
	}
}

type call struct {
	method, path, body string
	bearer             string // "": the session's; "-": none
	header             map[string]string
}

func (c call) request() *http.Request {
	var body io.Reader
	if c.body != "" {
		body = strings.NewReader(c.body)
	}
	r := httptest.NewRequest(c.method, c.path, body)
	if c.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.bearer == "" {
		c.bearer = secret
	}
	if c.bearer != "-" {
		r.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	for k, v := range c.header {
		r.Header.Set(k, v)
	}
	return r
}

// reset makes the site as good as new.
func (s *site) reset() {
	*s.sessions = sessionsFake{}
	s.log.Reset()
}

func (s *site) do(c call) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, c.request())
	s.keepsContract(c, w)
	return w
}

// keepsContract holds an answer against the OpenAPI document, and an error
// against the rules for all errors.
func (s *site) keepsContract(c call, w *httptest.ResponseRecorder) {
	s.t.Helper()
	contentType, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
	if w.Code >= 400 && (w.Code != http.StatusServiceUnavailable || c.path != "/ready") {
		s.isProblem(w)
	}
	path := c.path
	if strings.HasPrefix(path, "/ws/") {
		path = "/ws/{ble_token}"
	}
	item, known := s.document["paths"].(map[string]any)[path].(map[string]any)
	method := strings.ToLower(c.method)
	if !known || item[method] == nil || c.method == http.MethodHead {
		return // not of the contract: only the rules for errors hold
	}
	status := http.StatusText(w.Code)
	response, ok := item[method].(map[string]any)["responses"].(map[string]any)[itoa(w.Code)].(map[string]any)
	if !ok {
		s.t.Fatalf("%s %s: %d %s is not documented", c.method, c.path, w.Code, status)
	}
	for name := range mapOf(response["headers"]) {
		if w.Header().Get(name) == "" {
			s.t.Errorf("%s %s: %d without %s", c.method, c.path, w.Code, name)
		}
	}
	if response["content"] == nil {
		if w.Body.Len() > 0 {
			s.t.Fatalf("%s %s: %d has a body", c.method, c.path, w.Code)
		}
		return
	}
	s.matchesSchema("openapi.json#/paths/"+pointer(path)+"/"+method+"/responses/"+itoa(w.Code)+
		"/content/"+pointer(contentType)+"/schema", w.Body.Bytes())
}

func (s *site) matchesSchema(location string, body []byte) {
	s.t.Helper()
	schema, err := s.contract.Compile(location)
	if err != nil {
		s.t.Fatalf("%s: %v", location, err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		s.t.Fatalf("%s: %v: %s", location, err, body)
	}
	if err := schema.Validate(v); err != nil {
		s.t.Fatalf("%s: %v: %s", location, err, body)
	}
}

// isProblem checks what every error promises.
func (s *site) isProblem(w *httptest.ResponseRecorder) wire.Problem {
	s.t.Helper()
	var p wire.Problem
	d := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil || w.Header().Get("Content-Type") != problem.ContentType {
		s.t.Fatalf("%d is no problem: %v, %q: %s", w.Code, err, w.Header().Get("Content-Type"), w.Body)
	}
	if p.Status != w.Code || p.Code == "" || p.Title == "" || problem.Status(sighej.Code(p.Code)) != w.Code {
		s.t.Fatalf("%d: %+v", w.Code, p)
	}
	if retry := w.Header().Get("Retry-After"); (w.Code == 429 || w.Code == 503) && (retry == "" || retry == "0") {
		s.t.Fatalf("%d: Retry-After %q", w.Code, retry)
	}
	if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		s.t.Fatalf("%d: headers %v", w.Code, w.Header())
	}
	return p
}

func mapOf(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func pointer(s string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(s)
}

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}
