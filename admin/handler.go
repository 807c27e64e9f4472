package admin

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
	"i80.dk/sighej/wire"
)

// Config is what the internal listener shows and does. The functions answer with
// coded errors: [sighej.CodeUnavailable] when a store is away.
type Config struct {
	Stats   func(context.Context) (wire.Stats, error)
	History func(ctx context.Context, first persistence.Day) ([]persistence.Totals, error) // oldest first
	Floor   *Floor                                                                         // what of the counts of categories is told
	Now     func() time.Time                                                               // by which today is reckoned
	Members func(context.Context) ([]Member, error)                                        // by id
	// Drain asks a member to leave, this one or another, and does not wait for it:
	// [sighej.CodeNotFound] when there is no such member, [CodeNoCluster].
	Drain   func(ctx context.Context, id string) error
	Metrics prometheus.Gatherer
	Token   string // "": no credential is asked for; then only requests to a loopback host are answered
	Logger  *slog.Logger
}

// New returns the handler of the internal listener:
//
//	GET  /stats               the day's counts as JSON
//	GET  /stats/history       those of the last days; ?days=N, 1 to 366, default 30
//	GET  /metrics             Prometheus metrics, as text or as OpenMetrics
//	GET  /members             the members of the cluster, or this one alone
//	POST /members/{id}/drain  asks one of them to leave
//	GET  /debug/pprof/        the Go profiler
func New(cfg Config) http.Handler {
	mux := http.NewServeMux()
	with := func(h func(http.ResponseWriter, *http.Request, Config)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { h(w, r, cfg) }
	}
	mux.HandleFunc("GET /{$}", index)
	mux.HandleFunc("GET /stats", with(stats))
	mux.HandleFunc("GET /stats/history", with(history))
	mux.HandleFunc("GET /members", with(members))
	mux.HandleFunc("POST /members/{id}/drain", with(drain))
	mux.Handle("GET /metrics", metrics(cfg))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("/", nowhere(mux))
	return guard(mux, cfg.Token)
}

func index(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("SigHej, internal listener\n\n/stats\n/stats/history?days=30\n/members\n/metrics\n/debug/pprof/\n\n" +
		"POST /members/{id}/drain\n"))
}

var (
	errNoSuchPage = sighej.Errorf(sighej.CodeNotFound, "there is no such page")
	errMethod     = sighej.Errorf(sighej.CodeMethodNotAllowed, "this page does not know that method")
)

// nowhere answers what no route takes: 405 when another method would do, 404
// otherwise.
func nowhere(mux *http.ServeMux) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var allow []string
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
			if _, pattern := mux.Handler(&http.Request{Method: method, URL: r.URL, Host: r.Host}); pattern != "/" {
				allow = append(allow, method)
			}
		}
		if len(allow) == 0 {
			refuse(w, errNoSuchPage)
			return
		}
		w.Header().Set("Allow", strings.Join(allow, ", "))
		refuse(w, errMethod)
	}
}

func stats(w http.ResponseWriter, r *http.Request, cfg Config) {
	s, err := cfg.Stats(r.Context())
	if err != nil {
		fail(w, r, cfg.Logger, err)
		return
	}
	answer(w, http.StatusOK, s)
}

// metrics shows what could be gathered even if some could not.
func metrics(cfg Config) http.Handler {
	return promhttp.HandlerFor(cfg.Metrics, promhttp.HandlerOpts{
		EnableOpenMetrics: true,
		ErrorHandling:     promhttp.ContinueOnError,
		ErrorLog:          slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelWarn),
	})
}
