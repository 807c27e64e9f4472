package admin

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"net/netip"
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
	Today   func(context.Context) (Today, error)
	History func(ctx context.Context, first persistence.Day) ([]persistence.Totals, error) // oldest first
	Floor   *Floor                                                                         // what of the counts of categories is told
	Now     func() time.Time                                                               // by which today is reckoned
	Nudges  *Latency                                                                       // from matches to acknowledgements on this member; nil: not measured
	Members func(context.Context) ([]Member, error)                                        // by id
	// Drain asks a member to leave, this one or another, and does not wait for it:
	// [sighej.CodeNotFound] when there is no such member, [CodeNoCluster].
	Drain  func(ctx context.Context, id string) error
	Health func(context.Context) wire.Health
	// Parts are what the components of Health are, by their names: "Redis",
	// "SQLite".
	Parts   map[string]string
	Metrics prometheus.Gatherer
	Version string
	Token   string // "": no credential is asked for; then only requests to a loopback host are answered
	// Near tells that the listener is on loopback: who asks without a credential, by a
	// loopback host and through no proxy, is let in though there is a token.
	Near bool
	// Address is where a request comes from, by which wrong tokens are counted. nil:
	// the peer.
	Address func(*http.Request) netip.Addr
	Logger  *slog.Logger
}

// Handler is the internal listener.
type Handler struct {
	cfg     Config
	board   *board
	handler http.Handler
}

// New returns the handler of the internal listener:
//
//	GET  /                    the page for people; it needs [Handler.Run]
//	GET  /stats               the day's counts as JSON
//	GET  /stats/history       those of the last days; ?days=N, 1 to 366, default 30
//	GET  /metrics             Prometheus metrics, as text or as OpenMetrics
//	GET  /members             the members of the cluster, or this one alone
//	POST /members/{id}/drain  asks one of them to leave
//	GET  /debug/pprof/        the Go profiler
//
// and what the page needs: /live, /ask, /assets, /login, /logout.
func New(cfg Config) *Handler {
	h := &Handler{cfg: cfg, board: newBoard()}
	mux, open := http.NewServeMux(), http.NewServeMux()
	with := func(do func(http.ResponseWriter, *http.Request, Config)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { do(w, r, cfg) }
	}
	mux.HandleFunc("GET /{$}", h.page)
	mux.HandleFunc("GET /live", h.live)
	mux.HandleFunc("GET /ask/drain/{id}", with(askDrain))
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
	g := newGuard(cfg)
	assetRoutes(open)
	g.loginRoutes(open, cfg.Logger)
	h.handler = g.over(mux, open)
	return h
}

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.handler.ServeHTTP(w, r) }

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

// topCategories is how many categories the stats name.
const topCategories = 10

// Stats is the day as everybody may see it who has the admin token. The categories
// under the floor are left out: their order would tell of their counts.
func (t Today) Stats(f *Floor) wire.Stats {
	top := make([]string, 0, topCategories)
	for _, c := range f.Categories(t.Totals) {
		if c.Sessions > 0 && len(top) < topCategories {
			top = append(top, c.Name)
		}
	}
	return wire.Stats{
		TotalSessionsToday: t.Sessions, TotalMatchesToday: t.Matches, TotalSightingsToday: t.Sightings,
		TopInterestCategories: top, ActiveSessionsNow: t.Active,
	}
}

func stats(w http.ResponseWriter, r *http.Request, cfg Config) {
	today, err := cfg.Today(r.Context())
	if err != nil {
		fail(w, r, cfg.Logger, err)
		return
	}
	answer(w, http.StatusOK, today.Stats(cfg.Floor))
}

// metrics shows what could be gathered even if some could not.
func metrics(cfg Config) http.Handler {
	return promhttp.HandlerFor(cfg.Metrics, promhttp.HandlerOpts{
		EnableOpenMetrics: true,
		ErrorHandling:     promhttp.ContinueOnError,
		ErrorLog:          slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelWarn),
	})
}
