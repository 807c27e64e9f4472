package ws

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"i80.dk/sighej/wire"
)

// The wheel turns by one slot a tick; a connection is hung pingTicks ± pingJitter
// slots ahead. With an interval of 50 s that is a ping every 45 to 55 s.
const (
	slots      = 64
	pingTicks  = 50
	pingJitter = 5
)

// maxMissed is how many pings in a row a client may leave unanswered.
const maxMissed = 2

// spoke is a socket's place on the wheel.
type spoke struct {
	next, prev *socket
	slot       uint8
}

// wheel holds every attached connection in the slot of its next ping: one
// goroutine and no timer for all of them. It is safe for concurrent use.
type wheel struct {
	mu       sync.Mutex
	slots    [slots]*socket
	now      int // the slot whose turn was last
	count    int
	draining bool
	stopped  bool
	empty    chan struct{} // closed when the last one leaves; nil when nobody waits
}

// add hangs s up for its first ping. accepted is false when the wheel has been
// stopped; draining tells that s must be told to leave.
func (w *wheel) add(s *socket) (accepted, draining bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return false, false
	}
	w.count++
	w.hang(s)
	return true, w.draining
}

// remove takes s off, once.
func (w *wheel) remove(s *socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unhang(s)
	w.count--
	if w.count == 0 && w.empty != nil {
		close(w.empty)
		w.empty = nil
	}
}

func (w *wheel) hang(s *socket) {
	ahead := pingTicks - pingJitter + rand.IntN(2*pingJitter+1) //nolint:gosec // spreads load
	slot := (w.now + ahead) % slots
	s.slot, s.prev, s.next = uint8(slot), nil, w.slots[slot] //nolint:gosec // below 64
	if s.next != nil {
		s.next.prev = s
	}
	w.slots[slot] = s
}

func (w *wheel) unhang(s *socket) {
	if s.prev == nil {
		w.slots[s.slot] = s.next
	} else {
		s.prev.next = s.next
	}
	if s.next != nil {
		s.next.prev = s.prev
	}
	s.next, s.prev = nil, nil
}

// turn moves on by a slot, hangs its sockets up anew and appends them to due.
func (w *wheel) turn(due []*socket) []*socket {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = (w.now + 1) % slots
	for s := w.slots[w.now]; s != nil; s = w.slots[w.now] {
		w.unhang(s)
		w.hang(s)
		due = append(due, s)
	}
	return due
}

func (w *wheel) len() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count
}

// accepting reports whether new connections are welcome.
func (w *wheel) accepting() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.draining && !w.stopped
}

// drain and stop return all that hang there; later ones are told by add.
func (w *wheel) drain() []*socket {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.draining = true
	return w.all()
}

func (w *wheel) stop() []*socket {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	return w.all()
}

func (w *wheel) all() []*socket {
	all := make([]*socket, 0, w.count)
	for _, s := range w.slots {
		for ; s != nil; s = s.next {
			all = append(all, s)
		}
	}
	return all
}

// waitEmpty blocks until nothing hangs there or ctx ends.
func (w *wheel) waitEmpty(ctx context.Context) error {
	w.mu.Lock()
	if w.count == 0 {
		w.mu.Unlock()
		return nil
	}
	if w.empty == nil {
		w.empty = make(chan struct{})
	}
	empty := w.empty
	w.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// turnWheel pings until ctx ends.
func (e *Endpoint) turnWheel(ctx context.Context) {
	tick := time.NewTicker(e.cfg.PingInterval / pingTicks)
	defer tick.Stop()
	var due []*socket
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		due = e.wheel.turn(due[:0])
		for _, s := range due {
			s.ping()
		}
		clear(due) // they may be gone before the next turn
	}
}

// ping asks the client for a sign of life, or gives it up after maxMissed. Any
// bytes since the last ping count as one.
func (s *socket) ping() {
	if s.alive.Swap(false) {
		s.missed = 0
	} else {
		s.missed++
	}
	if s.missed < maxMissed {
		s.control(opPing, nil)
		return
	}
	if s.missed == maxMissed {
		s.endpoint.counters.unresponsive.Add(1)
		s.Close(wire.CloseUnresponsive)
	}
}
