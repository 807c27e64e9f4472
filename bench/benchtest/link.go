package benchtest

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	stall   = 15 * time.Second // of a write
	parting = 5 * time.Second  // of the side that was told of a close, to answer it
)

// link is a phone's connection through the proxy.
type link struct {
	server, phone *end
	done          chan struct{} // closed once the connection is over
	late          sync.WaitGroup
}

// end is one of a link's two sockets. One goroutine reads, any may write.
type end struct {
	*websocket.Conn
	mu sync.Mutex
}

func (e *end) send(kind int, text []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	_ = e.SetWriteDeadline(time.Now().Add(stall))
	return e.WriteMessage(kind, text)
}

// begin tells whether the proxy still takes connections, and makes its end wait
// for this one.
func (p *Proxy) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.busy.Add(1)
	return true
}

// enter takes l in; if the proxy was closed meanwhile, l is cut.
func (p *Proxy) enter(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.links = append(p.links, l)
	if p.closed {
		l.cut()
	}
}

func (p *Proxy) leave(l *link) {
	p.mu.Lock()
	p.links = slices.DeleteFunc(p.links, func(other *link) bool { return other == l })
	p.mu.Unlock()
	close(l.done)
	l.late.Wait()
}

// another returns the phone that connected next after that of l, or nil if there
// is no other.
func (p *Proxy) another(l *link) *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.links, l)
	if i < 0 || len(p.links) < 2 {
		return nil
	}
	return p.links[(i+1)%len(p.links)]
}

// serve pumps both ways until both sides are gone.
func (l *link) serve(p *Proxy) {
	defer l.cut()
	l.server.relay(l.phone)
	l.phone.relay(l.server)
	var both sync.WaitGroup
	both.Go(func() {
		l.phone.pump(l.server, func(kind int, text []byte) error { return l.server.send(kind, text) })
	})
	l.server.pump(l.phone, func(kind int, text []byte) error { return p.deliver(l, kind, text) })
	both.Wait()
}

// cut ends both connections at once.
func (l *link) cut() {
	_ = l.server.Close()
	_ = l.phone.Close()
}

// relay lets to have the pings and pongs that come from e. What cannot be sent
// shows as an error of the next read.
func (e *end) relay(to *end) {
	e.SetPingHandler(func(data string) error {
		_ = to.WriteControl(websocket.PingMessage, []byte(data), time.Now().Add(stall))
		return nil
	})
	e.SetPongHandler(func(data string) error {
		_ = to.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(stall))
		return nil
	})
}

// pump passes on what comes from e until e ends, and tells the other side how it
// ended. When the other side takes no more, it may have said why, and what it
// said is still to be read there.
func (e *end) pump(other *end, pass func(kind int, text []byte) error) {
	for {
		kind, text, err := e.ReadMessage()
		if err != nil {
			other.partAs(err)
			return
		}
		if pass(kind, text) != nil {
			_ = other.SetReadDeadline(time.Now().Add(parting))
			return
		}
	}
}

// partAs ends e as its counterpart ended: with the same close frame, or with
// none.
func (e *end) partAs(err error) {
	closed, ok := errors.AsType[*websocket.CloseError](err)
	if !ok || closed.Code == websocket.CloseAbnormalClosure {
		_ = e.Close()
		return
	}
	goodbye := websocket.FormatCloseMessage(closed.Code, closed.Text)
	_ = e.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(stall))
	_ = e.SetReadDeadline(time.Now().Add(parting))
}
