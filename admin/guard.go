package admin

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"i80.dk/sighej"
)

var (
	errToken    = sighej.Errorf(sighej.CodeUnauthorized, "the admin token is missing or wrong")
	errLocked   = sighej.Errorf(sighej.CodeRateLimited, "too many wrong tokens from this address; none is looked at for a while")
	errLoopback = sighej.Errorf(sighej.CodeForbidden, "without an admin token only loopback is served")
	errOrigin   = sighej.Errorf(sighej.CodeForbidden, "a page of another origin may neither see nor change anything here")
)

// policy lets a page load and reach nothing but this listener, and run nothing
// that stands in the page itself.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard lets in who has the token, as a bearer or by the cookie of one who logged
// in. Without a token, or near, it lets in who addressed a loopback host and came
// by no proxy, so that neither a web page under a name of its own nor somebody
// behind a proxy reaches it. A page of another origin that a browser has open can do
// nothing either way.
type guard struct {
	token   string
	near    bool
	address func(*http.Request) netip.Addr
	failed  lockout
}

func newGuard(cfg Config) *guard {
	g := &guard{token: cfg.Token, near: cfg.Near, address: cfg.Address}
	if g.address == nil {
		g.address = peer
	}
	return g
}

// over returns a handler in which open is for everybody that may reach the
// listener and next for who is let in.
func (g *guard) over(next http.Handler, open *http.ServeMux) http.Handler {
	admitted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, pattern := open.Handler(r); pattern != "" {
			h.ServeHTTP(w, r)
			return
		}
		if err := g.admit(r); err != nil {
			turnAway(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
	foreign := http.NewCrossOriginProtection()
	foreign.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { refuse(w, errOrigin) }))
	own := foreign.Handler(admitted)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		switch {
		case g.token == "" && !local(r):
			refuse(w, errLoopback)
		case embedded(r):
			refuse(w, errOrigin)
		default:
			own.ServeHTTP(w, r)
		}
	})
}

func secure(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// admit returns nil for who may come in.
func (g *guard) admit(r *http.Request) error {
	if g.token == "" || g.knows(r) {
		return nil
	}
	shown, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case ok:
		return g.check(r, shown)
	case g.near && local(r) && r.Header.Get("Authorization") == "":
		return nil
	}
	return errToken
}

// check looks at a token that somebody shows, unless too many from there were
// wrong.
func (g *guard) check(r *http.Request, shown string) error {
	from, now := g.address(r), time.Now()
	if wait := g.failed.wait(from, now); wait > 0 {
		return errLocked.After(wait)
	}
	a, b := sha256.Sum256([]byte(shown)), sha256.Sum256([]byte(g.token))
	if subtle.ConstantTimeCompare(a[:], b[:]) != 1 {
		g.failed.fail(from, now)
		return errToken
	}
	return nil
}

// turnAway sends a person who opens the page to where they can log in.
func turnAway(w http.ResponseWriter, r *http.Request, err error) {
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.URL.Path == "/" && r.Header.Get("Authorization") == "" {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	refuse(w, err)
}

// embedded reports whether a page of another origin asks, for something it would
// use: an image, a script, a frame. A link from there may be followed.
func embedded(r *http.Request) bool {
	site := cmp.Or(r.Header.Get("Sec-Fetch-Site"), "none")
	return site != "none" && site != "same-origin" && r.Header.Get("Sec-Fetch-Dest") != "document"
}

// local reports whether a request names a loopback host and came by no proxy that
// says so.
func local(r *http.Request) bool { return loopbackHost(r.Host) && !forwarded(r) }

// forwarded reports whether a proxy says that the request is another's.
func forwarded(r *http.Request) bool {
	return slices.ContainsFunc([]string{"Forwarded", "X-Forwarded-For", "X-Real-Ip"}, func(name string) bool { return r.Header.Get(name) != "" })
}

func loopbackHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.IsLoopback()
}
