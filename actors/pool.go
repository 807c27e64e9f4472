package actors

import (
	"runtime"
	"sync"
)

// pool is the workers that deliver letters. No actor blocks in Receive, so as
// many workers as there are processors serve all of them, with stacks that have
// already grown. A mailbox waits here at most once, so the queue is bounded by
// the number of actors.
//
// Waking a worker costs more than a letter. So while one is awake, another is
// woken only when work piles up: a sighting that becomes a match, seven letters
// between four actors, usually stays with one worker. A caller who would only wait
// for such letters is no worse at delivering them: see [pool.lend].
type pool struct {
	mu      sync.Mutex
	wake    sync.Cond
	waiting []*mailbox // from first on
	first   int
	workers int
	awake   int
	guests  int // callers that deliver letters too, or are about to
	closed  bool
	wg      sync.WaitGroup
	orphan  func(message any) // gets what arrives at an actor that has stopped
}

// handful is how many mailboxes a worker takes at a time, and how many wait for
// each worker before another one is woken.
const handful = 16

// share is the most mailboxes that a guest takes.
const share = 8 * handful

func newPool(orphan func(message any)) *pool {
	p := &pool{workers: runtime.GOMAXPROCS(0), orphan: orphan}
	p.awake = p.workers
	p.wake.L = &p.mu
	for range p.workers {
		p.wg.Go(p.run)
	}
	return p
}

// mailbox makes an empty one; it is the producer of the actors' Props.
func (p *pool) mailbox() *mailbox { return &mailbox{pool: p} }

// schedule has a worker work m off. The caller has made sure that none does.
func (p *pool) schedule(m *mailbox) {
	p.mu.Lock()
	p.waiting = append(p.waiting, m)
	p.wakeAsNeeded()
	p.mu.Unlock()
}

// wakeAsNeeded wakes one worker, which counts as awake from now on. The caller
// holds mu.
func (p *pool) wakeAsNeeded() {
	if p.awake < p.workers && len(p.waiting)-p.first > handful*(p.awake+min(p.guests, p.workers)) {
		p.awake++
		p.wake.Signal()
	}
}

// enter announces a caller that will lend a hand right after it has sent its
// letter, so that no worker is woken for it.
func (p *pool) enter() {
	p.mu.Lock()
	p.guests++
	p.mu.Unlock()
}

// lend has the caller, which has entered, deliver letters until none waits, until
// enough reports true and it has done its handful, or until it has done its share:
// what it waits for may come from another member. It takes one mailbox at a time,
// whoever's turn it is, so each mailbox still has one worker and its letters their
// order.
func (p *pool) lend(enough func() bool) {
	defer p.leave()
	for n := 0; n < handful || n < share && !enough(); n++ {
		m := p.takeOne()
		if m == nil {
			break
		}
		m.work()
	}
}

func (p *pool) leave() {
	p.mu.Lock()
	p.guests--
	p.wakeAsNeeded()
	p.mu.Unlock()
}

// backlog returns how many mailboxes wait.
func (p *pool) backlog() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting) - p.first
}

// close ends the workers once the queue is empty, and waits for them. Letters
// posted later are not delivered.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.awake = p.workers
	p.wake.Broadcast()
	p.mu.Unlock()
	p.wg.Wait()
}

func (p *pool) run() {
	var room [handful]*mailbox
	for taken := p.take(room[:]); taken != nil; taken = p.take(room[:]) {
		for i, m := range taken {
			taken[i] = nil
			m.work()
		}
	}
}

// take waits for mailboxes and moves some to room; nil when the pool is closed.
func (p *pool) take(room []*mailbox) []*mailbox {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.first == len(p.waiting) {
		if p.closed {
			return nil
		}
		p.awake--
		p.wake.Wait()
	}
	n := copy(room, p.waiting[p.first:])
	p.drop(n)
	p.wakeAsNeeded()
	return room[:n]
}

// takeOne returns the mailbox that has waited longest, or nil.
func (p *pool) takeOne() *mailbox {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first == len(p.waiting) {
		return nil
	}
	m := p.waiting[p.first]
	p.drop(1)
	return m
}

// drop takes the first n off the queue. The caller holds mu.
func (p *pool) drop(n int) {
	clear(p.waiting[p.first : p.first+n])
	if p.first += n; p.first == len(p.waiting) {
		p.waiting, p.first = p.waiting[:0], 0
	} else if p.first > len(p.waiting)/2 {
		left := copy(p.waiting, p.waiting[p.first:])
		clear(p.waiting[left:])
		p.waiting, p.first = p.waiting[:left], 0
	}
}
