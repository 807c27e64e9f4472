package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"i80.dk/sighej"
)

var (
	errToken    = sighej.Errorf(sighej.CodeUnauthorized, "the admin token is missing or wrong")
	errLoopback = sighej.Errorf(sighej.CodeForbidden, "without an admin token only loopback is served")
	errOrigin   = sighej.Errorf(sighej.CodeForbidden, "a page of another origin may change nothing here")
)

// guard lets in who has the token. Without a token it lets in who addressed a
// loopback host, so that a web page cannot reach it under a name of its own. A
// page of another origin that a browser has open can change nothing either way.
func guard(next http.Handler, token string) http.Handler {
	foreign := http.NewCrossOriginProtection()
	foreign.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { refuse(w, errOrigin) }))
	next = foreign.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		switch {
		case token != "" && !hasToken(r, token):
			refuse(w, errToken)
		case token == "" && !loopbackHost(r.Host):
			refuse(w, errLoopback)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func hasToken(r *http.Request, token string) bool {
	shown, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	a, b := sha256.Sum256([]byte(shown)), sha256.Sum256([]byte(token))
	return ok && subtle.ConstantTimeCompare(a[:], b[:]) == 1
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
