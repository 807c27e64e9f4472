package ws

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"i80.dk/sighej"
	"i80.dk/sighej/transport/problem"
	"i80.dk/sighej/wire"
)

const (
	retryElsewhere = time.Second     // another member takes over while this one drains
	retryFull      = 5 * time.Second // somebody has to leave first
	// handshakeWrite bounds how long the answer to an upgrade may be stuck.
	handshakeWrite = 5 * time.Second
)

// newUpgrader returns what answers the handshake. Its connections are dropped
// at once, for their net.Conn: this package frames by itself.
func newUpgrader() websocket.Upgrader {
	return websocket.Upgrader{
		HandshakeTimeout: handshakeWrite,
		ReadBufferSize:   125, // the least it takes; never used
		WriteBufferSize:  1,
		WriteBufferPool:  noBuffers{},
		Subprotocols:     []string{wire.Subprotocol},
		CheckOrigin:      func(*http.Request) bool { return true }, // ServeHTTP has checked
		Error: func(w http.ResponseWriter, _ *http.Request, status int, _ error) {
			if status == http.StatusInternalServerError {
				problem.Write(w, sighej.Errorf(sighej.CodeInternal, "the connection cannot be upgraded"))
				return
			}
			problem.Write(w, sighej.Errorf(sighej.CodeMalformed, "this is no WebSocket handshake"))
		},
	}
}

// noBuffers keeps the upgrader from allocating a write buffer.
type noBuffers struct{}

func (noBuffers) Get() any { return nil }
func (noBuffers) Put(any)  {}

// ServeHTTP answers GET /ws/{ble_token}. It returns as soon as the connection
// is attached, so that net/http's own state of it is freed.
//
// A client that offers wire.Subprotocol gets it selected and has all frames. A
// browser shows its access token as a second subprotocol, which is never
// selected; if it offers that one alone, none is selected, the client counts as
// bare, and browsers fail such a connection (RFC 6455, 4.1).
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !isUpgrade(r) {
		upgradeRequired(w)
		return
	}
	caller, err := e.caller(r)
	if err != nil {
		problem.Write(w, err)
		return
	}
	if err := e.takePlace(); err != nil {
		problem.Write(w, err)
		return
	}
	key, err := e.cfg.Sessions.Admit(r.Context(), caller)
	if err != nil {
		e.places.Add(-1)
		problem.Write(w, err)
		return
	}
	upgraded, err := e.upgrader.Upgrade(w, r, nil)
	if err != nil { // answered by the upgrader
		e.places.Add(-1)
		e.cfg.Logger.Debug("upgrade failed", "error", err)
		return
	}
	e.attach(key, newSocket(e, upgraded.NetConn(), upgraded.Subprotocol() != wire.Subprotocol))
}

// attach hands s to its session and lets it read and write.
func (e *Endpoint) attach(key sighej.SessionKey, s *socket) {
	accepted, draining := e.wheel.add(s)
	if !accepted { // Run has ended meanwhile
		e.places.Add(-1)
		closeNow(s.conn)
		return
	}
	e.counters.upgrades.Add(1)
	if draining { // first, so that this is the reason whatever the sessions say
		s.leave()
	}
	s.actor = e.cfg.Sessions.Attach(key, s, s.bare)
	s.start()
}

// caller tells who asks, as far as the request itself does.
func (e *Endpoint) caller(r *http.Request) (sighej.Caller, error) {
	if !e.cfg.CheckOrigin(r) {
		return sighej.Caller{}, sighej.Errorf(sighej.CodeForbidden, "this origin is not allowed")
	}
	token, err := sighej.ParseToken(r.PathValue("ble_token"))
	if err != nil {
		invalid := sighej.Errorf(sighej.CodeInvalid, "the path has no well-formed token")
		invalid.Fields = []sighej.InvalidField{{Path: "path.ble_token", Message: err.Error()}}
		return sighej.Caller{}, invalid
	}
	access, err := sighej.ParseAccessToken(credential(r))
	if err != nil && !e.cfg.Beacon {
		return sighej.Caller{}, err
	}
	return sighej.Caller{Token: token, Access: access}, nil
}

// credential returns the access token that r shows, or "". The header counts
// before the subprotocol.
func credential(r *http.Request) string {
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, value, _ := strings.Cut(h, " ")
		if strings.EqualFold(scheme, "Bearer") {
			return strings.TrimSpace(value)
		}
		return ""
	}
	for _, p := range websocket.Subprotocols(r) {
		if access, ok := strings.CutPrefix(p, wire.BearerPrefix); ok {
			return access
		}
	}
	return ""
}

// takePlace takes one of MaxConnections.
func (e *Endpoint) takePlace() error {
	if !e.wheel.accepting() {
		return sighej.Errorf(sighej.CodeUnavailable, "this member is leaving").After(retryElsewhere)
	}
	if n := e.places.Add(1); e.cfg.MaxConnections > 0 && n > int64(e.cfg.MaxConnections) {
		e.places.Add(-1)
		return sighej.Errorf(sighej.CodeOverloaded, "no more connections are taken").After(retryFull)
	}
	return nil
}

// isUpgrade reports whether r asks for the one version of the protocol there is.
func isUpgrade(r *http.Request) bool {
	return websocket.IsWebSocketUpgrade(r) && slices.Contains(r.Header.Values("Sec-WebSocket-Version"), "13")
}

// upgradeRequired answers 426, a status that no code of ours maps to.
func upgradeRequired(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Connection", "Upgrade")
	h.Set("Upgrade", "websocket")
	h.Set("Sec-WebSocket-Version", "13")
	h.Set("Content-Type", problem.ContentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusUpgradeRequired)
	_, _ = w.Write(wire.Encode(wire.Problem{
		Type:   "about:blank",
		Title:  http.StatusText(http.StatusUpgradeRequired),
		Status: http.StatusUpgradeRequired,
		Detail: "this address speaks WebSocket, version 13, only",
		Code:   string(sighej.CodeMalformed),
	})) // the client is gone: nobody left to tell
}
