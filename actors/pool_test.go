package actors

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// busy takes the whole pool: all its workers wait until the returned function is
// called.
func busy(p *pool) (release func()) {
	gate := make(chan struct{})
	var inside sync.WaitGroup
	for range p.workers {
		inside.Add(1)
		m := p.mailbox()
		m.RegisterHandlers(invoker{user: func(any) { inside.Done(); <-gate }}, nil)
		p.mu.Lock()
		p.waiting = append(p.waiting, m)
		m.newest.Store(&letter{})
		p.awake = p.workers
		p.wake.Broadcast()
		p.mu.Unlock()
		inside.Wait() // one at a time, or one worker would take several
	}
	return func() { close(gate) }
}

func TestACallerDeliversWhatItWaitsFor(t *testing.T) {
	p := newPool(func(any) {})
	defer p.close()
	defer busy(p)()
	got := 0
	first, second := p.mailbox(), p.mailbox()
	second.RegisterHandlers(invoker{user: func(any) { got++ }}, nil)
	first.RegisterHandlers(invoker{user: func(any) { second.PostUserMessage("what follows") }}, nil)
	p.enter()
	first.PostUserMessage("a letter")
	p.lend(func() bool { return got > 0 })
	if got != 1 {
		t.Errorf("%d letters delivered while no worker was free, want 1", got)
	}
}

func TestACallerWithItsAnswerDoesNoMoreThanAHandful(t *testing.T) {
	p := newPool(func(any) {})
	defer p.close()
	defer busy(p)()
	var got atomic.Int32
	p.enter()
	for range 2 * handful {
		m := p.mailbox()
		m.RegisterHandlers(invoker{user: func(any) { got.Add(1) }}, nil)
		m.PostUserMessage("a letter")
	}
	p.lend(func() bool { return true })
	if n := got.Load(); n != handful {
		t.Errorf("%d letters delivered, want %d", n, handful)
	}
}

func TestWhatACallerLeavesIsDelivered(t *testing.T) {
	p := newPool(func(any) {})
	defer p.close()
	asleep(p)
	last := make(chan struct{})
	left := p.mailbox()
	left.RegisterHandlers(invoker{user: func(any) { close(last) }}, nil)
	p.enter()
	for n := range handful {
		m := p.mailbox()
		m.RegisterHandlers(invoker{user: func(any) {
			if n == 0 {
				left.PostUserMessage("one more than a handful")
			}
		}}, nil)
		m.PostUserMessage("a letter")
	}
	p.lend(func() bool { return true })
	<-last
}

// asleep returns when all workers wait for letters.
func asleep(p *pool) {
	for {
		p.mu.Lock()
		awake := p.awake
		p.mu.Unlock()
		if awake == 0 {
			return
		}
		runtime.Gosched()
	}
}
