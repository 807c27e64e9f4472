package actors

import (
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
)

// mailbox is a session's or connection's queue of letters: one pointer wide
// while it is empty, since a member holds a million of them. The pointer also
// says whether the mailbox waits for a worker: nil is idle, anything else is
// scheduled or being worked off.
//
// It has no bound of its own. What enters is bounded at the doors: by the
// limits of a session, by the frames in flight of a connection, and by the
// store's queue.
type mailbox struct {
	newest  atomic.Pointer[letter] // a stack; the worker takes all of it and reverses it
	invoker actor.MessageInvoker
	pool    *pool
	stopped bool // owned by the worker
}

// letter is a message on its way.
type letter struct {
	next    *letter
	message any
	system  bool // a message of the actor library's own
}

// taken stands in a mailbox whose letters a worker has in hand.
var taken = new(letter)

// undeliverable is a message whose sender must learn that nobody will answer.
type undeliverable interface{ undelivered() }

func (m *mailbox) PostUserMessage(message any)   { m.post(&letter{message: message}) }
func (m *mailbox) PostSystemMessage(message any) { m.post(&letter{message: message, system: true}) }

func (m *mailbox) post(l *letter) {
	for {
		before := m.newest.Load()
		l.next = before
		if m.newest.CompareAndSwap(before, l) { // from here on l is the worker's
			if before == nil {
				m.pool.schedule(m)
			}
			return
		}
	}
}

// RegisterHandlers is called once, before the first letter.
func (m *mailbox) RegisterHandlers(invoker actor.MessageInvoker, _ actor.Dispatcher) {
	m.invoker = invoker
}

// Start has nothing to do: the first letter starts the mailbox.
func (m *mailbox) Start() {}

// UserMessageCount counts the letters that no worker has in hand yet.
func (m *mailbox) UserMessageCount() int {
	n := 0
	for l := m.newest.Load(); l != nil && l != taken; l = l.next {
		n++
	}
	return n
}

// work delivers all letters that are there, oldest first, and leaves the
// mailbox idle or scheduled again. Only one worker at a time is in it.
func (m *mailbox) work() {
	for l := oldestFirst(m.newest.Swap(taken)); l != nil; l = l.next {
		m.deliver(l)
	}
	if !m.newest.CompareAndSwap(taken, nil) {
		m.pool.schedule(m)
	}
}

func (m *mailbox) deliver(l *letter) {
	switch {
	case l.system:
		m.invoker.InvokeSystemMessage(l.message)
		if _, stop := l.message.(*actor.Stop); stop {
			m.stopped = true
		}
	case m.stopped:
		m.pool.orphan(l.message)
	default:
		m.invoker.InvokeUserMessage(l.message)
	}
}

// oldestFirst turns a stack of letters round.
func oldestFirst(l *letter) *letter {
	var first *letter
	for l != nil && l != taken {
		next := l.next
		l.next = first
		first, l = l, next
	}
	return first
}
