package transport

import (
	"hash/maphash"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"

	"i80.dk/sighej"
	"i80.dk/sighej/transport/problem"
	"i80.dk/sighej/wire"
)

// Lockout keeps an address from which many credentials have failed from trying
// more of them: with its bucket of failures empty a credential is not looked at,
// and the answer is 429. Calls that show none go on, registrations too.
//
// Phones share addresses, so whoever guesses must not lock out the honest phone
// beside it: a credential that has opened something on this member before is
// looked at all the same. What is kept of one for that is a keyed 8-byte
// fingerprint under a key of this process; it goes when its session is forgotten.
//
// It is safe for concurrent use and does not block. A nil *Lockout is off.
type Lockout struct {
	failures *AddressLimiter
	trusted  []netip.Prefix
	seed     maphash.Seed
	proven   [provenRoom]atomic.Uint64
}

// provenRoom is how many fingerprints are kept, 1 MB of them: a newer one takes
// the place that is its own.
const provenRoom = 1 << 17

// NewLockout lets each address fail burst times at once and perMinute times a
// minute in the long run. With either 0 or less it returns nil. Trusted are the
// proxies whose X-Forwarded-For is believed.
func NewLockout(perMinute, burst int, trusted []netip.Prefix) *Lockout {
	if perMinute <= 0 || burst <= 0 {
		return nil
	}
	return &Lockout{failures: NewAddressLimiter(perMinute, burst), trusted: trusted, seed: maphash.MakeSeed()}
}

// refuses answers a request that shows a credential which must not be looked at,
// and reports whether it did. Shown is that credential, or "".
func (l *Lockout) refuses(w http.ResponseWriter, r *http.Request, shown string) bool {
	if l == nil || shown == "" {
		return false
	}
	wait, out := l.failures.Exhausted(ClientAddr(r, l.trusted))
	if !out || l.knows(shown) {
		return false
	}
	problem.Write(w, sighej.Errorf(sighej.CodeRateLimited, "too many credentials from this address have failed").After(wait))
	return true
}

// observe counts a failure, or remembers a credential that opened something.
func (l *Lockout) observe(r *http.Request, shown string, status int) {
	if l == nil || shown == "" {
		return
	}
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		_, _ = l.failures.Allow(ClientAddr(r, l.trusted))
	case status >= http.StatusBadRequest, public(r.Pattern): // tells nothing of the credential
	case r.Pattern == forgetPattern:
		place, print := l.place(shown)
		place.CompareAndSwap(print, 0)
	default:
		if place, print := l.place(shown); place.Load() != print {
			place.Store(print)
		}
	}
}

func (l *Lockout) knows(shown string) bool {
	place, print := l.place(shown)
	return place.Load() == print
}

// place returns where the fingerprint of a credential stands, and that.
func (l *Lockout) place(shown string) (*atomic.Uint64, uint64) {
	print := maphash.String(l.seed, shown) | 1 // never that of an empty place
	return &l.proven[print>>32%provenRoom], print
}

// forgetPattern is the route by which a session ends.
const forgetPattern = "DELETE /session"

// public reports whether a route opens to everybody, so that its success says
// nothing of a credential that came along.
func public(pattern string) bool {
	switch pattern {
	case "GET /session", "PATCH /session", forgetPattern, "POST /session/rotate", "POST /match", "POST /sightings",
		"GET /ws/{ble_token}", "GET /stats":
		return false
	}
	return true
}

// shownCredential is the credential that a request bears, whatever its form:
// that of its Authorization header, else the one among the subprotocols. "" if
// there is none.
func shownCredential(r *http.Request) string {
	if h := r.Header.Get("Authorization"); h != "" {
		return bearer(h)
	}
	for _, line := range r.Header["Sec-Websocket-Protocol"] {
		for p := range strings.SplitSeq(line, ",") {
			if access, ok := strings.CutPrefix(strings.TrimSpace(p), wire.BearerPrefix); ok {
				return access
			}
		}
	}
	return ""
}
