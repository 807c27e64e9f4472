package server

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// member is a whole member in this process, on free ports.
type member struct {
	t    testing.TB
	addr Addresses
	stop func() // ends it and waits; once
}

// start runs a member with its own data directory unless change says otherwise.
func start(t testing.TB, change func(*Options)) *member {
	t.Helper()
	return startLogging(t, slog.New(slog.NewTextHandler(t.Output(), nil)), change)
}

func startLogging(t testing.TB, logger *slog.Logger, change func(*Options)) *member {
	t.Helper()
	o := DefaultOptions()
	o.ListenAddr, o.AdminListenAddr, o.DataDir = "127.0.0.1:0", "127.0.0.1:0", t.TempDir()
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithCancel(context.Background())
	addr, ended := make(chan Addresses, 1), make(chan error, 1)
	go func() { ended <- Run(ctx, o, "test", logger, func(a Addresses) { addr <- a }) }()
	m := &member{t: t, stop: sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error("the member ended with", err)
		}
	})}
	select {
	case m.addr = <-addr:
	case err := <-ended:
		t.Fatal("the member did not start:", err)
	}
	t.Cleanup(m.stop)
	return m
}

func (m *member) base() string { return "http://" + m.addr.Public }

// call sends a request with a JSON body, if there is one, and returns the status
// and the answer.
func (m *member) call(method, path, bearer string, body any) (int, map[string]any) {
	m.t.Helper()
	resp, answer := m.exchange(method, m.base()+path, bearer, body)
	return resp.StatusCode, answer
}

func (m *member) exchange(method, url, bearer string, body any) (*http.Response, map[string]any) {
	m.t.Helper()
	var r io.Reader
	if text, ok := body.(string); ok {
		r = strings.NewReader(text)
	} else if body != nil {
		r = bytes.NewReader(wire.Encode(body))
	}
	req, err := http.NewRequestWithContext(m.t.Context(), method, url, r)
	if err != nil {
		m.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	var answer map[string]any
	_ = json.Unmarshal(text, &answer) // no JSON: nil
	return resp, answer
}

// caller is a phone as a plain HTTP and WebSocket client has it.
type caller struct {
	*member
	token, access string
}

func (m *member) register(token string, interests ...string) caller {
	m.t.Helper()
	status, answer := m.call("POST", "/session", "", wire.CreateSession{BLEToken: token, Interests: interests})
	if status != http.StatusCreated {
		m.t.Fatalf("POST /session: %d %v", status, answer)
	}
	return caller{m, token, answer["access_token"].(string)}
}

func (c caller) hears(token string) (int, map[string]any) {
	c.t.Helper()
	return c.call("POST", "/match", c.access, wire.MatchRequest{OwnToken: c.token, DetectedToken: token})
}

// socket is a plain WebSocket client that keeps what comes.
type socket struct {
	t      testing.TB
	conn   *websocket.Conn
	frames chan map[string]any // closed with the connection
	code   int                 // set before frames is closed
}

func (c caller) connect(protocols ...string) *socket {
	c.t.Helper()
	dialer := websocket.Dialer{Subprotocols: protocols}
	header := http.Header{}
	if c.access != "" {
		header.Set("Authorization", "Bearer "+c.access)
	}
	conn, resp, err := dialer.Dial("ws://"+c.addr.Public+"/ws/"+c.token, header)
	if err != nil {
		c.t.Fatal("connecting: ", err, resp)
	}
	_ = resp.Body.Close()
	s := &socket{t: c.t, conn: conn, frames: make(chan map[string]any, 1024)}
	go s.read()
	c.t.Cleanup(func() { _ = conn.Close() })
	return s
}

func (s *socket) read() {
	defer close(s.frames)
	for {
		var f map[string]any
		if err := s.conn.ReadJSON(&f); err != nil {
			s.code = websocket.CloseAbnormalClosure
			if e, ok := err.(*websocket.CloseError); ok { //nolint:errorlint // it comes bare
				s.code = e.Code
			}
			return
		}
		s.frames <- f
	}
}

// next returns the next frame of a type; nil once the connection is closed.
func (s *socket) next(frameType string) map[string]any {
	s.t.Helper()
	for {
		select {
		case f, ok := <-s.frames:
			if !ok || f["type"] == frameType {
				return f
			}
		case <-time.After(15 * time.Second):
			s.t.Fatal("no frame came: ", frameType)
		}
	}
}

// closed drains the frames and returns the code that the connection was closed
// with.
func (s *socket) closed() int {
	s.t.Helper()
	if f := s.next("nothing"); f != nil {
		s.t.Fatal(f)
	}
	return s.code
}

func (s *socket) send(f wire.ClientFrame) {
	s.t.Helper()
	if err := s.conn.WriteJSON(f); err != nil {
		s.t.Fatal(err)
	}
}

// eventually polls until ok, for at most fifteen seconds.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatal("in vain: ", what)
		}
		time.Sleep(5 * time.Millisecond) // between two polls
	}
}

func labels(v any) []string {
	var out []string
	for _, l := range v.([]any) {
		out = append(out, l.(string))
	}
	slices.Sort(out)
	return out
}

func newToken() string { return string(sighej.NewToken()) }
