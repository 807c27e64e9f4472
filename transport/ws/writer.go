package ws

import (
	"net"
	"syscall"
	"time"

	"i80.dk/sighej/wire"
)

// writer is one of the drain pool. What it needs for a write is allocated once.
type writer struct {
	bytes []byte
	n     int
	err   error
	once  func(fd uintptr) bool
}

// drainQueues writes what waits, one write a batch, until the queue is closed.
func (e *Endpoint) drainQueues() {
	w := &writer{}
	w.once = func(fd uintptr) bool {
		w.n, w.err = writeSome(fd, w.bytes)
		return true // never wait for room: others are waiting too
	}
	for s := e.waiting.pop(); s != nil; s = e.waiting.pop() {
		w.drain(s)
	}
}

// write writes as much as goes at once.
func (w *writer) write(raw syscall.RawConn, b []byte) (int, error) {
	w.bytes, w.n, w.err = b, 0, nil
	err := raw.Write(w.once)
	w.bytes = nil
	if err == nil {
		err = w.err
	}
	return w.n, err
}

// drain writes the batch of s. What does not go at once gets a goroutine, so
// that a client which reads slowly holds up nobody else.
func (w *writer) drain(s *socket) {
	b := s.takeBatch()
	if b == nil {
		return
	}
	if s.raw == nil {
		go s.writeRest(b, 0)
		return
	}
	s.endpoint.counters.writes.Add(1)
	n, err := w.write(s.raw, b.bytes)
	switch {
	case err != nil:
		s.notWritten(b)
	case n < len(b.bytes):
		go s.writeRest(b, n)
	default:
		s.written(b)
	}
}

// takeBatch returns what waits, or nil when s is gone and nobody needs to write.
func (s *socket) takeBatch() *batch {
	s.mu.Lock()
	if s.state&gone != 0 {
		s.state &^= writing
		s.settle()
		return nil
	}
	b := s.batch
	s.batch = nil
	s.mu.Unlock()
	return b
}

// writeRest writes b from n on; a client that does not make room for all of it
// within WriteStall is cut off, since no close frame fits between two halves of
// another. Meanwhile the queue fills up to its bound.
func (s *socket) writeRest(b *batch, n int) {
	e := s.endpoint
	e.counters.writes.Add(1)
	_ = s.conn.SetWriteDeadline(time.Now().Add(e.cfg.WriteStall))
	if _, err := s.conn.Write(b.bytes[n:]); err != nil {
		if t, ok := err.(net.Error); ok && t.Timeout() { //nolint:errorlint // net's own, never wrapped
			e.counters.overloaded.Add(1)
			e.cfg.Logger.Debug("connection cut: its write was stuck", "stall", e.cfg.WriteStall)
			dropUnsent(s.conn)
			s.stuck()
		}
		s.notWritten(b)
		return
	}
	_ = s.conn.SetWriteDeadline(time.Time{})
	s.written(b)
}

// stuck notes why the connection is about to be cut, unless a close frame was
// under way.
func (s *socket) stuck() {
	s.mu.Lock()
	if s.state&closing == 0 {
		s.ending = with(wire.CloseOverloaded)
	}
	s.mu.Unlock()
}

// dropUnsent makes close free what the kernel still holds for the client.
func dropUnsent(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

// notWritten ends the writing side.
func (s *socket) notWritten(b *batch) {
	b.recycle()
	s.mu.Lock()
	s.state = s.state&^writing | gone
	s.settle()
}

// written reports what is out and lets the next batch wait its turn.
func (s *socket) written(b *batch) {
	if len(b.nudges) > 0 {
		s.actor.Delivered(b.nudges)
	}
	b.recycle()
	s.mu.Lock()
	s.state &^= writing
	switch {
	case s.state&gone != 0:
	case s.batch != nil:
		s.schedule()
	case s.state&closing != 0:
		s.closeSoon()
	}
	s.settle()
}

// closeSoon follows the close frame: the client answers it, or has, or time is
// up. mu is held.
func (s *socket) closeSoon() {
	if s.state&answered != 0 {
		s.state |= gone
		return
	}
	if half, ok := s.conn.(interface{ CloseWrite() error }); ok && s.state&deaf != 0 {
		_ = half.CloseWrite() // its answer will not be understood, so tell it in TCP too
	}
	s.expiry = time.AfterFunc(s.endpoint.cfg.CloseWait, s.abort)
}
