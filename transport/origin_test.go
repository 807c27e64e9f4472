package transport

import (
	"net/http/httptest"
	"testing"
)

func TestOriginAllowed(t *testing.T) {
	for _, c := range []struct {
		origins []string
		origin  string
		want    bool
	}{
		{nil, "", true},
		{nil, "http://example.com", true}, // httptest's host
		{nil, "HTTP://EXAMPLE.COM", true},
		{nil, "http://example.com:81", false},
		{nil, "http://localhost:3000", false},
		{nil, "null", false},
		{nil, "::", false},
		{[]string{"http://localhost:3000"}, "http://localhost:3000", true},
		{[]string{"http://localhost:3000"}, "http://LOCALHOST:3000", true},
		{[]string{"http://localhost:3000"}, "https://localhost:3000", false},
		{[]string{"http://localhost:3000"}, "http://localhost:30001", false},
		{[]string{"*"}, "null", true},
	} {
		r := httptest.NewRequest("GET", "/ws/x", nil)
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if got := OriginAllowed(c.origins)(r); got != c.want {
			t.Errorf("%v, %q: %v", c.origins, c.origin, got)
		}
	}
}

func TestCORS(t *testing.T) {
	const page = "http://localhost:3000"
	for _, c := range []struct {
		origins []string
		origin  string
		want    string
	}{
		{[]string{page}, page, page},
		{[]string{page}, "http://elsewhere", ""},
		{nil, page, ""},
	} {
		s := newSite(t, func(cfg *Config) { cfg.AllowedOrigins = c.origins })
		w := s.do(call{"POST", "/match", match, "", map[string]string{"Origin": c.origin}})
		if w.Code != 200 || w.Header().Get("Access-Control-Allow-Origin") != c.want {
			t.Errorf("%v, %s: %d %v", c.origins, c.origin, w.Code, w.Header())
		}
		if c.want != "" && w.Header().Get("Access-Control-Expose-Headers") != "Retry-After" {
			t.Errorf("a page cannot read Retry-After: %v", w.Header())
		}
		w = s.do(call{"OPTIONS", "/session", "", "-", map[string]string{
			"Origin": c.origin, "Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "authorization,content-type",
		}})
		if w.Header().Get("Access-Control-Allow-Origin") != c.want {
			t.Errorf("preflight, %v, %s: %d %v", c.origins, c.origin, w.Code, w.Header())
		}
		if c.want != "" && (w.Header().Get("Access-Control-Allow-Methods") != "DELETE" || w.Code != 204) {
			t.Errorf("preflight: %d %v", w.Code, w.Header())
		}
	}
}
