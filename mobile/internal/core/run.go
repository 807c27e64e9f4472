package core

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/ble"
	"i80.dk/sighej/mobile/phone"
)

// Bounds of a Stop.
const (
	farewell          = 3 * time.Second // for the request that forgets the session
	patienceWithShell = 5 * time.Second // for a call to the shell under way
)

// run is what lives between a Start and a Stop. What is not constant is touched
// under the core's lock, unless its comment names the one goroutine that does.
type run struct {
	core      *Core
	interests []string
	transport http.RoundTripper
	idle      func() // closes idle connections

	ctx    context.Context // its own, ended by stop
	cancel context.CancelFunc
	group  sync.WaitGroup // keeper and chores
	silent chan struct{}  // closed when the voice has ended

	// Each has room for one signal.
	news   chan struct{} // for the voice
	chores chan struct{} // for the chores
	hurry  chan struct{} // for a keeper that waits to register

	link      Link
	phone     *phone.Phone // of the session; nil without one
	forget    context.CancelCauseFunc
	expiresAt time.Time
	own       [2]sighej.Token // what is to be in the air, "" without a session, and what was before
	told      bool            // to the server, of consent
	rotateAt  time.Time
	next      sighej.Token // a rotation to it is under way, or its answer was lost
	fixed     bool         // the server does not rotate

	crowd     *ble.Crowd
	held      held
	reportAt  time.Time          // not before this
	reporting context.CancelFunc // nil: no report is under way

	wishes []wish // the server is to be told of
	nudges []*delivery
	faults []*sighej.Error
	tuned  tuning
}

func newRun(c *Core, interests []string) *run {
	r := &run{
		core: c, interests: interests, transport: c.cfg.Transport, idle: func() {},
		silent: make(chan struct{}), news: make(chan struct{}, 1), chores: make(chan struct{}, 1), hurry: make(chan struct{}, 1),
		link: Connecting, crowd: ble.NewCrowd(), held: newHeld(),
	}
	if r.transport == nil {
		own := http.DefaultTransport.(*http.Transport).Clone()
		r.transport, r.idle = own, own.CloseIdleConnections
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

func (r *run) start() {
	r.group.Go(func() { r.guard(r.keep) })
	r.group.Go(func() { r.guard(r.work) })
	go func() {
		defer close(r.silent)
		r.speak()
	}()
}

// stop ends all and waits.
func (r *run) stop() {
	r.cancel()
	r.group.Wait() // the keeper has said farewell
	patience := time.NewTimer(patienceWithShell)
	defer patience.Stop()
	select {
	case <-r.silent:
	case <-patience.C:
	}
	r.idle()
}

// guard runs one of the goroutines. A panic is a defect of ours; it ends the run
// and not the app.
func (r *run) guard(do func(context.Context)) {
	defer func() {
		if fault := recover(); fault != nil {
			r.fail(sighej.Errorf(sighej.CodeInternal, "a defect of the SDK: %v", fault))
		}
	}()
	do(r.ctx)
}

// fail ends the run for the person: the shell still has to Stop it.
func (r *run) fail(err error) {
	r.core.mu.Lock()
	defer r.core.mu.Unlock()
	r.link = Refused
	if r.forget != nil {
		r.forget(errGone)
	}
	r.drop()
	r.complain(err)
}

// complain tells the listener of an error. The oldest of too many is left out.
// Under the lock.
func (r *run) complain(err error) {
	e, ok := errors.AsType[*sighej.Error](err)
	if !ok {
		e = sighej.Errorf(CodeClosed, "%w", err)
	}
	if r.faults = append(r.faults, e); len(r.faults) > maxErrors {
		r.faults = r.faults[1:]
	}
	signal(r.news)
}

// maxErrors is how many errors wait for a listener that does not return.
const maxErrors = 16

// adopt makes p the phone's session. Under the lock.
func (r *run) adopt(p *phone.Phone, open bool, forget context.CancelCauseFunc) {
	r.phone, r.forget, r.expiresAt, r.told = p, forget, p.ExpiresAt(), open
	r.own[1], r.own[0] = r.own[0], p.Token()
	r.rotateAt, r.next = time.Now().Add(rotation()), ""
	r.crowd.Renew()
	p.SetBackground(!r.core.onScreen)
	signal(r.news)
	signal(r.chores)
}

// drop forgets the session, and with it what was held to be reported for it.
// Under the lock.
func (r *run) drop() {
	r.phone, r.forget, r.expiresAt = nil, nil, time.Time{}
	r.own[1], r.own[0] = r.own[0], ""
	r.held, r.wishes = newHeld(), nil // they are about nudges of that session
	signal(r.news)
}

// interrupt ends a report under way; its sightings stay held. Under the lock.
func (r *run) interrupt() {
	if r.reporting != nil {
		r.reporting()
	}
}

// hear takes a packet in. Under the lock.
func (r *run) hear(token sighej.Token, rssi int) {
	if token == r.own[0] || token == r.own[1] {
		return
	}
	now := time.Now()
	duty := r.core.duty()
	worth, moved := r.crowd.Hear(now, token, rssi, duty.Silence)
	if r.held.hear(token, now, worth) {
		r.reportAt = later(r.reportAt, now.Add(duty.Gather))
		signal(r.chores)
	}
	if moved {
		signal(r.news)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
