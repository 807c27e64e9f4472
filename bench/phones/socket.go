package phones

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"i80.dk/sighej/bench/tally"
	"i80.dk/sighej/wire"
)

const (
	writeStall = 10 * time.Second
	clockSkew  = 5 * time.Second // between the server's clock and ours
)

// inbound is any frame of a server.
type inbound struct {
	Type            string                `json:"type"`
	Ref             string                `json:"ref"`
	ID              string                `json:"id"`
	Code            string                `json:"code"`
	Message         string                `json:"message"`
	SharedInterests []string              `json:"shared_interests"`
	Results         []wire.SightingResult `json:"results"`
}

// connect opens the phone's WebSocket, which is due then. The phone reads it on
// a goroutine of its own from then on.
func (g *Generator) connect(ctx context.Context, p *phone, due time.Time) *failure {
	header := http.Header{"Authorization": {"Bearer " + p.server.credential(p)}}
	ws, res, err := p.server.dialer.DialContext(ctx, p.server.socketURL(p.token), header)
	if err != nil {
		return noSocket(res, err)
	}
	ws.SetReadLimit(maxFrame)
	p.mu.Lock()
	if p.leaving {
		p.mu.Unlock()
		_ = ws.Close()
		return &failure{code: "stopped", text: "the phone leaves"}
	}
	welcome := make(chan struct{})
	p.ws, p.welcome = ws, welcome
	p.mu.Unlock()
	g.connected.Add(1)
	g.ledger.Connected(p.Phone, time.Now())
	if ws.Subprotocol() != wire.Subprotocol { // the seeds' contract, which has no welcome
		g.welcomed(p, due)
	}
	release := context.AfterFunc(g.ctx, func() { _ = ws.Close() }) // also of a phone that has not joined, or never will
	g.readers.Go(func() {
		defer release()
		g.read(p, ws, due)
	})
	f := p.awaitWelcome(ctx, ws, welcome)
	if f != nil {
		_ = ws.Close() // nobody knows of it yet who would
	}
	return f
}

// awaitWelcome waits for the first frame.
func (p *phone) awaitWelcome(ctx context.Context, ws *websocket.Conn, welcome <-chan struct{}) *failure {
	select {
	case <-welcome:
	case <-ctx.Done():
		return &failure{code: "stopped", text: ctx.Err().Error()}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ws != ws {
		return &failure{code: "connection lost", text: "before the welcome"}
	}
	return nil
}

// greeted wakes whoever waits for the welcome. p.mu is locked.
func (p *phone) greeted() {
	if p.welcome != nil {
		close(p.welcome)
		p.welcome = nil
	}
}

func noSocket(res *http.Response, err error) *failure {
	if res == nil {
		f := unanswered(err)
		f.text = "no WebSocket: " + f.text
		return f
	}
	text, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	f := refused(res.StatusCode, res.Header.Get("Content-Type"), res.Header.Get("Retry-After"), text)
	if res.StatusCode == http.StatusOK {
		f.code = "broken"
	}
	f.text = "no WebSocket: " + f.text
	return f
}

var frames = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// read takes frames in until the connection ends.
func (g *Generator) read(p *phone, ws *websocket.Conn, due time.Time) {
	var err error
	for err == nil {
		err = g.readFrame(p, ws, due)
	}
	g.lost(p, ws, err)
}

func (g *Generator) readFrame(p *phone, ws *websocket.Conn, due time.Time) error {
	kind, r, err := ws.NextReader()
	if err != nil {
		return err
	}
	at := time.Now()
	b, _ := frames.Get().(*bytes.Buffer)
	defer frames.Put(b)
	b.Reset()
	if _, err := b.ReadFrom(r); err != nil {
		return err
	}
	var f inbound
	if kind != websocket.TextMessage || json.Unmarshal(b.Bytes(), &f) != nil {
		g.ledger.Broken(p.Phone, "a frame that is no JSON object of the contract: "+excerpt(b.Bytes()))
		return nil
	}
	g.receive(p, &f, due, at)
	return nil
}

func (g *Generator) receive(p *phone, f *inbound, due, at time.Time) {
	switch f.Type {
	case wire.TypeWelcome:
		g.welcomed(p, due)
	case wire.TypeNudge:
		g.nudged(p, f, at)
	case wire.TypeSighted:
		g.sighted(p, f, at)
	case wire.TypeError:
		g.frameRefused(p, f)
	case wire.TypeExpired, wire.TypeDraining: // the close frame that follows says it again
	}
}

func (g *Generator) welcomed(p *phone, due time.Time) {
	g.tally.Time(tally.Connect, time.Since(due))
	p.mu.Lock()
	p.greeted()
	p.mu.Unlock()
	g.settled(p, time.Now())
}

func (g *Generator) nudged(p *phone, f *inbound, at time.Time) {
	g.tally.Count(tally.Nudges, 1)
	n := wire.Nudge{ID: f.ID, SharedInterests: f.SharedInterests, Message: f.Message}
	due, ok := g.ledger.Nudged(p.Phone, n, at)
	if ok {
		g.tally.Time(tally.Nudge, at.Sub(due))
	}
	if f.ID != "" {
		_ = p.write(append(append([]byte(`{"type":"ack","id":`), strconv.Quote(f.ID)...), '}')) // a lost one comes again
	}
	g.settled(p, at)
}

// settled notes when a phone that came back has all that waited for it.
func (g *Generator) settled(p *phone, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.returned.IsZero() || p.welcome != nil || g.ledger.Owed(p.Phone) > 0 {
		return
	}
	g.tally.Time(tally.Outbox, at.Sub(p.returned))
	p.returned = time.Time{}
	g.returning.Add(-1)
}

var errNotConnected = errors.New("not connected")

// write sends a frame. It blocks while the server does not read, at most for
// writeStall.
func (p *phone) write(frame []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.writeLocked(frame)
}

func (p *phone) writeLocked(frame []byte) error {
	if p.ws == nil {
		return errNotConnected
	}
	_ = p.ws.SetWriteDeadline(time.Now().Add(writeStall))
	return p.ws.WriteMessage(websocket.TextMessage, frame)
}

// lost takes leave of a connection that ended.
func (g *Generator) lost(p *phone, ws *websocket.Conn, err error) {
	_ = ws.Close()
	g.connected.Add(-1)
	p.mu.Lock()
	expected := p.leaving || g.ctx.Err() != nil || p.ws != ws || p.welcome != nil // without a welcome connect tells of it
	if p.ws == ws {
		p.ws = nil
	}
	p.greeted()
	waiting := p.waiting
	p.waiting = nil
	p.mu.Unlock()
	g.ledger.Disconnected(p.Phone)
	for _, r := range waiting {
		g.abandon(p, r, "connection lost")
	}
	if expected {
		return
	}
	closed, ok := errors.AsType[*websocket.CloseError](err)
	if !ok || closed.Code == websocket.CloseAbnormalClosure {
		g.ledger.Error("connection lost")
		g.comeBack(p, 0)
		return
	}
	code := wire.CloseCode(closed.Code) // #nosec G115 -- 16 bits on the wire
	if code == wire.CloseExpired && time.Now().After(p.expires.Add(-clockSkew)) {
		return // its time is over; the renewal sees to it
	}
	g.ledger.Error(fmt.Sprintf("closed with %d", code))
	if code.Reconnect() {
		g.comeBack(p, 0)
	}
}

// hangUp drops the connection without a word, as a phone that loses its network
// does.
func (g *Generator) hangUp(p *phone) {
	p.mu.Lock()
	ws := p.ws
	p.ws = nil
	p.mu.Unlock()
	if ws != nil {
		_ = ws.Close()
	}
}

// leave makes the end of the connection no surprise.
func (p *phone) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leaving = true
}
