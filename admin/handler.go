package admin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// Config is what the internal listener shows.
type Config struct {
	Stats   func(context.Context) (wire.Stats, error)
	Metrics prometheus.Gatherer
	Token   string // "": no credential is asked for; then only requests to a loopback host are answered
	Logger  *slog.Logger
}

// New returns the handler of the internal listener:
//
//	GET /stats         the day's counts as JSON
//	GET /metrics       Prometheus metrics, as text or as OpenMetrics
//	GET /debug/pprof/  the Go profiler
func New(cfg Config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", index)
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, r *http.Request) { stats(w, r, cfg) })
	mux.Handle("GET /metrics", metrics(cfg))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return guard(mux, cfg.Token)
}

func index(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("SigHej, internal listener\n\n/stats\n/metrics\n/debug/pprof/\n"))
}

func stats(w http.ResponseWriter, r *http.Request, cfg Config) {
	s, err := cfg.Stats(r.Context())
	if err != nil {
		cfg.Logger.WarnContext(r.Context(), "the counts could not be read", slog.Any("error", err))
		status := http.StatusInternalServerError
		if sighej.CodeOf(err) == sighej.CodeUnavailable {
			status = http.StatusServiceUnavailable
			w.Header().Set("Retry-After", "1")
		}
		http.Error(w, "the counts could not be read", status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s)
}

// metrics shows what could be gathered even if some could not.
func metrics(cfg Config) http.Handler {
	return promhttp.HandlerFor(cfg.Metrics, promhttp.HandlerOpts{
		EnableOpenMetrics: true,
		ErrorHandling:     promhttp.ContinueOnError,
		ErrorLog:          slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelWarn),
	})
}

// guard lets in who has the token. Without a token it lets in who addressed a
// loopback host, so that a web page cannot reach it under a name of its own.
func guard(next http.Handler, token string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		switch {
		case token != "" && !hasToken(r, token):
			w.Header().Set("WWW-Authenticate", `Bearer realm="sighej admin"`)
			http.Error(w, "the admin token is missing or wrong", http.StatusUnauthorized)
		case token == "" && !loopbackHost(r.Host):
			http.Error(w, "without an admin token only loopback is served", http.StatusForbidden)
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
