package admin

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

const token = "0123456789abcdef"

// guarded is a listener with a token, far from loopback.
func guarded(t *testing.T) *Handler {
	t.Helper()
	return New(Config{
		Today:   func(context.Context) (Today, error) { return Today{}, nil },
		Health:  func(context.Context) wire.Health { return wire.Health{} },
		Members: func(context.Context) ([]Member, error) { return nil, nil },
		History: noHistory, Now: time.Now, Floor: NewFloor(10, []byte("key"), nil),
		Token: token, Metrics: gathered(t), Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
}

// ask sends a request to it; from is the peer's address.
func ask(h http.Handler, method, path, from string, change func(*http.Request)) *httptest.ResponseRecorder {
	var body *strings.Reader
	if path == "/login" && method == "POST" {
		body = strings.NewReader(url.Values{"token": {from[strings.IndexByte(from, '|')+1:]}}.Encode())
	} else {
		body = strings.NewReader("")
	}
	r := httptest.NewRequest(method, path, body)
	r.Host, r.RemoteAddr = "admin.example:8001", strings.Split(from, "|")[0]
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// logIn tries a token in the form.
func logIn(h http.Handler, tried, from string) *httptest.ResponseRecorder {
	return ask(h, "POST", "/login", from+"|"+tried, nil)
}

func bearer(tried string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+tried) }
}

const somewhere = "192.0.2.7:1234"

func TestLogIn(t *testing.T) {
	h := guarded(t)
	if w := ask(h, "GET", "/", somewhere, nil); w.Code != 303 || w.Header().Get("Location") != "/login" {
		t.Fatal("the page without a log-in:", w.Code, w.Header())
	}
	if w := ask(h, "GET", "/login", somewhere, nil); w.Code != 200 || !strings.Contains(w.Body.String(), `type="password"`) {
		t.Fatal("the form:", w.Code, w.Body)
	}
	if w := logIn(h, "another-token-here", somewhere); w.Code != 401 || len(w.Result().Cookies()) != 0 || !strings.Contains(w.Body.String(), "not the token") {
		t.Fatal("a wrong token:", w.Code, w.Body)
	}
	w := logIn(h, token, somewhere)
	if w.Code != 303 || w.Header().Get("Location") != "/" || len(w.Result().Cookies()) != 1 {
		t.Fatal("the token:", w.Code, w.Header())
	}
	c := w.Result().Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || c.Path != "/" || c.MaxAge != 12*3600 || strings.Contains(c.Value, token) {
		t.Errorf("the cookie: %v", c)
	}
	with := func(r *http.Request) { r.AddCookie(c) }
	for _, path := range []string{"/", "/members", "/metrics"} {
		if w := ask(h, "GET", path, somewhere, with); w.Code != 200 {
			t.Error("with the cookie:", path, w.Code, w.Body)
		}
	}
	if w := ask(h, "POST", "/logout", somewhere, with); w.Code != 303 || len(w.Result().Cookies()) != 1 || w.Result().Cookies()[0].MaxAge >= 0 {
		t.Error("logging out:", w.Code, w.Header())
	}
}

// Over TLS, here or at a proxy, the cookie is bound to it and to the host.
func TestCookieOverTLS(t *testing.T) {
	w := ask(guarded(t), "POST", "/login", somewhere+"|"+token, func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") })
	if c := w.Result().Cookies(); len(c) != 1 || !c[0].Secure || !strings.HasPrefix(c[0].Name, "__Host-") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestForgedCookies(t *testing.T) {
	h := guarded(t)
	other := guard{token: token + "x"}
	own := guard{token: token}
	good := own.pass(time.Now().Add(time.Hour))
	for name, value := range map[string]string{
		"none": "", "not base64": "%%%", "short": "AAAA", "of another token": other.pass(time.Now().Add(time.Hour)),
		"over": own.pass(time.Now().Add(-time.Second)), "another time": good[:9] + "x" + good[10:], "the token": token,
	} {
		for _, cookie := range []string{plainCookie, secureCookie} {
			w := ask(h, "GET", "/members", somewhere, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: cookie, Value: value}) })
			if w.Code != 401 {
				t.Errorf("%s in %s: %d", name, cookie, w.Code)
			}
		}
	}
	if w := ask(h, "GET", "/members", somewhere, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: plainCookie, Value: good}) }); w.Code != 200 {
		t.Error("a good one:", w.Code)
	}
}

// Ten wrong tokens within a minute lock an address out, the right token too, until
// the minute is over; who is logged in or elsewhere does not notice.
func TestLockOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := guarded(t)
		pass := logIn(h, token, somewhere).Result().Cookies()[0]
		for n := range 10 {
			if n%2 == 0 {
				if w := ask(h, "GET", "/members", somewhere, bearer("wrong-wrong-wrong")); w.Code != 401 {
					t.Fatal(n, w.Code)
				}
			} else if w := logIn(h, "wrong-wrong-wrong", somewhere); w.Code != 401 {
				t.Fatal(n, w.Code)
			}
			time.Sleep(time.Second)
		}
		w := ask(h, "GET", "/members", somewhere, bearer(token))
		if wantProblem(t, w, 429, sighej.CodeRateLimited); w.Header().Get("Retry-After") != "50" {
			t.Error("as a bearer:", w.Header())
		}
		w = logIn(h, token, "192.0.2.7:999")
		if w.Code != 429 || w.Header().Get("Retry-After") != "50" || !strings.Contains(w.Body.String(), "in 50 seconds") {
			t.Error("in the form:", w.Code, w.Header())
		}
		if w := ask(h, "GET", "/members", somewhere, func(r *http.Request) { r.AddCookie(pass) }); w.Code != 200 {
			t.Error("one who is logged in:", w.Code)
		}
		if w := ask(h, "GET", "/members", "192.0.2.8:1234", bearer(token)); w.Code != 200 {
			t.Error("from elsewhere:", w.Code)
		}
		time.Sleep(50 * time.Second)
		if w := ask(h, "GET", "/members", somewhere, bearer(token)); w.Code != 200 {
			t.Error("after a minute:", w.Code)
		}
	})
}

func TestLockOutCounts(t *testing.T) {
	var l lockout
	now := time.Unix(1_800_000_000, 0)
	a, b := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::ffff:1")
	for n := range 9 {
		l.fail(a, now.Add(time.Duration(n)*7*time.Second)) // the tenth is in the next minute
	}
	l.fail(b, now.Add(61*time.Second))
	if wait := l.wait(a, now.Add(61*time.Second)); wait != 0 {
		t.Error("slow failures lock for", wait)
	}
	for range 9 {
		l.fail(b, now.Add(62*time.Second))
	}
	if wait := l.wait(a, now.Add(62*time.Second)); wait != 59*time.Second {
		t.Error("ten of one network lock for", wait)
	}
	if wait := l.wait(netip.MustParseAddr("2001:db8:0:1::1"), now.Add(62*time.Second)); wait != 0 {
		t.Error("another network is locked for", wait)
	}
	for n := range 3 * maxLocks {
		l.fail(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), now.Add(70*time.Second))
	}
	if len(l.failed) > maxLocks {
		t.Error(len(l.failed), "addresses are remembered")
	}
}

func TestWhoIsLetIn(t *testing.T) {
	set := func(header ...string) func(*http.Request) {
		return func(r *http.Request) {
			for i := 0; i < len(header); i += 2 {
				r.Header.Set(header[i], header[i+1])
			}
		}
	}
	host := func(host string) func(*http.Request) { return func(r *http.Request) { r.Host = host } }
	open := guarded(t)
	open.cfg.Token = ""
	open = New(open.cfg)
	for _, c := range []struct {
		name         string
		method, path string
		change       func(*http.Request)
		status       int
	}{
		{"this machine", "GET", "/members", host("127.0.0.1:8001"), 200},
		{"by name", "GET", "/", host("localhost:8001"), 200},
		{"a name of somebody's own for loopback", "GET", "/members", host("evil.example:8001"), 403},
		{"the assets by such a name", "GET", assetPath("page.js"), host("evil.example:8001"), 403},
		{"through a proxy", "GET", "/members", func(r *http.Request) { host("127.0.0.1:8001")(r); set("X-Forwarded-For", "192.0.2.1")(r) }, 403},
		{"an image of another page", "GET", "/debug/pprof/profile", func(r *http.Request) {
			host("localhost:8001")(r)
			set("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "image")(r)
		}, 403},
		{"a frame of another page", "GET", "/", func(r *http.Request) {
			host("localhost:8001")(r)
			set("Sec-Fetch-Site", "same-site", "Sec-Fetch-Dest", "iframe")(r)
		}, 403},
		{"a link on another page", "GET", "/", func(r *http.Request) {
			host("localhost:8001")(r)
			set("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document")(r)
		}, 200},
		{"nobody to log in", "GET", "/login", host("localhost:8001"), 303},
	} {
		if w := ask(open, c.method, c.path, "127.0.0.1:999", c.change); w.Code != c.status {
			t.Errorf("%s: %d %s, want %d", c.name, w.Code, w.Body, c.status)
		}
	}
	h := guarded(t)
	for path, status := range map[string]int{"/live": 401, "/stats": 401, "/ask/drain/x": 401, "/debug/pprof/": 401, "/nothing": 401, "/assets/x": 401, assetPath("page.css"): 200} {
		if w := ask(h, "GET", path, somewhere, nil); w.Code != status {
			t.Errorf("with a token: %s: %d, want %d", path, w.Code, status)
		}
	}
	if w := ask(h, "POST", "/login", somewhere+"|"+token, set("Origin", "https://evil.example")); w.Code != 403 {
		t.Error("a log-in by another page:", w.Code)
	}
}

// The policy allows nothing inline and nothing from elsewhere, and the pages have
// nothing that it would stop.
func TestPolicy(t *testing.T) {
	h := guarded(t)
	w := logIn(h, token, somewhere)
	c := w.Result().Cookies()[0]
	for _, path := range []string{"/", "/login", "/nothing"} {
		w := ask(h, "GET", path, somewhere, func(r *http.Request) {
			if path != "/login" {
				r.AddCookie(c)
			}
		})
		csp := w.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'; script-src 'self'; style-src 'self';") || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s: the policy is %q", path, csp)
		}
		for name, want := range map[string]string{
			"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		for _, inline := range []string{"<style", " style=", " onclick", " onload", "javascript:", "<script>", "http://", "https://"} {
			if strings.Contains(w.Body.String(), inline) {
				t.Errorf("%s has %q in it", path, inline)
			}
		}
	}
}

// Near, whoever is on the machine needs no token; a wrong one is refused there too,
// and so is who came by a proxy or under another name.
func TestNear(t *testing.T) {
	h := New(Config{
		Members: func(context.Context) ([]Member, error) { return nil, nil },
		History: noHistory, Now: time.Now, Token: token, Near: true, Metrics: gathered(t), Logger: slog.New(slog.DiscardHandler),
	})
	for _, c := range []struct {
		what, host, bearer, proxy string
		status                    int
	}{
		{"without a token", "127.0.0.1:8001", "", "", 200},
		{"by name", "localhost:8001", "", "", 200},
		{"with the token", "127.0.0.1:8001", token, "", 200},
		{"with a wrong one", "127.0.0.1:8001", "wrong-wrong-wrong", "", 401},
		{"through a proxy", "127.0.0.1:8001", "", "198.51.100.7", 401},
		{"through a proxy with the token", "127.0.0.1:8001", token, "198.51.100.7", 200},
		{"under another name", "evil.example:8001", "", "", 401},
	} {
		w := ask(h, "GET", "/members", "127.0.0.1:1234", func(r *http.Request) {
			r.Host = c.host
			if c.bearer != "" {
				bearer(c.bearer)(r)
			}
			if c.proxy != "" {
				r.Header.Set("X-Forwarded-For", c.proxy)
			}
		})
		if w.Code != c.status {
			t.Errorf("%s: %d, want %d", c.what, w.Code, c.status)
		}
	}
}
