package phones

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
	"github.com/valyala/fasthttp"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

const (
	maxAnswer     = 1 << 20 // bytes of an answer that are read
	perSource     = 4_000   // connections from one loopback address: of its 28,000 ports the kernel finds a free one fast while most are
	readBuffer    = 512     // bytes of a socket; larger frames are read past it
	writeBuffer   = 1024
	maxFrame      = 1 << 20
	tcpKeepAlives = 5 * time.Minute
	idleFor       = 2 * time.Second // then an HTTP connection is closed: well before any server closes it under our hands
)

var writeBuffers bufferPool

// server is one member under test, seen from outside.
type server struct {
	base     *url.URL
	sockets  string // base for ws:// or wss://
	auth     string
	patience time.Duration
	http     fasthttp.HostClient // several times cheaper than package net/http's, so that it is the server that is measured
	dialer   websocket.Dialer
	dials    atomic.Int64

	mu    sync.Mutex
	conns map[net.Conn]struct{} // of http
}

func newServer(base string, cfg Config) (*server, error) {
	u, err := ParseBase(base)
	if err != nil {
		return nil, err
	}
	s := &server{base: u, auth: cfg.Auth, patience: cfg.Patience, conns: map[net.Conn]struct{}{}}
	ws := *u
	ws.Scheme = map[string]string{"http": "ws", "https": "wss"}[u.Scheme]
	s.sockets = ws.String() + "/ws/"
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	s.http = fasthttp.HostClient{
		Addr: net.JoinHostPort(u.Hostname(), port), IsTLS: u.Scheme == "https",
		DialTimeout:         s.dialHTTP,
		MaxConns:            cfg.Connections,
		MaxConnWaitTimeout:  cfg.Patience,
		MaxIdleConnDuration: idleFor,
		MaxResponseBodySize: maxAnswer,
		// A report that is sent again without our knowledge would spoil the account.
		RetryIfErr: func(*fasthttp.Request, int, error) (resetTimeout, retry bool) { return false, false },

		NoDefaultUserAgentHeader: true, DisablePathNormalizing: true,
	}
	s.dialer = websocket.Dialer{
		NetDialContext:   s.dial,
		HandshakeTimeout: cfg.Patience,
		ReadBufferSize:   readBuffer,
		WriteBufferSize:  writeBuffer,
		WriteBufferPool:  &writeBuffers,
		Subprotocols:     []string{wire.Subprotocol},
	}
	return s, nil
}

// dial connects from one loopback address after the other if the server is on
// loopback, since one address runs out of ports.
func (s *server) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{KeepAlive: tcpKeepAlives}
	if host, _, err := net.SplitHostPort(address); err == nil {
		if ip := net.ParseIP(host); ip != nil && ip.To4() != nil && ip.IsLoopback() {
			n := s.dials.Add(1) / perSource
			d.LocalAddr, d.Control = &net.TCPAddr{IP: net.IPv4(127, 0, byte(n/250), byte(1+n%250))}, latePort
		}
	}
	return d.DialContext(ctx, network, address)
}

func (s *server) dialHTTP(address string, timeout time.Duration) (net.Conn, error) {
	if timeout <= 0 {
		timeout = s.patience
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	c, err := s.dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &tracked{c, s}
	s.conns[t] = struct{}{}
	return t, nil
}

// tracked is a connection that cut knows of.
type tracked struct {
	net.Conn
	server *server
}

func (t *tracked) Close() error {
	t.server.mu.Lock()
	delete(t.server.conns, t)
	t.server.mu.Unlock()
	return t.Conn.Close()
}

// cut breaks off all calls under way.
func (s *server) cut() {
	s.mu.Lock()
	conns := slices.Collect(maps.Keys(s.conns))
	s.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
}

// failure is why a call has no good answer.
type failure struct {
	code    string // of the contract, or a word of ours
	text    string
	done    bool // the server may have done what was asked
	limited bool // one of the server's limits was the reason
	after   time.Duration
}

func (f *failure) Error() string { return f.code + ": " + f.text }

// call asks the server and reads a good answer into answer, unless that is nil.
// Once ctx has ended it asks no more; cut ends what is under way.
func (s *server) call(ctx context.Context, method, path, access string, body []byte, answer any) *failure {
	if ctx.Err() != nil {
		return unanswered(ctx.Err())
	}
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	req.Header.SetMethod(method)
	req.Header.SetHost(s.base.Host)
	req.SetRequestURI(s.base.Path + path)
	if len(body) > 0 {
		req.Header.SetContentType("application/json")
		req.SetBodyRaw(body)
	}
	if access != "" {
		req.Header.Set("Authorization", "Bearer "+access)
	}
	if err := s.http.DoTimeout(req, res, s.patience); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return unanswered(err)
	}
	if status := res.StatusCode(); status < 200 || status > 299 {
		return refused(status, string(res.Header.ContentType()), string(res.Header.Peek("Retry-After")), res.Body())
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(res.Body(), answer); err != nil {
		return &failure{code: "broken", text: fmt.Sprintf("%s %s answered %s, not the contract's JSON", method, path, excerpt(res.Body())), done: true}
	}
	return nil
}

// unanswered judges a call that broke off.
func unanswered(err error) *failure {
	f := &failure{code: "connection lost", text: err.Error(), done: true}
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		f.code = "stopped"
	case errors.Is(err, fasthttp.ErrNoFreeConns):
		f.code, f.done = "no free connection", false
	case errors.Is(err, fasthttp.ErrTimeout), errors.As(err, &timeout) && timeout.Timeout():
		f.code = "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		f.code, f.done = "connection refused", false
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		f.code, f.done = "too many open files", false
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		f.code, f.done = "no free port", false
	}
	return f
}

// refused judges an answer that is not good: a problem of RFC 9457, or whatever
// else a server says.
func refused(status int, contentType, retryAfter string, text []byte) *failure {
	f := &failure{code: "status " + strconv.Itoa(status), text: excerpt(text), done: status >= 500}
	kind, _, _ := mime.ParseMediaType(contentType)
	var problem wire.Problem
	if kind == "application/problem+json" && json.Unmarshal(text, &problem) == nil && problem.Code != "" {
		f.code, f.text = problem.Code, problem.Detail
	}
	if status == http.StatusUnauthorized {
		f.text += " (--auth bearer or none must be as the server has it)"
	}
	f.limited = status == http.StatusTooManyRequests
	if seconds, err := strconv.ParseUint(retryAfter, 10, 16); err == nil {
		f.after = time.Duration(seconds) * time.Second
	}
	return f
}

func excerpt(text []byte) string {
	const most = 80
	if len(text) > most {
		return strconv.Quote(string(text[:most])) + "…"
	}
	return strconv.Quote(string(text))
}

// credential is what a phone shows: the access token, or its token where that
// opens everything.
func (s *server) credential(p *phone) string {
	if s.auth == None {
		return string(p.token)
	}
	return p.access
}

func (s *server) socketURL(token sighej.Token) string {
	return s.sockets + url.PathEscape(string(token))
}
