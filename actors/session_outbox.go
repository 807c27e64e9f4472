package actors

import (
	"context"
	"slices"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

// outbox is a session's nudges that its phone has not acknowledged. The store
// has the same; this is what is pushed from.
type outbox struct {
	pending    []sighej.Nudge   // oldest first
	acked      []sighej.NudgeID // lately; not to be taken in again
	oldest     int              // in acked, once it is full
	refreshing bool
	inDoubt    bool // the store is to be asked once more than it answers

	confirming []func(error) // wait until the store has told what is pending still
	greeting   bool          // what is pending is pushed then, and nothing before
}

// maxAcked bounds the memory of acknowledged nudges. Forgetting one can at worst
// send it once more, with the same id.
const maxAcked = 256

// storeRetry is the wait before the store is asked again for what it could not
// do.
const storeRetry = 2 * time.Second

func (o *outbox) knows(id sighej.NudgeID) bool {
	return slices.Contains(o.acked, id) ||
		slices.ContainsFunc(o.pending, func(n sighej.Nudge) bool { return n.ID == id })
}

// take removes a nudge and reports whether it was there, and of when it was.
func (o *outbox) take(id sighej.NudgeID) (at time.Time, ok bool) {
	i := slices.IndexFunc(o.pending, func(n sighej.Nudge) bool { return n.ID == id })
	if i < 0 {
		return time.Time{}, false
	}
	at = o.pending[i].At
	if o.pending = slices.Delete(o.pending, i, i+1); len(o.pending) == 0 {
		o.pending = nil
	}
	if len(o.acked) < maxAcked {
		o.acked = append(o.acked, id)
	} else {
		o.acked[o.oldest] = id
		o.oldest = (o.oldest + 1) % maxAcked
	}
	return at, true
}

// remove takes a nudge out of the outbox, for whatever reason, and reports whether
// it was there, and of when it was.
func (a *session) remove(id sighej.NudgeID) (at time.Time, ok bool) {
	if at, ok = a.company().outbox.take(id); ok {
		a.system.waiting.add(at, -1)
	}
	return at, ok
}

// accept puts a nudge that the store holds into the outbox and pushes it.
func (a *session) accept(n sighej.Nudge) {
	if a.outbox.knows(n.ID) {
		return
	}
	a.outbox.pending = append(a.outbox.pending, n)
	a.system.waiting.add(n.At, 1)
	a.push(n)
}

func (a *session) push(n sighej.Nudge) {
	if a.connection != nil && !a.outbox.greeting {
		a.system.push(a.connection, a.company().trail.wrap(&nudge{n.ID, n.At, a.labels(n.Shared), n.Reveals}))
	}
}

// onAttach gives the session a connection; an older one is closed.
func (a *session) onAttach(m *attach) {
	if a.connection != nil && !a.connection.Equal(m.connection) {
		if m.since < a.since {
			a.system.push(m.connection, &ended{code: closeTakenOver})
			return
		}
		a.system.push(a.connection, &ended{code: closeTakenOver})
	}
	a.connection, a.since = m.connection, m.since
	if a.shared { // a commit that another activation asked for may have come after the loading, or may yet
		a.shared = false
		a.company()
		a.refreshIn(max(storeRetry, a.system.unsettled()))
	}
	a.timer.Reset(max(a.lifetime(), 0)) // its phone is told in time
	if a.affairs == nil || len(a.outbox.pending) == 0 {
		a.greet(0)
		return
	}
	a.outbox.greeting = true
	a.confirm(func(err error) {
		if err == nil && a.outbox.greeting { // once for the newest connection
			a.outbox.greeting = false
			a.greet(len(a.outbox.pending))
			for _, n := range a.outbox.pending {
				a.push(n)
			}
		}
	})
}

func (a *session) greet(pending int) {
	if a.connection != nil {
		a.system.push(a.connection, &attached{expiresAt: a.session.ExpiresAt, pending: pending})
	}
}

// confirm calls then once the store has told which nudges are pending still: whom
// one is about may have withdrawn it. If the store cannot be asked, it is called
// all the same; with an error only when the session ends before.
func (a *session) confirm(then func(error)) {
	if a.company().outbox.confirming = append(a.outbox.confirming, then); len(a.outbox.confirming) == 1 {
		a.ask(true)
	}
}

func (a *session) onDetach(m *detach) {
	if a.connection != nil && a.connection.Equal(m.connection) {
		a.connection = nil
	}
}

func (a *session) onAck(m *ack) {
	ids := slices.DeleteFunc(slices.Clone(m.ids), func(id sighej.NudgeID) bool {
		at, ok := a.remove(id)
		if ok {
			a.system.acked(at)
		}
		return !ok
	})
	if len(ids) > 0 {
		a.settle(ids)
	}
}

// settle takes nudges out of the store, again and again until it could be
// reached: otherwise a later activation would send them once more.
func (a *session) settle(ids []sighej.NudgeID) {
	system, self, key := a.system, a.pid, a.session.Key()
	again := func() { time.AfterFunc(storeRetry, func() { system.send(self, &settle{ids}) }) }
	if !system.step(self, func() any {
		if err := system.cfg.Store.Ack(context.Background(), key, ids); retriable(err) {
			again()
		}
		return nil
	}) {
		again()
	}
}

func retriable(err error) bool {
	code := sighej.CodeOf(err)
	return code == sighej.CodeUnavailable || code == sighej.CodeOverloaded
}

func (a *session) refreshSoon() { a.refreshIn(storeRetry) }

// refreshIn has the store asked in a while, also if it is being asked now.
func (a *session) refreshIn(wait time.Duration) {
	if a.outbox.refreshing {
		a.outbox.inDoubt = true
		return
	}
	a.outbox.refreshing = true
	system, self := a.system, a.pid
	time.AfterFunc(wait, func() { system.send(self, refresh{}) })
}

// onRefresh asks the store for nudges of matches whose commit nobody told this
// activation of.
func (a *session) onRefresh() {
	a.company().outbox.refreshing = true
	a.ask(false)
}

// ask has the store tell what it holds.
func (a *session) ask(confirms bool) {
	before := make([]sighej.NudgeID, len(a.outbox.pending))
	for i, n := range a.outbox.pending {
		before[i] = n.ID
	}
	system, self, token := a.system, a.pid, a.session.Token
	if !system.step(self, func() any {
		state, err := system.cfg.Store.Load(context.Background(), token)
		return &refreshed{before, confirms, state, err}
	}) {
		a.onRefreshed(&refreshed{before, confirms, persistence.State{}, errBusy})
	}
}

func (a *session) onRefreshed(m *refreshed) {
	if a.company(); !m.confirms {
		a.outbox.refreshing = false
	}
	switch {
	case retriable(m.err):
		a.refreshSoon()
	case m.err == nil && m.state.Session.ID == a.session.ID:
		a.drop(m)
		for _, n := range m.state.Outbox {
			a.accept(n)
		}
		a.matched.load(m.state.MatchedAt)
		a.guard(m.state.Blocked)
		if m.state.Rotation.Until.After(a.rotated().Until) {
			a.system.alias(a.snapshot, m.state.Rotation)
		}
		if a.outbox.inDoubt {
			a.outbox.inDoubt = false
			a.refreshSoon()
		}
	}
	if m.confirms {
		waiting := a.outbox.confirming
		a.outbox.confirming = nil
		for _, then := range waiting {
			then(nil)
		}
	}
}

// drop takes out what was pending when the store was asked and is so no longer.
func (a *session) drop(m *refreshed) {
	for _, id := range m.before {
		if !slices.ContainsFunc(m.state.Outbox, func(n sighej.Nudge) bool { return n.ID == id }) {
			a.remove(id)
		}
	}
}
