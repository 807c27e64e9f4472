package ws

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"i80.dk/sighej"
	"i80.dk/sighej/internal/testleaks"
	"i80.dk/sighej/wire"
)

const (
	patience  = 20 * time.Second // a test that waits for longer has failed
	testToken = "abc123"

	// smallBuffer makes a client's kernel take little that nobody reads, though
	// enough for a loopback segment, without which the window opens by crumbs.
	smallBuffer = 64 << 10
)

func TestMain(m *testing.M) {
	if serveForBenchmark() {
		return
	}
	testleaks.Main(m)
}

// door is the Sessions of the tests: it admits whom admit says and hands out
// every actor it attached.
type door struct {
	admit    func(context.Context, sighej.Caller) (sighej.SessionKey, error)
	attached func(*actor)
	actors   chan *actor
}

func newDoor() *door { return &door{actors: make(chan *actor, 4096)} }

func (d *door) Admit(ctx context.Context, c sighej.Caller) (sighej.SessionKey, error) {
	if d.admit != nil {
		return d.admit(ctx, c)
	}
	return sighej.SessionKey{Token: c.Token}, nil
}

func (d *door) Attach(key sighej.SessionKey, s Socket, bare bool) Connection {
	a := &actor{key: key, Socket: s, bare: bare, closed: make(chan struct{}), changed: make(chan struct{}, 1)}
	if d.attached != nil {
		d.attached(a)
	}
	d.actors <- a
	return a
}

// actor is the Connection of the tests: it remembers what it was told.
type actor struct {
	Socket
	key    sighej.SessionKey
	bare   bool
	closed chan struct{}

	mu        sync.Mutex
	changed   chan struct{}
	received  []wire.ClientFrame
	malformed []sighej.Code
	delivered []sighej.NudgeID
	late      bool // something came after Closed
	over      bool
}

func (a *actor) note(what func()) {
	a.mu.Lock()
	a.late = a.late || a.over
	what()
	a.mu.Unlock()
	select {
	case a.changed <- struct{}{}:
	default:
	}
}

func (a *actor) Received(f wire.ClientFrame) { a.note(func() { a.received = append(a.received, f) }) }

func (a *actor) Malformed(c sighej.Code, _ string) {
	a.note(func() { a.malformed = append(a.malformed, c) })
}

func (a *actor) Delivered(ids []sighej.NudgeID) {
	a.note(func() { a.delivered = append(a.delivered, ids...) })
}

func (a *actor) Closed() {
	a.note(func() { a.over = true })
	close(a.closed) // panics if it came twice
}

// await waits until ok, called under the actor's lock, holds.
func (a *actor) await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		a.mu.Lock()
		done := ok()
		a.mu.Unlock()
		if done {
			return
		}
		select {
		case <-a.changed:
		case <-deadline:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func (a *actor) awaitClosed(t testing.TB) {
	t.Helper()
	receive(t, a.closed, "Closed")
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.late {
		t.Error("something came after Closed")
	}
}

func receive[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain: %s", what)
		panic("unreachable")
	}
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// rig is an endpoint behind a real listener.
type rig struct {
	*Endpoint
	door   *door
	server *httptest.Server

	slowReaders bool // clients connect with smallBuffer
}

func newRig(t testing.TB, cfg Config) *rig { return newRigTLS(t, cfg, false) }

func newRigTLS(t testing.TB, cfg Config, secure bool) *rig {
	t.Helper()
	d, ok := cfg.Sessions.(*door)
	if !ok {
		d = newDoor()
		cfg.Sessions = d
	}
	r := &rig{Endpoint: New(cfg), door: d}
	mux := http.NewServeMux()
	mux.Handle("GET /ws/{ble_token}", r.Endpoint)
	r.server = httptest.NewUnstartedServer(mux)
	if secure {
		r.server.StartTLS()
	} else {
		r.server.Start()
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := receive(t, done, "Run to end"); err != nil {
			t.Errorf("Run: %v", err)
		}
		r.server.Close()
		if n := r.Connections(); n != 0 {
			t.Errorf("%d connections are left", n)
		}
	})
	return r
}

func (r *rig) url() string {
	return "ws" + strings.TrimPrefix(r.server.URL, "http") + "/ws/" + testToken
}

func bearer() http.Header {
	return http.Header{"Authorization": {"Bearer " + string(sighej.NewAccessToken())}}
}

// netDial connects with the receive buffer set before the handshake, as the
// window that a kernel has once announced is not taken back.
func (r *rig) netDial(ctx context.Context, network, addr string) (net.Conn, error) {
	var d net.Dialer
	if r.slowReaders {
		d.Control = func(_, _ string, c syscall.RawConn) error {
			return c.Control(func(fd uintptr) {
				_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, smallBuffer)
			})
		}
	}
	return d.DialContext(ctx, network, addr)
}

// dial connects with gorilla's client.
func (r *rig) dial(t testing.TB, protocols ...string) (*websocket.Conn, *actor) {
	t.Helper()
	d := websocket.Dialer{Subprotocols: protocols, HandshakeTimeout: patience, NetDialContext: r.netDial}
	if tr, ok := r.server.Client().Transport.(*http.Transport); ok && tr.TLSClientConfig != nil {
		d.TLSClientConfig = tr.TLSClientConfig.Clone()
		d.TLSClientConfig.NextProtos = nil
	}
	c, resp, err := d.Dial(r.url(), bearer())
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	_ = resp.Body.Close()
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetReadDeadline(time.Now().Add(patience))
	return c, receive(t, r.door.actors, "Attach")
}

func (r *rig) dialV1(t testing.TB) (*websocket.Conn, *actor) {
	t.Helper()
	return r.dial(t, wire.Subprotocol)
}

func expectClose(t testing.TB, c *websocket.Conn, want wire.CloseCode) {
	t.Helper()
	for {
		_, _, err := c.ReadMessage()
		if err == nil {
			continue
		}
		if !websocket.IsCloseError(err, int(want)) {
			t.Fatalf("closed with %v, want %d", err, want)
		}
		return
	}
}

func text(i int) []byte { return fmt.Appendf(nil, `{"n":%d}`, i) }
