package transport

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// discard is a ResponseWriter that costs nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

func BenchmarkMatch(b *testing.B) {
	for name, origins := range map[string][]string{"plain": nil, "cors": {"http://localhost:3000"}} {
		b.Run(name, func(b *testing.B) {
			s := newSite(b, func(cfg *Config) { cfg.AllowedOrigins = origins })
			body := strings.NewReader(match)
			r := httptest.NewRequest("POST", "/match", body)
			r.Header.Set("Authorization", "Bearer "+secret)
			r.Header.Set("Content-Type", "application/json")
			w := discard{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				body.Reset(match)
				clear(w.header)
				s.handler.ServeHTTP(w, r)
			}
		})
	}
}
