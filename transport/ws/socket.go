package ws

import (
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// kernelSendBuffer bounds what the kernel holds, in bytes, for a client that
// does not read; Linux doubles it. Without it that grows to megabytes.
const kernelSendBuffer = 32 << 10

// state is a set of flags, guarded by the socket's mutex.
type state uint8

const (
	reading  state = 1 << iota // the goroutine that waits for bytes, or a reader, has the socket
	writing                    // it stands in the drain queue, or is being written
	closing                    // a close frame is queued or written; nothing may follow it
	deaf                       // what comes in counts no more: the client sent a close frame or broke the protocol
	answered                   // the client sent its close frame
	gone                       // the TCP connection must be closed
	shut                       // it has been
	over                       // the actor has been told so
)

// socket is one connection. It implements Socket.
type socket struct {
	endpoint *Endpoint
	conn     net.Conn
	raw      syscall.RawConn // nil when conn does not show its descriptor, as with TLS
	actor    Connection
	bare     bool

	alive  atomic.Bool // bytes came since the last ping
	missed uint8       // pings in a row without an answer; the wheel's
	ending ending      // why it ends; guarded by mu
	carry  *carry      // what the reader has of an unfinished message; nil for none

	mu     sync.Mutex
	state  state
	batch  *batch // nil when nothing waits
	expiry *time.Timer

	nextToDrain *socket // the drain queue's
	spoke               // the wheel's
}

// newSocket returns a socket that reads and writes once start is called. Until
// then frames may be queued.
func newSocket(e *Endpoint, conn net.Conn, bare bool) *socket {
	s := &socket{endpoint: e, conn: conn, bare: bare, state: reading | writing}
	s.alive.Store(true)
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(kernelSendBuffer) // without it all works, with more memory
	}
	s.raw = descriptor(conn)
	return s
}

// start lets go of what newSocket held.
func (s *socket) start() {
	s.mu.Lock()
	s.state &^= writing
	if s.batch != nil {
		s.schedule()
	}
	s.settle()
	go s.await()
}

// Send implements Socket.
func (s *socket) Send(text []byte, nudge sighej.NudgeID) bool {
	s.mu.Lock()
	queued := s.queue(opText, text)
	if queued && s.bare && nudge != (sighej.NudgeID{}) {
		s.batch.nudges = append(s.batch.nudges, nudge)
	}
	s.settle()
	return queued
}

// Close implements Socket.
func (s *socket) Close(code wire.CloseCode) {
	s.mu.Lock()
	s.sayGoodbye(closePayload(code), with(code))
	s.settle()
}

// control queues a ping or a pong.
func (s *socket) control(op opcode, payload []byte) {
	s.mu.Lock()
	s.queue(op, payload)
	s.settle()
}

// fail closes with code for what the client sent and listens no more.
func (s *socket) fail(code wire.CloseCode) {
	s.mu.Lock()
	s.state |= deaf
	s.sayGoodbye(closePayload(code), with(code))
	s.settle()
}

// goodbye takes the client's close frame; echo is what answers it.
func (s *socket) goodbye(echo []byte) {
	s.mu.Lock()
	s.state |= deaf | answered
	s.sayGoodbye(echo, endedByClient)
	if s.state&writing == 0 { // our own close frame was out before
		s.state |= gone
	}
	s.settle()
}

// abort cuts the connection.
func (s *socket) abort() {
	s.mu.Lock()
	s.state |= gone
	s.settle()
}

// lost ends the reading side.
func (s *socket) lost() {
	s.mu.Lock()
	s.state = s.state&^reading | gone
	s.settle()
}

// queue takes a frame, or closes with 1013 when there is no room. mu is held.
func (s *socket) queue(op opcode, payload []byte) bool {
	if s.state&(closing|gone) != 0 {
		return false
	}
	if s.batch == nil {
		s.batch = newBatch()
	}
	if !s.batch.fits(len(payload)) {
		s.endpoint.counters.overloaded.Add(1)
		s.batch.recycle() // the outbox has them
		s.batch = nil
		s.sayGoodbye(closePayload(wire.CloseOverloaded), with(wire.CloseOverloaded))
		return false
	}
	s.batch.add(op, payload)
	s.endpoint.counters.queued.Add(1)
	s.schedule()
	return true
}

// sayGoodbye queues the close frame, unless there was one. mu is held.
func (s *socket) sayGoodbye(payload []byte, why ending) {
	if s.state&(closing|gone) != 0 {
		return
	}
	if s.batch == nil {
		s.batch = newBatch()
	}
	s.batch.add(opClose, payload)
	s.state |= closing
	s.ending = why
	s.schedule()
}

// schedule gets the batch drained. mu is held.
func (s *socket) schedule() {
	if s.state&writing == 0 {
		s.state |= writing
		s.endpoint.waiting.push(s)
	}
}

// settle unlocks mu and does what the state calls for: closes the TCP
// connection when it is gone, and tells the actor once nobody uses the socket
// any more. Every change of the state ends with it.
func (s *socket) settle() {
	before := s.state
	if before&gone != 0 {
		s.state |= shut
		if before&(reading|writing) == 0 {
			s.state |= over
		}
	}
	now := s.state &^ before
	expiry, why := s.expiry, s.ending
	s.mu.Unlock()
	if now&shut != 0 {
		if expiry != nil {
			expiry.Stop()
		}
		closeNow(s.conn)
	}
	if now&over != 0 {
		s.actor.Closed()
		s.endpoint.endings[why].Add(1)
		s.endpoint.places.Add(-1)
		s.endpoint.wheel.remove(s)
	}
}

// closeNow closes without waiting for anybody: below TLS, whose own close
// writes.
func closeNow(c net.Conn) {
	if wrapped, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = wrapped.NetConn()
	}
	_ = c.Close() // nothing is left to be done about an error
}
