package ws

import (
	"bytes"
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

func TestSendKeepsOrderAndSize(t *testing.T) {
	for _, secure := range []bool{false, true} {
		r := newRigTLS(t, Config{}, secure)
		c, a := r.dialV1(t)
		sizes := []int{0, 1, 125, 126, 127, 1000, 65535, 65536, 100000}
		for _, n := range sizes {
			frame := bytes.Repeat([]byte{'x'}, n)
			if !a.Send(frame, sighej.NudgeID{}) {
				t.Fatal("not sent")
			}
			clear(frame) // Send has copied it
			kind, got, err := c.ReadMessage()
			if err != nil || kind != websocket.TextMessage || !bytes.Equal(got, bytes.Repeat([]byte{'x'}, n)) {
				t.Fatalf("%d bytes: got %d, %v", n, len(got), err)
			}
		}
		for i := range 500 {
			a.Send(text(i), sighej.NudgeID{})
		}
		for i := range 500 {
			if _, got, err := c.ReadMessage(); err != nil || !bytes.Equal(got, text(i)) {
				t.Fatalf("frame %d: %s, %v", i, got, err)
			}
		}
	}
}

func TestCloseFollowsWhatIsQueued(t *testing.T) {
	for _, secure := range []bool{false, true} {
		r := newRigTLS(t, Config{}, secure)
		c, a := r.dialV1(t)
		for i := range 10 {
			a.Send(text(i), sighej.NudgeID{})
		}
		a.Close(wire.CloseTakenOver)
		a.Close(wire.CloseExpired) // the first one counts
		if a.Send(text(10), sighej.NudgeID{}) {
			t.Error("sent after Close")
		}
		for i := range 10 {
			if _, got, err := c.ReadMessage(); err != nil || !bytes.Equal(got, text(i)) {
				t.Fatalf("frame %d: %s, %v", i, got, err)
			}
		}
		_, _, err := c.ReadMessage()
		closed, ok := err.(*websocket.CloseError) //nolint:errorlint // gorilla's own
		if !ok || closed.Code != int(wire.CloseTakenOver) || closed.Text != wire.CloseTakenOver.Reason() {
			t.Fatalf("closed with %v", err)
		}
		a.awaitClosed(t)
	}
}

// A client that does not answer the close frame is cut off all the same.
func TestCloseWait(t *testing.T) {
	r := newRig(t, Config{CloseWait: 20 * time.Millisecond})
	p, a := r.dialRaw(t, wire.Subprotocol)
	a.Close(wire.CloseExpired)
	if code := p.closeCode(t); code != wire.CloseExpired {
		t.Errorf("code %d", code)
	}
	p.awaitEnd(t)
	a.awaitClosed(t)
}

// A client that answers is not made to wait.
func TestCloseAnswered(t *testing.T) {
	r := newRig(t, Config{CloseWait: 10 * patience})
	p, a := r.dialRaw(t, wire.Subprotocol)
	a.Close(wire.CloseExpired)
	p.closeCode(t)
	_, _ = p.Write(masked(fin(opClose), closePayload(wire.CloseExpired)))
	p.awaitEnd(t)
	a.awaitClosed(t)
}

func TestPeerClose(t *testing.T) {
	for _, c := range []struct {
		name    string
		payload []byte
		want    wire.CloseCode
	}{
		{"no code", nil, 0},
		{"going away", closePayload(1001), 1001},
		{"of an application", closePayload(4999), 4999},
		{"half a code", []byte{3}, wire.CloseProtocol},
		{"a code that is never sent", closePayload(1006), wire.CloseProtocol},
		{"a code out of range", closePayload(5000), wire.CloseProtocol},
		{"reason not UTF-8", append(closePayload(1000), 0xff), wire.CloseNotUTF8},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, Config{CloseWait: 10 * patience})
			p, a := r.dialRaw(t, wire.Subprotocol)
			_, _ = p.Write(masked(fin(opClose), c.payload))
			if code := p.closeCode(t); code != c.want {
				t.Errorf("answered with %d, want %d", code, c.want)
			}
			p.awaitEnd(t)
			if c.want == wire.CloseProtocol || c.want == wire.CloseNotUTF8 {
				_ = p.Close() // it has broken the protocol, so its answer would not be understood
			}
			a.awaitClosed(t)
			if a.Send(text(1), sighej.NudgeID{}) {
				t.Error("sent after Closed")
			}
		})
	}
}

func TestLostConnection(t *testing.T) {
	r := newRig(t, Config{})
	p, a := r.dialRaw(t, wire.Subprotocol)
	_ = p.Close()
	a.awaitClosed(t)
	eventually(t, "it to be forgotten", func() bool { return r.Connections() == 0 })
}

// Frames that Attach queues come first, and in one write.
func TestCoalescing(t *testing.T) {
	const frames = 100
	d := newDoor()
	d.attached = func(a *actor) {
		for i := range frames {
			a.Send(text(i), sighej.NudgeID{})
		}
	}
	r := newRig(t, Config{Sessions: d})
	c, a := r.dialV1(t)
	for i := range frames {
		if _, got, err := c.ReadMessage(); err != nil || !bytes.Equal(got, text(i)) {
			t.Fatalf("frame %d: %s, %v", i, got, err)
		}
	}
	if n := r.Counters(); n.Writes != 1 || n.Queued != frames {
		t.Errorf("%d writes for %d frames, want 1 for %d", n.Writes, n.Queued, frames)
	}
	a.Send(text(0), sighej.NudgeID{})
	_, _, _ = c.ReadMessage()
	if n := r.Counters().Writes; n != 2 {
		t.Errorf("%d writes, want 2", n)
	}
}

// newIdle returns a socket that neither reads nor writes, as before start.
func newIdle(t *testing.T) (*Endpoint, *socket, *actor) {
	t.Helper()
	here, _ := pair(t)
	e := New(Config{Sessions: newDoor()})
	s := newSocket(e, here, true)
	a := e.cfg.Sessions.Attach(sighej.SessionKey{}, s, true).(*actor)
	s.actor = a
	e.wheel.add(s)
	return e, s, a
}

func (a *actor) isClosed() bool {
	select {
	case <-a.closed:
		return true
	default:
		return false
	}
}

// Closed waits for both the reader and the writer.
func TestClosedIsLast(t *testing.T) {
	_, s, a := newIdle(t)
	s.lost()
	if a.isClosed() {
		t.Error("Closed came before the writer was done")
	}
	b := newBatch()
	b.nudges = []sighej.NudgeID{{1}}
	s.written(b)
	a.awaitClosed(t)
	if len(a.delivered) != 1 {
		t.Error("not delivered")
	}

	_, s, a = newIdle(t)
	s.notWritten(newBatch())
	if a.isClosed() {
		t.Error("Closed came before the reader was done")
	}
	s.lost()
	a.awaitClosed(t)
}

// Nothing is written before the actor is known, since Delivered goes to it.
func TestNothingIsWrittenBeforeStart(t *testing.T) {
	e, s, a := newIdle(t)
	s.Send(text(1), sighej.NudgeID{1})
	s.Send(text(2), sighej.NudgeID{2})
	if e.waiting.first != nil {
		t.Fatal("it waits to be written")
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	s.start()
	a.await(t, "Delivered", func() bool { return len(a.delivered) == 2 })
	cancel()
	_ = receive(t, done, "Run")
	a.awaitClosed(t)
}

// Closed comes once and last, whoever ends the connection and whenever.
func TestStorm(t *testing.T) {
	r := newRig(t, Config{CloseWait: 10 * time.Millisecond, PingInterval: 50 * time.Millisecond})
	var wg sync.WaitGroup
	var actors []*actor
	for i := range 60 {
		protocol := wire.Subprotocol
		if i%2 == 0 {
			protocol = ""
		}
		p, a := r.dialRaw(t, protocol)
		wg.Go(func() {
			for range 50 {
				_, _ = p.Write(masked(fin(opText), []byte(`{"type":"open","value":true}`)))
			}
		})
		wg.Go(func() {
			for range 50 {
				a.Send(text(i), sighej.NewNudgeID())
			}
		})
		wg.Go(func() {
			for range 1 + rand.IntN(20) {
				_, _, _ = p.next()
			}
			switch i % 4 {
			case 0:
				_ = p.Close()
			case 1:
				a.Close(wire.CloseTakenOver)
			case 2:
				_, _ = p.Write(masked(fin(opClose), nil))
			case 3:
				_, _ = p.Write([]byte{0xff, 0xff})
			}
		})
		actors = append(actors, a)
	}
	wg.Wait()
	for _, a := range actors {
		a.awaitClosed(t)
	}
}
