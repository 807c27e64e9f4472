package ws

import (
	"sync"

	"i80.dk/sighej"
)

// Bounds of what one connection may have waiting. Beyond them the connection is
// closed with 1013; a nudge is still in its outbox then.
const (
	maxQueuedBytes  = 256 << 10
	maxQueuedFrames = 1024
)

// maxPooledBatch keeps the few batches that grew large from living on.
const maxPooledBatch = 16 << 10

// batch is what waits to be written to one connection, as it goes on the wire.
type batch struct {
	bytes  []byte
	frames int
	nudges []sighej.NudgeID // of a bare client, to be reported once written
}

var batches = sync.Pool{New: func() any { return &batch{bytes: make([]byte, 0, 512)} }}

func newBatch() *batch { return batches.Get().(*batch) }

// recycle gives b back; its nudges belong to whoever took them.
func (b *batch) recycle() {
	if cap(b.bytes) > maxPooledBatch {
		return
	}
	b.bytes, b.frames, b.nudges = b.bytes[:0], 0, nil
	batches.Put(b)
}

func (b *batch) fits(payload int) bool {
	return b.frames < maxQueuedFrames && len(b.bytes)+payload+maxHeader <= maxQueuedBytes
}

func (b *batch) add(op opcode, payload []byte) {
	b.bytes = appendFrame(b.bytes, op, payload)
	b.frames++
}

// drainQueue holds the sockets whose batch waits, first come, first served. It
// is bounded by the number of connections: a socket stands in it at most once.
type drainQueue struct {
	mu          sync.Mutex
	more        *sync.Cond
	first, last *socket
	closed      bool
}

func newDrainQueue() *drainQueue {
	q := &drainQueue{}
	q.more = sync.NewCond(&q.mu)
	return q
}

// push never blocks for longer than another push takes.
func (q *drainQueue) push(s *socket) {
	q.mu.Lock()
	if q.last == nil {
		q.first = s
	} else {
		q.last.nextToDrain = s
	}
	q.last = s
	q.mu.Unlock()
	q.more.Signal()
}

// pop blocks until there is a socket; nil when the queue is closed and empty.
func (q *drainQueue) pop() *socket {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.first == nil {
		if q.closed {
			return nil
		}
		q.more.Wait()
	}
	s := q.first
	q.first, s.nextToDrain = s.nextToDrain, nil
	if q.first == nil {
		q.last = nil
	}
	return s
}

func (q *drainQueue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.more.Broadcast()
}
