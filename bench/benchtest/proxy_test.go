package benchtest

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"i80.dk/sighej/server"
	"i80.dk/sighej/wire"
)

// rare tampers with everything, but never gets to it.
var rare = Fault{
	DropNudge: 1e9, DuplicateNudge: 1e9, DelayNudge: 1e9, Misdeliver: 1e9, LeakNudge: 1e9, LeakMessage: 1e9, LeakAnswer: 1e9,
	DenyMatch: 1e9, ClaimMatch: 1e9, Delay: time.Hour, Label: label,
}

// withAndWithout runs a test with a proxy that does nothing and with one that
// might.
func withAndWithout(t *testing.T, test func(t *testing.T, f Fault)) {
	t.Run("no fault", func(t *testing.T) { test(t, Fault{}) })
	t.Run("rare faults", func(t *testing.T) { test(t, rare) })
}

// An answer is the same through the proxy as without it, whatever it says.
func TestAnswersPassUnchanged(t *testing.T) {
	withAndWithout(t, func(t *testing.T, f Fault) {
		base, _ := startMember(t, func(o *server.Options) { o.MatchesPerHour = 1 })
		proxy := Start(t, base, f)
		a, b, tired := register(t, proxy.URL, "go"), register(t, proxy.URL, "go"), register(t, proxy.URL, "go")
		a.match(b)
		tired.match(register(t, proxy.URL, "go"))
		another := register(t, proxy.URL, "go")
		stranger := &phone{t: t, client: a.client}
		for _, c := range []struct {
			who          *phone
			method, path string
			body         any
			status       int
		}{
			{a, "GET", "/session", nil, 200},
			{a, "PATCH", "/session", `{"open_to_talk":true}`, 200},
			{a, "POST", "/match", wire.MatchRequest{OwnToken: a.token, DetectedToken: b.token}, 200},
			{a, "POST", "/sightings", wire.SightingsRequest{OwnToken: a.token, Sightings: []wire.Sighting{{Token: b.token}, {Token: "nobody"}}}, 200},
			{tired, "POST", "/match", wire.MatchRequest{OwnToken: tired.token, DetectedToken: another.token}, 429},
			{stranger, "GET", "/interests", nil, 200},
			{stranger, "GET", "/health", nil, 200},
			{stranger, "GET", "/openapi.json", nil, 200},
			{stranger, "HEAD", "/health", nil, 200},
			{stranger, "GET", "/health?x=%2F", nil, 200},
			{stranger, "GET", "/session", nil, 401},
			{b, "POST", "/match", wire.MatchRequest{OwnToken: a.token, DetectedToken: b.token}, 403},
			{stranger, "GET", "/no%2Fwhere", nil, 404},
			{a, "DELETE", "/match", nil, 405},
			{a, "POST", "/match", "no JSON", 400},
			{a, "POST", "/match", `{}`, 422},
			{a, "POST", "/session", strings.Repeat(" ", 17<<10), 413},
			{stranger, "POST", "/session", wire.CreateSession{BLEToken: a.token, Interests: []string{"go"}}, 409},
			{a, "GET", "/ws/" + a.token, nil, 426},
		} {
			direct, want := c.who.call(base, c.method, c.path, c.body)
			through, got := c.who.call(proxy.URL, c.method, c.path, c.body)
			name := c.method + " " + c.path
			if direct.StatusCode != c.status || through.StatusCode != c.status {
				t.Errorf("%s: %s, and without the proxy %s", name, through.Status, direct.Status)
			}
			if d := cmp.Diff(lasting(direct.Header), lasting(through.Header)); d != "" {
				t.Errorf("%s: headers: %s", name, d)
			}
			if string(got) != string(want) {
				t.Errorf("%s: %s, and without the proxy %s", name, got, want)
			}
			if retry := through.Header.Get("Retry-After"); (retry != "") != (c.status == 429) {
				t.Errorf("%s: Retry-After %q", name, retry)
			}
		}
		if did := proxy.Tampered(); did != (Tampered{}) {
			t.Errorf("%+v", did)
		}
	})
}

// lasting are the headers but for those that change from one answer to the next
// and those that concern one hop only.
func lasting(h http.Header) http.Header {
	h = maps.Clone(h)
	for _, name := range []string{"Date", "Retry-After", "Connection", "Upgrade"} {
		h.Del(name)
	}
	return h
}

// A request arrives as the phone sent it.
func TestRequestsPassUnchanged(t *testing.T) {
	seen := make(chan *http.Request, 1)
	target := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		seen <- r
	}))
	defer target.Close()
	proxy := Start(t, target.URL+"/prefix", rare)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, proxy.URL+"/a%2Fb/match?x=1;2", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "some.example"
	req.Header = http.Header{
		"Authorization": {"Bearer x"}, "Origin": {"http://some.example"}, "X-Forwarded-For": {"10.0.0.1", "10.0.0.2"}, "X-Forwarded-Proto": {"https"},
		"Accept": {"a", "b"}, "User-Agent": {"a phone"}, "Content-Type": {"application/json"},
	}
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	got := <-seen
	body, _ := io.ReadAll(got.Body)
	got.Header.Del("Content-Length")
	if d := cmp.Diff(req.Header, got.Header); d != "" {
		t.Error(d)
	}
	if got.Host != "some.example" || got.RequestURI != "/prefix/a%2Fb/match?x=1;2" || string(body) != "body" {
		t.Error(got.Host, got.RequestURI, string(body))
	}
}

func TestNoServerIsABadGateway(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	proxy := Start(t, gone.URL, Fault{})
	p := &phone{t: t, base: proxy.URL, token: "abc123", client: &http.Client{Transport: &http.Transport{}}}
	defer p.client.CloseIdleConnections()
	if resp, _ := p.call(proxy.URL, "GET", "/health", nil); resp.StatusCode != http.StatusBadGateway {
		t.Error(resp.Status)
	}
	_, resp, err := websocket.DefaultDialer.Dial(strings.Replace(proxy.URL, "http", "ws", 1)+"/ws/abc123", nil)
	if err == nil || resp == nil || resp.StatusCode != http.StatusBadGateway {
		t.Error(resp, err)
	}
}
