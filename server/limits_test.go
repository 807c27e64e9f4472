package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"i80.dk/sighej/wire"
)

// registerFrom registers as a proxy on this machine would for a client.
func (m *member) registerFrom(client string) *http.Response {
	m.t.Helper()
	body := strings.NewReader(string(wire.Encode(wire.CreateSession{BLEToken: newToken(), Interests: []string{"go"}})))
	req, err := http.NewRequestWithContext(m.t.Context(), http.MethodPost, m.base()+"/session", body)
	if err != nil {
		m.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Forwarded-For", client)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp
}

func TestRegistrationsByAddress(t *testing.T) {
	few := func(o *Options) { o.RegistrationsPerMinute, o.RegistrationsBurst = 1, 2 }
	t.Run("behind a trusted proxy", func(t *testing.T) {
		m := start(t, func(o *Options) { few(o); o.TrustedProxies = "127.0.0.1" })
		for i, want := range []int{201, 201, 429} {
			resp := m.registerFrom("2001:db8:1:2::" + fmt.Sprint(i+1)) // one /64
			if resp.StatusCode != want || want == 429 && resp.Header.Get("Retry-After") == "" {
				t.Errorf("registration %d: %d, Retry-After %q", i, resp.StatusCode, resp.Header.Get("Retry-After"))
			}
		}
		if resp := m.registerFrom("2001:db8:1:3::1"); resp.StatusCode != 201 {
			t.Error("another network:", resp.StatusCode)
		}
	})
	t.Run("on loopback without proxies", func(t *testing.T) {
		m := start(t, few)
		for range 5 {
			if resp := m.registerFrom("192.0.2.1"); resp.StatusCode != 201 {
				t.Error(resp.StatusCode)
			}
		}
	})
}

// A session makes so many sightings and matches, and is the peer of so many, as the
// limits say. Seen failing with atLimit always false.
func TestLimitsOfASession(t *testing.T) {
	m := start(t, func(o *Options) { o.SightingsPerSecond, o.SightingsBurst, o.MatchesPerHour = 1, 3, 1 })
	a, b, c := m.register(newToken(), "go"), m.register(newToken(), "go"), m.register(newToken(), "go")
	if status, answer := a.hears(b.token); status != 200 || answer["nudge_sent"] != true {
		t.Error(status, answer)
	}
	if status, answer := a.hears(c.token); status != 429 || answer["code"] != "match_limit" {
		t.Error("over one's own matches:", status, answer)
	}
	if status, answer := c.hears(b.token); status != 200 || answer["match"] != false {
		t.Error("over the other's matches:", status, answer)
	}
	a.hears(c.token)
	resp, answer := m.exchange("POST", m.base()+"/match", a.access, wire.MatchRequest{OwnToken: a.token, DetectedToken: c.token})
	if resp.StatusCode != 429 || answer["code"] != "rate_limited" || resp.Header.Get("Retry-After") == "" {
		t.Error("over the sightings:", resp.StatusCode, answer)
	}
}

func TestConnectionsOfAMember(t *testing.T) {
	m := start(t, func(o *Options) { o.MaxConnections = 1 })
	a, b := m.register(newToken(), "go"), m.register(newToken(), "go")
	a.connect()
	_, resp, err := websocket.DefaultDialer.Dial("ws://"+m.addr.Public+"/ws/"+b.token, http.Header{"Authorization": {"Bearer " + b.access}})
	if err == nil || resp == nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("one too many: %v %v", resp, err)
	}
}
