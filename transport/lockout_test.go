package transport

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"testing"

	"i80.dk/sighej"
	"i80.dk/sighej/transport/problem"
)

// from is a call from an address, behind a proxy that is trusted.
func from(address, method, path, bearer string) call {
	return call{method, path, map[string]string{"POST /match": match}[method+" "+path], bearer, map[string]string{"X-Forwarded-For": address}}
}

func lockedSite(t *testing.T, burst int) *site {
	proxies := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} // where httptest's requests come from
	return newSite(t, func(cfg *Config) {
		cfg.TrustedProxies = proxies
		cfg.Lockout = NewLockout(1, burst, proxies)
		cfg.WebSocket = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			problem.Write(w, sighej.Errorf(sighej.CodeForbidden, "no"))
		})
	})
}

func (s *site) wants(status int, c call) *httptest.ResponseRecorder {
	s.t.Helper()
	w := s.do(c)
	if w.Code != status {
		s.t.Errorf("%s %s from %s: %d %s, want %d", c.method, c.path, c.header["X-Forwarded-For"], w.Code, w.Body, status)
	}
	return w
}

func guess(i int) string {
	return "sj_" + strconv.Itoa(1e9+i) + secret[13:]
}

func TestWhoGuessesIsLockedOut(t *testing.T) {
	for name, try := range map[string]func(i int) call{
		"sightings":  func(i int) call { return from("198.51.100.1", "POST", "/match", guess(i)) },
		"sessions":   func(i int) call { return from("198.51.100.1", "GET", "/session", guess(i)) },
		"WebSocket":  func(i int) call { return from("198.51.100.1", "GET", "/ws/"+ownToken, guess(i)) },
		"statistics": func(i int) call { return from("198.51.100.1", "GET", "/stats", guess(i)) },
		"malformed":  func(i int) call { return from("198.51.100.1", "GET", "/session", strconv.Itoa(i)) },
		"as a browser": func(i int) call {
			c := from("198.51.100.1", "GET", "/ws/"+ownToken, "-")
			c.header["Sec-WebSocket-Protocol"] = "sighej.v1, bearer." + guess(i)
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := lockedSite(t, 5)
			s.sessions.err = sighej.Errorf(sighej.CodeUnauthorized, "no")
			for i := range 5 {
				if w := s.do(try(i)); w.Code != http.StatusUnauthorized && w.Code != http.StatusForbidden {
					t.Errorf("guess %d: %d", i, w.Code)
				}
			}
			s.sessions.err = nil // even the right one is not looked at any more
			w := s.wants(http.StatusTooManyRequests, try(5))
			if p := s.isProblem(w); p.Code != "rate_limited" || w.Header().Get("Retry-After") == "" {
				t.Errorf("%+v %v", p, w.Header())
			}
			other := try(6)
			other.header["X-Forwarded-For"] = "198.51.100.2"
			if w := s.do(other); w.Code == http.StatusTooManyRequests {
				t.Error("another address is locked out, too")
			}
		})
	}
}

// Whoever guesses behind an address does not lock out the honest phones there. Seen
// failing with knows always false.
func TestAnHonestPhoneBesideAGuesser(t *testing.T) {
	const address = "198.51.100.1"
	s := lockedSite(t, 3)
	s.wants(http.StatusOK, from(address, "GET", "/session", secret))
	s.wants(http.StatusOK, from(address, "GET", "/stats", adminToken))
	s.sessions.err = sighej.Errorf(sighej.CodeForbidden, "no")
	for i := range 3 {
		s.wants(http.StatusForbidden, from(address, "POST", "/match", guess(i)))
	}
	s.sessions.err = nil
	s.wants(http.StatusTooManyRequests, from(address, "POST", "/match", guess(3)))
	s.wants(http.StatusOK, from(address, "POST", "/match", secret))
	s.wants(http.StatusOK, from(address, "GET", "/stats", adminToken))
	s.wants(http.StatusOK, from(address, "GET", "/interests", "-"))
	s.wants(http.StatusCreated, call{"POST", "/session", create, "-", map[string]string{"X-Forwarded-For": address}})

	s.wants(http.StatusNoContent, from(address, "DELETE", "/session", secret))
	s.wants(http.StatusTooManyRequests, from(address, "GET", "/session", secret)) // nothing is kept of it
}

// A credential that came along to a page which opens to everybody has opened
// nothing.
func TestAPublicPageProvesNothing(t *testing.T) {
	const address = "198.51.100.1"
	s := lockedSite(t, 1)
	s.wants(http.StatusOK, from(address, "GET", "/interests", guess(0)))
	s.wants(http.StatusOK, from(address, "GET", "/health", guess(0)))
	s.wants(http.StatusCreated, call{"POST", "/session", create, guess(0), map[string]string{"X-Forwarded-For": address}})
	s.sessions.err = sighej.Errorf(sighej.CodeUnauthorized, "no")
	s.wants(http.StatusUnauthorized, from(address, "GET", "/session", guess(1)))
	s.wants(http.StatusTooManyRequests, from(address, "GET", "/session", guess(0)))
}

func TestNoLockout(t *testing.T) {
	for _, l := range []*Lockout{NewLockout(0, 5, nil), NewLockout(5, 0, nil)} {
		if l != nil {
			t.Error("a limit of 0 is not off")
		}
	}
	s := newSite(t, nil)
	s.sessions.err = sighej.Errorf(sighej.CodeUnauthorized, "no")
	for i := range 5000 {
		s.wants(http.StatusUnauthorized, from("198.51.100.1", "GET", "/session", guess(i)))
	}
}
