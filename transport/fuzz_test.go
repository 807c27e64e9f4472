package transport

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// FuzzBodies sends any body to each call that takes one: never a 5xx, never a
// panic, always an answer of the contract.
func FuzzBodies(f *testing.F) {
	calls := []call{
		{"POST", "/session", "", "-", nil},
		{"PATCH", "/session", "", "", nil},
		{"POST", "/session/rotate", "", "", nil},
		{"POST", "/block", "", "", nil},
		{"POST", "/wave", "", "", nil},
		{"POST", "/match", "", "", nil},
		{"POST", "/sightings", "", "", nil},
	}
	for _, body := range []string{
		create, match, sightings, nudge, `{"open_to_talk":true}`, `{"open_to_talk":null}`, `null`, `[]`, `{}`, `"`, `{"a":1e999}`,
		`{"own_token":"abcdef","detected_token":"abcdeg","rssi":1.0}`, `{"interests":[{},[],null,1]}`, "\xff", `{"a":{"b":1,"b":2}}`,
		`{"own_token":"abcdef","sightings":[{"token":"abcdeg","seen_at":"2026-05-12T1:00:00Z"}]}`,
		`{"own_token":"abcdef","sightings":[{"token":"abcdeg","seen_at":"0000-01-01T00:00:00+24:00"}]}`,
		`{"own_token":"\ud800","detected_token":"\u0000"}`,
	} {
		for i := range calls {
			f.Add(i, body)
		}
	}
	s := newSite(f, nil)
	f.Fuzz(func(t *testing.T, which int, body string) {
		c := calls[uint(which)%uint(len(calls))]
		c.body = body
		s.t = t
		s.log.Reset()
		if w := s.do(c); w.Code >= 500 || s.log.Len() > 0 {
			t.Errorf("%s %s: %d, log %s", c.method, c.path, w.Code, s.log)
		}
	})
}

// FuzzHeads sends any path and headers: never a 5xx, never a panic, and nothing of
// a header comes back in one or gets into the log.
func FuzzHeads(f *testing.F) {
	for _, path := range []string{"/ws/" + ownToken, "/session", "/docs/..%2fdocs.go", "//metrics", "/ws/%00%0d%0a", "/match?a=b", "*"} {
		f.Add("GET", path, "Bearer "+secret, "https://evil.example", "198.51.100.9, 10.0.0.1", "sighej.v1, bearer."+secret)
		f.Add("POST", path, "bearer \x00", "null", "::ffff:198.51.100.9%eth0", ",,bearer.,")
	}
	trusted := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	s := newSite(f, func(cfg *Config) {
		cfg.AllowedOrigins, cfg.TrustedProxies = []string{"https://app.example"}, trusted
		cfg.Lockout = NewLockout(1, 1<<30, trusted)
	})
	f.Fuzz(func(t *testing.T, method, path, authorization, origin, forwarded, protocols string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || method == "CONNECT" {
			return // net/http answers these by itself
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Method, r.URL = method, u
		for name, value := range map[string]string{
			"Authorization": authorization, "Origin": origin, "X-Forwarded-For": forwarded, "Sec-Websocket-Protocol": protocols,
		} {
			r.Header.Set(name, value)
		}
		s.log.Reset()
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Code >= 500 || s.log.Len() > 0 {
			t.Errorf("%s %q: %d, log %s", method, path, w.Code, s.log)
		}
		head := fmt.Sprint(w.Header())
		for _, sent := range []string{authorization, forwarded, protocols} {
			if len(sent) > 12 && strings.Contains(head, sent) {
				t.Errorf("%q comes back in %s", sent, head)
			}
		}
	})
}
