package transport

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"i80.dk/sighej"
	"i80.dk/sighej/transport/asset"
	"i80.dk/sighej/transport/asyncapi"
	"i80.dk/sighej/transport/docs"
	"i80.dk/sighej/transport/problem"
	"i80.dk/sighej/transport/webapp"
)

// api is what the endpoints share.
type api struct {
	cfg  Config
	mux  *http.ServeMux
	huma huma.API
}

var (
	errNoSuchPage = sighej.Errorf(sighej.CodeNotFound, "there is no such page")
	errMethod     = sighej.Errorf(sighej.CodeMethodNotAllowed, "this page does not know that method")
)

// New returns the public handler. Metrics, profiles and members are not to be
// found on it, nor are the statistics unless there is an admin token.
func New(cfg Config) http.Handler {
	a := &api{cfg: cfg, mux: http.NewServeMux()}
	a.huma = humago.New(router{a.mux, map[string]shortcut{"POST /match": plainMatch(logged(a, "match", a.match))}}, describe(cfg.Version))
	a.huma.UseMiddleware(a.acceptable)
	a.sessionRoutes()
	a.sightingRoutes()
	a.nudgeRoutes()
	a.serviceRoutes()
	a.webSocketRoute()
	a.documentRoutes()
	a.appRoute()
	a.mux.HandleFunc("/", a.nowhere)
	return &guard{
		next: shared(a.mux, cfg.AllowedOrigins), lockout: cfg.Lockout, logger: cfg.Logger,
		tracing: tracing{cfg.Tracer, cfg.TrustedProxies}, answered: cfg.Answered, now: cfg.Now,
	}
}

// documentRoutes come last: the documents describe all the others.
func (a *api) documentRoutes() {
	a.mux.Handle("GET /openapi.json", asset.New(document(a.huma.OpenAPI()), "application/json", asset.Revalidate))
	a.mux.Handle("GET /asyncapi.json", asset.New(asyncapi.Document(a.cfg.Version), "application/json", asset.Revalidate))
	a.mux.Handle("GET /docs", docs.Page())
	a.mux.Handle("GET /docs/{file}", docs.Files(func(w http.ResponseWriter) { problem.Write(w, errNoSuchPage) }))
	a.mux.Handle("GET /{$}", http.RedirectHandler("/docs", http.StatusFound))
}

// appRoute serves the web app, if it was built in.
func (a *api) appRoute() {
	if a.cfg.App == nil {
		return
	}
	app, err := webapp.New(a.cfg.App, func(w http.ResponseWriter) { problem.Write(w, errNoSuchPage) })
	if err != nil {
		panic("transport: " + err.Error()) // what was built in is not a page
	}
	a.mux.Handle("GET /app/{file...}", app)
}

// webSocketRoute hands the connection itself to the endpoint, which takes it
// over.
func (a *api) webSocketRoute() {
	a.describeWebSocket()
	if a.cfg.WebSocket == nil {
		return
	}
	a.mux.Handle("GET /ws/{ble_token}", a.cfg.WebSocket)
}

// methods are those that any page of ours knows.
var methods = [...]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete}

// nowhere answers what no route takes: 405 when the page exists and another
// method would do, 404 otherwise.
func (a *api) nowhere(w http.ResponseWriter, r *http.Request) {
	var allow []string
	for _, m := range methods {
		probe := &http.Request{Method: m, URL: r.URL, Host: r.Host}
		if _, pattern := a.mux.Handler(probe); pattern != "/" {
			allow = append(allow, m)
		}
	}
	if len(allow) == 0 {
		problem.Write(w, errNoSuchPage)
		return
	}
	w.Header().Set("Allow", strings.Join(allow, ", "))
	problem.Write(w, errMethod)
}

// acceptable refuses a call whose caller takes no JSON, before anything is done.
func (a *api) acceptable(ctx huma.Context, next func(huma.Context)) {
	if takesJSON(ctx.Header("Accept")) {
		next(ctx)
		return
	}
	refuse(ctx, sighej.Errorf(sighej.CodeNotAcceptable, "answers are application/json"))
}

func takesJSON(accept string) bool {
	if accept == "" {
		return true
	}
	for part := range strings.SplitSeq(accept, ",") {
		media, _, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(media)) {
		case "*/*", "application/*", "application/json":
			return true
		}
	}
	return false
}

// limitRegistrations holds each client address to its share.
func (a *api) limitRegistrations(ctx huma.Context, next func(huma.Context)) {
	r, _ := humago.Unwrap(ctx)
	wait, ok := a.cfg.RegistrationLimit.Allow(ClientAddr(r, a.cfg.TrustedProxies))
	if ok {
		next(ctx)
		return
	}
	refuse(ctx, sighej.Errorf(sighej.CodeRateLimited, "too many registrations from this address").After(wait))
}

func refuse(ctx huma.Context, err error) {
	_, w := humago.Unwrap(ctx)
	problem.Write(w, err)
}

// orEmpty keeps null out of an answer.
func orEmpty(labels []string) []string {
	if labels == nil {
		return []string{}
	}
	return labels
}
