package adversary

import (
	"net/http"
	"testing"

	"i80.dk/sighej/internal/testmember"
	"i80.dk/sighej/server"
)

// A page of another site cannot open a WebSocket, even with a credential that it
// has somehow got. Seen failing with CheckOrigin that allows all.
func TestCrossSiteWebSocket(t *testing.T) {
	m := testmember.Start(t, func(o *server.Options) { o.AllowedOrigins = "https://app.example" })
	p := register(t, m, "chess")
	for origin, allowed := range map[string]bool{
		"https://evil.example": false, "null": false, "https://app.example.evil.example": false, "http://app.example": false,
		"https://evil.example/https://app.example": false, "file://": false, "https://app.example:444": false,
		"https://app.example": true, "http://" + m.Public: true,
	} {
		conn, resp, err := p.dialAs(p.token, http.Header{"Origin": {origin}})
		switch {
		case allowed && err != nil:
			t.Errorf("%s: %v", origin, err)
		case allowed:
			_ = conn.Close()
		case err == nil || resp == nil || resp.StatusCode != http.StatusForbidden:
			t.Errorf("%s: %v %v", origin, resp, err)
		}
	}
}

// A page of another site cannot make a browser act for its owner: there is nothing
// that a browser sends by itself, forms are refused, and no answer may be read.
// Seen failing with a format of +json that reads bodies, and with "*" as the origin.
func TestCrossSiteRequests(t *testing.T) {
	m := testmember.Start(t, func(o *server.Options) { o.AllowedOrigins = "https://app.example" })
	p := register(t, m, "chess")
	body := sightingOf(p.token, newToken())
	for _, media := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain;application/json", "application/csp-report", "application/reports+json"} {
		a := send(t, m, request{method: "POST", path: "/match", bearer: p.access, body: body, header: map[string]string{"Content-Type": media}})
		if a.status != http.StatusUnsupportedMediaType {
			t.Errorf("%q: %+v", media, a)
		}
	}
	for _, cookie := range []string{"access_token=" + p.access, "Authorization=Bearer " + p.access, "session=" + p.id} {
		a := send(t, m, request{method: "POST", path: "/match", body: body, header: map[string]string{"Cookie": cookie}})
		if a.status != http.StatusUnauthorized || len(a.header["Set-Cookie"]) > 0 {
			t.Errorf("a cookie: %+v", a)
		}
	}
	for _, method := range []string{"POST", "PATCH", "DELETE", "GET"} {
		for _, origin := range []string{"https://evil.example", "null"} {
			a := send(t, m, request{method: "OPTIONS", path: "/session", header: map[string]string{
				"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization",
			}})
			b := send(t, m, request{method: "GET", path: "/session", bearer: p.access, header: map[string]string{"Origin": origin}})
			for _, x := range []answer{a, b} {
				if got := x.header.Get("Access-Control-Allow-Origin"); got != "" {
					t.Errorf("%s from %s: allowed for %q", method, origin, got)
				}
			}
		}
	}
	a := send(t, m, request{method: "GET", path: "/session", bearer: p.access, header: map[string]string{"Origin": "https://app.example"}})
	if a.header.Get("Access-Control-Allow-Origin") != "https://app.example" || a.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("the page that is allowed: %+v", a)
	}
}
