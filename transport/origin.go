package transport

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rs/cors"
)

// preflightSeconds is how long a browser may remember what it was allowed.
const preflightSeconds = 600

// OriginAllowed returns what tells whether a WebSocket handshake may come from
// where it comes from. A browser's must come from the host it goes to or from
// one of origins, compared without regard to case; "*" allows them all. Who sends
// no Origin is no browser and is allowed.
func OriginAllowed(origins []string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		origin := r.Header.Get("Origin")
		if origin == "" || listed(origins, origin) {
			return true
		}
		u, err := url.Parse(origin)
		return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
	}
}

func listed(origins []string, origin string) bool {
	return slices.ContainsFunc(origins, func(o string) bool { return o == "*" || strings.EqualFold(o, origin) })
}

// shared lets the pages of other origins call next, as far as they are listed.
func shared(next http.Handler, origins []string) http.Handler {
	if len(origins) == 0 {
		return next
	}
	return cors.New(cors.Options{
		AllowOriginFunc: func(origin string) bool { return listed(origins, origin) },
		AllowedMethods:  []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete},
		AllowedHeaders:  []string{"Authorization", "Content-Type"},
		ExposedHeaders:  []string{"Retry-After"},
		MaxAge:          preflightSeconds,
	}).Handler(next)
}
