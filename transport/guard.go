package transport

import (
	"bufio"
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/transport/problem"
)

// guard stands before everything: it sets the headers that every answer has,
// keeps those out who have guessed too often and turns a panic into an error.
type guard struct {
	next     http.Handler
	lockout  *Lockout
	logger   *slog.Logger
	tracing  tracing
	answered func(route string, status int, took time.Duration) // nil: nobody wants to know
	now      func() time.Time                                   // nil: this machine's clock is right
}

// Values of headers, shared by all answers and never written to.
var (
	noSniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	noStore    = []string{"no-store"}
)

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["X-Content-Type-Options"] = noSniff
	h["Referrer-Policy"] = noReferrer
	h["Cache-Control"] = noStore
	g.date(h)
	a := &answer{ResponseWriter: w}
	r, end := g.tracing.begin(r)
	defer func() { end(r.Pattern, a.sent()) }()
	if g.answered != nil {
		began := time.Now()
		defer func() { g.answered(r.Pattern, a.sent(), time.Since(began)) }()
	}
	defer g.rescue(a, r)
	shown := shownCredential(r)
	if g.lockout.refuses(a, r, shown) {
		return
	}
	g.next.ServeHTTP(a, r)
	g.lockout.observe(r, shown, a.status)
}

// date dates an answer if this machine's clock is wrong. The server itself does it
// by that, and faster.
func (g *guard) date(h http.Header) {
	if g.now == nil {
		return
	}
	if now := g.now(); time.Until(now).Abs() >= time.Second {
		h.Set("Date", now.UTC().Format(http.TimeFormat))
	}
}

// rescue answers for a handler that panicked, or breaks the connection when an
// answer had begun. The log gets the place and no value: that could be anything.
func (g *guard) rescue(a *answer, r *http.Request) {
	v := recover()
	switch v {
	case nil:
		return
	case http.ErrAbortHandler:
		panic(v)
	}
	g.logger.ErrorContext(r.Context(), "panic", "route", r.Pattern, "value", describePanic(v), "stack", string(debug.Stack()))
	if a.status != 0 {
		panic(http.ErrAbortHandler)
	}
	problem.Write(a, sighej.Errorf(sighej.CodeInternal, "panic"))
}

// describePanic quotes only what the runtime says, such as an index out of range.
func describePanic(v any) string {
	if e, ok := v.(runtime.Error); ok {
		return e.Error()
	}
	return fmt.Sprintf("%T", v)
}

// answer knows whether the answer has begun, and with which status.
type answer struct {
	http.ResponseWriter
	status int // 0: not begun
}

func (a *answer) WriteHeader(status int) {
	if a.status < http.StatusOK { // an informational one is followed by another
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status < http.StatusOK {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// sent returns the status that the client was sent.
func (a *answer) sent() int { return cmp.Or(a.status, http.StatusOK) }

// Hijack gives the connection away, for a WebSocket.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(a.ResponseWriter).Hijack()
	if err == nil {
		a.status = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}

// Unwrap lets the framework reach the deadlines of the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
