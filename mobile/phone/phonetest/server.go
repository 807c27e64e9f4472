// Package phonetest is the other side of a phone in a test: a server on a real
// socket that speaks the public contract with one session, and whose WebSocket
// connections do what the test says. It decides nothing: it has no interests and
// no matches but those that the test puts in.
package phonetest

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// Server speaks the contract. Its fields are set by the function given to New
// and not after.
type Server struct {
	URL      string
	Lifetime time.Duration // of the session; default: an hour
	Beacon   bool          // the token alone opens the session

	// Script drives the nth connection, from 1 on, and the connection is dropped
	// when it returns. Default: Welcome and Serve.
	Script func(n int, s *Socket)

	// Refuse returns the status with which the nth handshake, from 1 on, is
	// refused, or 0.
	Refuse func(n int) (status int, p wire.Problem)

	// RefuseSession is the same for the nth registration.
	RefuseSession func(n int) (status int, p wire.Problem)

	// Pages answers what is not of the contract, for a phone in a browser.
	Pages http.Handler

	// InMemory lets the server be reached by DialContext only, and by no socket of
	// the operating system: for tests in a synctest bubble, which has to be left by
	// what was dialled.
	InMemory bool

	// Rotates lets it know POST /session/rotate, and then only the newest token of
	// the newest session may connect.
	Rotates bool

	// LoseRotation reports whether the answer to the nth rotation is lost.
	LoseRotation func(n int) bool

	// Ahead is how much its clock is before the real one.
	Ahead time.Duration

	// Unknown is an id of a nudge that the session never got.
	Unknown string

	// Matches are the shared interests by token; a token that is not in it does
	// not match.
	Matches map[string][]string

	t       testing.TB
	access  sighej.AccessToken
	scripts sync.WaitGroup
	air     *air

	mu          sync.Mutex
	created     []wire.CreateSession
	requests    []string
	connections int
	open        bool
	forgotten   bool
	rotated     []string
	current     string // token
	now         int    // connections
	most        int    // connections at a time
	reported    []wire.Sighting
	blocked     []string
	waved       []string
	held        map[string]chan struct{}
}

// New starts a server that ends with the test. set may be nil.
func New(t testing.TB, set func(*Server)) *Server {
	t.Helper()
	s := &Server{t: t, Lifetime: time.Hour, access: sighej.NewAccessToken(), open: true}
	s.Script = func(_ int, c *Socket) { c.Welcome(0); c.Serve() }
	if set != nil {
		set(s)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /session", s.create)
	mux.HandleFunc("GET /session", s.authorized(s.state))
	mux.HandleFunc("PATCH /session", s.authorized(s.setOpen))
	mux.HandleFunc("DELETE /session", s.authorized(s.forget))
	if s.Rotates {
		mux.HandleFunc("POST /session/rotate", s.authorized(s.rotate))
	}
	mux.HandleFunc("POST /block", s.authorized(s.about(&s.blocked)))
	mux.HandleFunc("POST /wave", s.authorized(s.about(&s.waved)))
	mux.HandleFunc("POST /match", s.authorized(s.match))
	mux.HandleFunc("POST /sightings", s.authorized(s.sightings))
	mux.HandleFunc("GET /ws/{ble_token}", s.authorized(s.connect))
	if s.Pages != nil {
		mux.Handle("/", s.Pages)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		what := r.Method + " " + r.URL.Path
		s.requests = append(s.requests, what)
		held := s.held[what]
		w.Header().Set("Date", time.Now().Add(s.Ahead).UTC().Format(http.TimeFormat))
		delete(s.held, what)
		s.mu.Unlock()
		if held != nil {
			close(held)
			<-r.Context().Done()
			return
		}
		mux.ServeHTTP(w, r)
	}))
	if s.InMemory {
		_ = server.Listener.Close()
		s.air = newAir()
		server.Listener = s.air
	}
	server.Start()
	s.URL = server.URL
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		s.scripts.Wait()
	})
	return s
}

// Created returns the registrations so far.
func (s *Server) Created() []wire.CreateSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]wire.CreateSession(nil), s.created...)
}

// Requests returns how many requests came for method and path, as in
// "DELETE /session".
func (s *Server) Requests(what string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if r == what {
			n++
		}
	}
	return n
}

// Hold lets the next request for method and path wait until the phone gives up.
// The channel is closed once it came.
func (s *Server) Hold(what string) (came <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := make(chan struct{})
	if s.held == nil {
		s.held = map[string]chan struct{}{}
	}
	s.held[what] = held
	return held
}

// DialContext connects to a server that is InMemory.
func (s *Server) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return s.air.DialContext(ctx, network, address)
}

// Cut takes the network away from a server that is InMemory: connections end and
// new ones fail. false gives it back.
func (s *Server) Cut(cut bool) { s.air.set(cut) }

// RefusedDials returns how many connections were tried while it was cut.
func (s *Server) RefusedDials() int { return int(s.air.refused.Load()) }

// Rotated returns the tokens that the session was given after its first.
func (s *Server) Rotated() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.rotated...)
}

// MostConnections returns how many WebSocket connections stood at the same time,
// at the most.
func (s *Server) MostConnections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

// Reported returns the sightings that came by POST /sightings.
func (s *Server) Reported() []wire.Sighting {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]wire.Sighting(nil), s.reported...)
}

// Open returns what the phone asked for last.
func (s *Server) Open() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// Blocked returns the nudges whose pairs the phone wants never to meet again.
func (s *Server) Blocked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.blocked...)
}

// Waved returns the nudges at which the phone waved.
func (s *Server) Waved() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.waved...)
}

// Forgotten reports whether the phone asked to forget its session.
func (s *Server) Forgotten() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.forgotten
}

// Access returns the access token that registrations get.
func (s *Server) Access() sighej.AccessToken { return s.access }
