package core

import (
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/ble"
	"i80.dk/sighej/wire"
)

// delivery is a nudge on its way to the listener.
type delivery struct {
	nudge Nudge
	done  chan struct{}
}

// onNudge is called by the session's phone, which acknowledges the nudge when it
// returns: not before the listener has it.
func (r *run) onNudge(n wire.Nudge) {
	d := &delivery{done: make(chan struct{})}
	d.nudge = Nudge{ID: n.ID, Message: n.Message, Shared: n.SharedInterests, Reveals: n.Reveals, At: n.At}
	r.core.mu.Lock()
	r.nudges = append(r.nudges, d) // of one: the phone waits for each
	signal(r.news)
	r.core.mu.Unlock()
	select {
	case <-d.done:
	case <-r.ctx.Done():
	}
}

// spoken is what the listener knows. The voice's own.
type spoken struct {
	state         State
	all, veryNear int
	at            time.Time // when the listener was told who is in range
}

// speak makes the calls to the shell until the run ends, and then takes the phone
// out of the air and tells that it has stopped.
func (r *run) speak() {
	var said spoken
	for r.ctx.Err() == nil {
		due := r.tune()
		r.tellErrors()
		r.tellState(&said)
		due = sooner(due, r.tellRange(&said))
		r.tellNudges()
		r.core.sleep(due, r.ctx.Done(), r.news)
	}
	r.hush(false)
	r.group.Wait() // for the farewell: what is told last is that all is over
	r.say(func(l Listener) { l.OnState(State{Open: said.state.Open}) })
}

// say calls the listener. A panic of its is told to it, once.
func (r *run) say(what func(Listener)) {
	if fault := safely(func() { what(r.core.cfg.Listener) }); fault != nil {
		_ = safely(func() { r.core.cfg.Listener.OnError(sighej.CodeInternal, "the listener panicked") })
	}
}

// safely returns what do panicked with, or nil.
func safely(do func()) (fault any) {
	defer func() { fault = recover() }()
	do()
	return nil
}

func (r *run) tellErrors() {
	r.core.mu.Lock()
	faults := r.faults
	r.faults = nil
	r.core.mu.Unlock()
	for _, e := range faults {
		r.say(func(l Listener) { l.OnError(e.Code, e.Error()) })
	}
}

func (r *run) tellState(said *spoken) {
	r.core.mu.Lock()
	state := State{
		Link: r.link, Open: r.core.open, ExpiresAt: r.expiresAt,
		Discoverability: ble.Discoverable(r.tuned.advertised != "", r.core.cfg.IOS, r.core.onScreen),
	}
	r.core.mu.Unlock()
	if state == said.state {
		return
	}
	said.state = state
	r.say(func(l Listener) { l.OnState(state) })
}

// tellRange tells who is in range when that changed, not too often, and returns
// when to look again. Nobody is, once the person is not open to talk.
func (r *run) tellRange(said *spoken) time.Time {
	now := time.Now()
	all, veryNear, change, spread := r.inRange(now)
	next := said.at.Add(spread)
	if all != said.all || veryNear != said.veryNear {
		if now.Before(next) {
			return next
		}
		said.all, said.veryNear, said.at = all, veryNear, now
		r.say(func(l Listener) { l.OnPeopleInRange(all, veryNear) })
		next = now.Add(spread)
	}
	if change.IsZero() {
		return change
	}
	return later(change, next)
}

func (r *run) inRange(now time.Time) (all, veryNear int, change time.Time, spread time.Duration) {
	r.core.mu.Lock()
	defer r.core.mu.Unlock()
	duty := r.core.duty()
	if !r.core.open {
		return 0, 0, time.Time{}, 0
	}
	all, veryNear, change = r.crowd.InRange(now, duty.Silence)
	return all, veryNear, change, duty.Spread
}

func (r *run) tellNudges() {
	r.core.mu.Lock()
	nudges := r.nudges
	r.nudges = nil
	r.core.mu.Unlock()
	for _, d := range nudges {
		d.nudge.Band = r.band()
		r.say(func(l Listener) { l.OnNudge(d.nudge) })
		close(d.done)
	}
}

// band is the one that all phones in range are in. A nudge does not tell whose it
// is, so with several bands nobody knows.
func (r *run) band() ble.Band {
	all, veryNear, _, _ := r.inRange(time.Now())
	switch {
	case all == 0:
		return ble.Gone
	case veryNear == all:
		return ble.VeryNear
	case veryNear == 0:
		return ble.Near
	}
	return ble.Gone
}
