package ws

import (
	"syscall"
	"unicode/utf8"

	"i80.dk/sighej/wire"
)

// turnBytes is how much of one connection is read before it is another's turn.
// It holds the largest frame with its header twice, less a little.
const turnBytes = 2 * wire.MaxFrame

// carry is what a connection keeps of a message that has not fully arrived: at
// most MaxFrame of each.
type carry struct {
	rest     []byte // the beginning of a frame
	message  []byte // the fragments before it
	fragment bool   // a fragmented message has begun
}

// await waits for bytes and then for a reader. It runs on a goroutine of its
// own, which is all that an idle connection needs: it calls nothing that would
// make its stack grow.
func (s *socket) await() {
	if s.raw == nil {
		s.readAlone()
		return
	}
	asked := false
	err := s.raw.Read(func(fd uintptr) bool {
		if asked {
			return true // woken: there is something, or it is gone
		}
		asked = true
		return readable(fd)
	})
	if err != nil {
		s.lost()
		return
	}
	s.endpoint.turns <- s
}

// readAlone reads a connection that does not show its descriptor.
func (s *socket) readAlone() {
	buf := make([]byte, turnBytes)
	for {
		k := s.carried(buf)
		n, err := s.conn.Read(buf[k:])
		if n > 0 {
			s.receive(buf[:k+n])
		}
		if err != nil {
			s.lost()
			return
		}
	}
}

// reader is one of the reader pool. It never waits for bytes, so a client that
// dribbles them holds none of it.
type reader struct {
	buf  [turnBytes]byte
	from int
	n    int
	err  error
	once func(fd uintptr) bool
}

// readTurns reads whatever has bytes, one read a turn, until turns is closed.
func (e *Endpoint) readTurns() {
	r := &reader{}
	r.once = func(fd uintptr) bool {
		r.n, r.err = readSome(fd, r.buf[r.from:])
		return true
	}
	for s := range e.turns {
		if r.turn(s) {
			go s.await()
		} else {
			s.lost()
		}
	}
}

// turn reads s once and reports whether it is still there.
func (r *reader) turn(s *socket) bool {
	r.from = s.carried(r.buf[:])
	n, err := r.read(s.raw)
	if err != nil {
		return err == errNothing //nolint:errorlint // ours, never wrapped
	}
	if n == 0 {
		return false
	}
	s.receive(r.buf[:r.from+n])
	return true
}

func (r *reader) read(raw syscall.RawConn) (int, error) {
	r.n, r.err = 0, nil
	if err := raw.Read(r.once); err != nil {
		return 0, err
	}
	return r.n, r.err
}

// carried puts the beginning of an unfinished frame at the beginning of buf and
// returns its length.
func (s *socket) carried(buf []byte) int {
	if s.carry == nil {
		return 0
	}
	return copy(buf, s.carry.rest)
}

// receive takes what has arrived, from the beginning of a frame on.
func (s *socket) receive(b []byte) {
	s.alive.Store(true)
	for s.listens() {
		f, size, fault := parseFrame(b)
		if fault == 0 && size == 0 {
			s.keep(b)
			return
		}
		b = b[size:]
		if fault == 0 {
			fault = s.onFrame(f)
		}
		if fault != 0 {
			s.fail(fault)
		}
	}
	s.carry = nil
}

func (s *socket) listens() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state&(deaf|gone) == 0
}

// keep carries the beginning of a frame over to the next turn.
func (s *socket) keep(rest []byte) {
	switch {
	case len(rest) > 0:
		if s.carry == nil {
			s.carry = &carry{}
		}
		s.carry.rest = append(s.carry.rest[:0], rest...)
	case s.carry != nil && s.carry.fragment:
		s.carry.rest = nil
	default:
		s.carry = nil
	}
}

// onFrame returns why the connection must be closed, or 0.
func (s *socket) onFrame(f frame) wire.CloseCode {
	switch f.op {
	case opPing:
		s.control(opPong, f.payload)
	case opPong: // that it came is all
	case opClose:
		echo, fault := closeEcho(f.payload)
		if fault != 0 {
			return fault
		}
		s.goodbye(echo)
	default:
		return s.onData(f)
	}
	return 0
}

// onData puts fragments together.
func (s *socket) onData(f frame) wire.CloseCode {
	begun := s.carry != nil && s.carry.fragment
	if begun != (f.op == opContinuation) {
		return wire.CloseProtocol
	}
	if f.final && !begun {
		return s.onText(f.payload)
	}
	if s.carry == nil {
		s.carry = &carry{}
	}
	c := s.carry
	if len(c.message)+len(f.payload) > wire.MaxFrame {
		return wire.CloseTooBig
	}
	c.message, c.fragment = append(c.message, f.payload...), !f.final
	if !f.final {
		return 0
	}
	message := c.message
	c.message = nil
	return s.onText(message)
}

// onText decodes a whole message and hands it to the actor, unless we are
// closing anyway.
func (s *socket) onText(text []byte) wire.CloseCode {
	s.endpoint.counters.received.Add(1)
	if !utf8.Valid(text) {
		return wire.CloseNotUTF8
	}
	if s.bare || s.isClosing() {
		return 0
	}
	f, err := decodeFrame(text)
	if err != nil {
		s.actor.Malformed(err.Code, err.Message)
		return 0
	}
	s.actor.Received(f)
	return 0
}

func (s *socket) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state&closing != 0
}
