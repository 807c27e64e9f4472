package ws

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

func upgradeHeaders() http.Header {
	h := bearer()
	h.Set("Connection", "Upgrade")
	h.Set("Upgrade", "websocket")
	h.Set("Sec-WebSocket-Version", "13")
	h.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	h.Set("Sec-WebSocket-Protocol", wire.Subprotocol)
	return h
}

// get asks as a client would and returns the refusal.
func (r *rig) get(t *testing.T, token string, h http.Header) (*http.Response, wire.Problem) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.server.URL+"/ws/"+token, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = h
	resp, err := r.server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusSwitchingProtocols {
		t.Fatal("upgraded")
	}
	var p wire.Problem
	body, _ := io.ReadAll(resp.Body)
	if err := json.Unmarshal(body, &p); err != nil || resp.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("no problem+json: %q", body)
	}
	if p.Status != resp.StatusCode {
		t.Errorf("the problem says %d, the status is %d", p.Status, resp.StatusCode)
	}
	if access := strings.TrimPrefix(h.Get("Authorization"), "Bearer "); access != "" && strings.Contains(string(body), access) {
		t.Error("the answer bears the access token")
	}
	return resp, p
}

func TestRefusals(t *testing.T) {
	set := func(name, value string) func(http.Header) { return func(h http.Header) { h.Set(name, value) } }
	del := func(name string) func(http.Header) { return func(h http.Header) { h.Del(name) } }
	for _, c := range []struct {
		name   string
		token  string
		change func(http.Header)
		admit  error
		status int
		code   sighej.Code
		header string // must be there
	}{
		{"no upgrade", testToken, del("Upgrade"), nil, 426, sighej.CodeMalformed, "Upgrade"},
		{"no connection", testToken, del("Connection"), nil, 426, sighej.CodeMalformed, "Upgrade"},
		{"old version", testToken, set("Sec-WebSocket-Version", "8"), nil, 426, sighej.CodeMalformed, "Sec-WebSocket-Version"},
		{"no key", testToken, del("Sec-WebSocket-Key"), nil, 400, sighej.CodeMalformed, ""},
		{"foreign origin", testToken, set("Origin", "https://elsewhere.example"), nil, 403, sighej.CodeForbidden, ""},
		{"token too short", "abc", nil, nil, 422, sighej.CodeInvalid, ""},
		{"token of other characters", "abc%20123", nil, nil, 422, sighej.CodeInvalid, ""},
		{"no credential", testToken, del("Authorization"), nil, 401, sighej.CodeUnauthorized, "WWW-Authenticate"},
		{"credential of another form", testToken, set("Authorization", "Bearer abc123"), nil, 401, sighej.CodeUnauthorized, "WWW-Authenticate"},
		{"another scheme", testToken, set("Authorization", "Basic abc123"), nil, 401, sighej.CodeUnauthorized, "WWW-Authenticate"},
		{"wrong credential", testToken, nil, sighej.Errorf(sighej.CodeUnauthorized, "no"), 401, sighej.CodeUnauthorized, "WWW-Authenticate"},
		{"another's session", testToken, nil, sighej.Errorf(sighej.CodeForbidden, "no"), 403, sighej.CodeForbidden, ""},
		{"no such session", testToken, nil, sighej.Errorf(sighej.CodeNotFound, "no"), 404, sighej.CodeNotFound, ""},
		{"store away", testToken, nil, sighej.Errorf(sighej.CodeUnavailable, "no"), 503, sighej.CodeUnavailable, "Retry-After"},
		{"overloaded", testToken, nil, sighej.Errorf(sighej.CodeOverloaded, "no").After(time.Second), 503, sighej.CodeOverloaded, "Retry-After"},
		{"a defect", testToken, nil, io.ErrUnexpectedEOF, 500, sighej.CodeInternal, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDoor()
			d.admit = func(_ context.Context, who sighej.Caller) (sighej.SessionKey, error) {
				return sighej.SessionKey{Token: who.Token}, c.admit
			}
			// One place only, so that a refusal which kept it would show.
			r := newRig(t, Config{Sessions: d, MaxConnections: 1})
			h := upgradeHeaders()
			if c.change != nil {
				c.change(h)
			}
			for range 3 {
				resp, p := r.get(t, c.token, h)
				if resp.StatusCode != c.status || p.Code != string(c.code) {
					t.Errorf("%d %s, want %d %s", resp.StatusCode, p.Code, c.status, c.code)
				}
				if c.header != "" && resp.Header.Get(c.header) == "" {
					t.Errorf("no %s", c.header)
				}
				if c.code == sighej.CodeInvalid && (len(p.Errors) != 1 || p.Errors[0].Location != "path.ble_token") {
					t.Errorf("invalid fields %v", p.Errors)
				}
			}
			if n := len(d.actors); n != 0 {
				t.Errorf("%d actors were attached", n)
			}
		})
	}
}

func TestCredentialAndSubprotocol(t *testing.T) {
	header, other := string(sighej.NewAccessToken()), string(sighej.NewAccessToken())
	for _, c := range []struct {
		name      string
		beacon    bool
		header    string
		protocols []string
		access    string
		selected  string
	}{
		{"header", false, "Bearer " + header, []string{wire.Subprotocol}, header, wire.Subprotocol},
		{"scheme in lower case", false, "bearer " + header, []string{wire.Subprotocol}, header, wire.Subprotocol},
		{"header, bare", false, "Bearer " + header, nil, header, ""},
		{"browser", false, "", []string{wire.Subprotocol, wire.BearerPrefix + other}, other, wire.Subprotocol},
		{"browser, other order", false, "", []string{wire.BearerPrefix + other, wire.Subprotocol}, other, wire.Subprotocol},
		{"bearer alone", false, "", []string{wire.BearerPrefix + other}, other, ""},
		{"a subprotocol of somebody else", false, "Bearer " + header, []string{"chat"}, header, ""},
		{"header before subprotocol", false, "Bearer " + header, []string{wire.Subprotocol, wire.BearerPrefix + other}, header, wire.Subprotocol},
		{"beacon", true, "", nil, "", ""},
		{"beacon with a bearer of another form", true, "Bearer abc123", []string{wire.Subprotocol}, "", wire.Subprotocol},
	} {
		t.Run(c.name, func(t *testing.T) {
			callers := make(chan sighej.Caller, 1)
			d := newDoor()
			d.admit = func(_ context.Context, who sighej.Caller) (sighej.SessionKey, error) {
				callers <- who
				return sighej.SessionKey{Token: who.Token, ID: sighej.SessionID{7}}, nil
			}
			r := newRig(t, Config{Sessions: d, Beacon: c.beacon})
			h := http.Header{}
			if c.header != "" {
				h.Set("Authorization", c.header)
			}
			dialer := websocket.Dialer{Subprotocols: c.protocols}
			conn, resp, err := dialer.Dial(r.url(), h)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if got := strings.Join(resp.Header.Values("Sec-WebSocket-Protocol"), ","); got != c.selected {
				t.Errorf("selected %q, want %q", got, c.selected)
			}
			if who := <-callers; who.Token != testToken || string(who.Access) != c.access {
				t.Error("another caller was admitted")
			}
			a := receive(t, d.actors, "Attach")
			if a.bare != (c.selected == "") || a.key.ID != (sighej.SessionID{7}) {
				t.Errorf("bare %v, key %v", a.bare, a.key.ID)
			}
		})
	}
}

func TestOrigin(t *testing.T) {
	r := newRig(t, Config{CheckOrigin: func(r *http.Request) bool {
		return r.Header.Get("Origin") == "https://app.example"
	}})
	h := bearer()
	h.Set("Origin", "https://app.example")
	c, resp, err := websocket.DefaultDialer.Dial(r.url(), h)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	_ = c.Close()
	refused := upgradeHeaders()
	refused.Set("Origin", "https://elsewhere.example")
	if resp, _ := r.get(t, testToken, refused); resp.StatusCode != http.StatusForbidden {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestMaxConnections(t *testing.T) {
	r := newRig(t, Config{MaxConnections: 2})
	_, _ = r.dialV1(t)
	c, a := r.dialV1(t)
	resp, p := r.get(t, testToken, upgradeHeaders())
	if p.Code != string(sighej.CodeOverloaded) || resp.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s, Retry-After %q", resp.StatusCode, p.Code, resp.Header.Get("Retry-After"))
	}
	if n := r.Connections(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
	_ = c.Close()
	a.awaitClosed(t)
	eventually(t, "its place to be free", func() bool { return r.Connections() == 1 })
	_, _ = r.dialV1(t)
}
