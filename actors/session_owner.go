package actors

import (
	"github.com/asynkron/protoactor-go/actor"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

const closeTakenOver = wire.CloseTakenOver

// onSetOpen records consent, one call after the other. Withdrawal holds at
// once, whatever becomes of the store.
func (a *session) onSetOpen(m *setOpen) {
	if !m.open {
		a.closed.Store(true)
	}
	affairs := a.company()
	affairs.consents = append(affairs.consents, m)
	if len(affairs.consents) == 1 {
		a.recordConsent()
	}
}

func (a *session) recordConsent() {
	system, self, key, open, t := a.system, a.pid, a.session.Key(), a.consents[0].open, a.trail
	if !system.step(self, func() any {
		return t.wrap(&opened{system.cfg.Store.SetOpen(t.context(), key, open)})
	}) {
		a.onOpened(&opened{errBusy})
	}
}

func (a *session) onOpened(m *opened) {
	first := a.consents[0]
	if a.consents = a.consents[1:]; len(a.consents) == 0 {
		a.consents = nil
	}
	if m.err == nil {
		a.closed.Store(!first.open || withdrawn(a.consents))
	}
	first.done(a.standing(), m.err)
	if len(a.consents) > 0 {
		a.recordConsent()
	}
}

func withdrawn(waiting []*setOpen) bool {
	for _, m := range waiting {
		if !m.open {
			return true
		}
	}
	return false
}

// onForget stops matches at once and ends the session when the store has
// forgotten it.
func (a *session) onForget(m *forget) {
	a.closed.Store(true)
	system, self, key, done, t := a.system, a.pid, a.session.Key(), m.done, a.company().trail
	if !system.step(self, func() any {
		return t.wrap(&forgotten{done, system.cfg.Store.Delete(t.context(), key)})
	}) {
		m.done(errBusy)
	}
}

func (a *session) onForgotten(ctx actor.Context, m *forgotten) {
	if m.err == nil || sighej.CodeOf(m.err) == sighej.CodeNotFound {
		a.unlist() // so that a caller who was told so finds nothing of it
		a.end(ctx, wire.CloseForgotten)
		m.done(nil)
		return
	}
	m.done(m.err)
}
