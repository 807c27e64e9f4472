package actors

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/puzpuzpuz/xsync/v4"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// session is the actor of one session. Its state is only touched in Receive.
type session struct {
	system *System
	*snapshot
	*affairs
	timer      *time.Timer // the session's lifetime
	connection *actor.PID  // nil: its phone is not connected
	heard      meter       // sightings
	since      int64       // when the connection came, Unix nanoseconds
	over       wire.CloseCode
	shared     bool        // another activation may have made matches, and no phone has connected since
	round      roundNumber // that its last report waited for
}

// affairs is what a session needs once it has company; one in an empty place
// never does, and there are many of these. Handlers get it by [session.company].
type affairs struct {
	outbox    outbox
	matched   hourly
	inquiries inquiries
	consents  []*setOpen // in order; the store works on the first
	rotating  bool       // the store is asked for another token
	blocked   []sighej.Pair
	lates     lates
	reports   reports // with Config.Mutual
	trail     *trail  // of the message in hand; nil: it is part of no trace
}

// company returns the session's affairs, which are there from then on.
func (a *session) company() *affairs {
	if a.affairs == nil {
		a.affairs = new(affairs)
	}
	return a.affairs
}

// Receive is called by one worker at a time and never blocks.
func (a *session) Receive(ctx actor.Context) {
	message := ctx.Message()
	defer func() {
		if r := recover(); r != nil {
			a.crash(ctx, message, r)
		}
	}()
	if a.over != 0 {
		a.receiveOver(message)
		return
	}
	a.dispatch(ctx, message)
}

// handleTraced handles a message in a span of its own.
func (a *session) handleTraced(ctx actor.Context, m *traced) {
	t, end := a.system.take(m, "session")
	a.company().trail = t
	defer func() {
		a.trail = nil
		end()
	}()
	a.dispatch(ctx, m.message)
}

func (a *session) dispatch(ctx actor.Context, message any) {
	switch m := message.(type) {
	case *sight:
		a.onSight(m)
	case *meet:
		a.onMeet(m)
	case *met:
		a.onMet(m)
	case *committed:
		a.onCommitted(m)
	case *sought:
		a.onSought(m)
	case *unveiled:
		m.batch.decided()
	case *begin:
		a.onBegin(m)
	case *attach:
		a.onAttach(m)
	case *detach:
		a.onDetach(m)
	case *ack:
		a.onAck(m)
	case *settle:
		a.settle(m.ids)
	case refresh:
		a.onRefresh()
	case *refreshed:
		a.onRefreshed(m)
	case *setOpen:
		a.onSetOpen(m)
	case *opened:
		a.onOpened(m)
	case *block:
		a.onBlock(m)
	case *blocked:
		a.onBlocked(m)
	case *wave:
		a.onWave(m)
	case *waved:
		a.onWaved(m)
	case *rotate:
		a.onRotate(m)
	case *rotated:
		a.onRotated(m)
	case *describe:
		a.onDescribe(m)
	case *forget:
		a.onForget(m)
	case *forgotten:
		a.onForgotten(ctx, m)
	case lapse:
		a.onLapse(ctx)
	case *traced:
		a.handleTraced(ctx, m)
	case *leave:
		a.end(ctx, m.code)
	case *actor.Stopping:
		a.end(ctx, wire.CloseExpired)
		a.onStopping()
	}
}

// receiveOver handles what still arrives once the session has ended.
func (a *session) receiveOver(message any) {
	switch m := message.(type) {
	case *actor.Stopping:
		a.onStopping()
	default:
		a.system.undelivered(m, a.livesOn())
	}
}

func (a *session) onBegin(m *begin) {
	a.snapshot, a.shared = m.snapshot, m.shared
	if len(m.state.Outbox)+len(m.state.MatchedAt) > 0 {
		a.company().outbox.pending = m.state.Outbox
		a.count(m.state.Outbox, 1)
		a.matched.load(m.state.MatchedAt)
		a.guard(m.state.Blocked)
	}
	a.timer = time.AfterFunc(a.lifetime()+a.spread(), a.lapse)
}

func (a *session) lifetime() time.Duration { return a.session.ExpiresAt.Sub(a.system.cfg.Now()) }

// spread delays the clearing away of a session that no phone is connected to:
// everyone sees it dead at its time, but a crowd that came at once must not
// keep the workers busy all at once when it goes.
func (a *session) spread() time.Duration {
	most := min(a.session.ExpiresAt.Sub(a.session.CreatedAt)/100, 30*time.Second)
	return rand.N(max(most, 1)) //nolint:gosec // no secret
}

func (a *session) lapse() { a.system.clearing.add(a.pid) }

func (a *session) onLapse(ctx actor.Context) {
	if left := a.lifetime(); left > 0 { // set off by a clock that was put right since
		a.timer.Reset(left)
		return
	}
	a.end(ctx, wire.CloseExpired)
}

// livesOn reports whether only this activation has ended, and the session can be
// found again in the store: here or on another member.
func (a *session) livesOn() bool {
	return a.over == closeMoved || a.over == wire.CloseDraining || a.over == wire.CloseReset
}

// end is the last thing a session does: from now on it answers nobody.
func (a *session) end(ctx actor.Context, code wire.CloseCode) {
	a.over = code
	ctx.Stop(ctx.Self())
}

func (a *session) onStopping() {
	if a.snapshot == nil {
		return
	}
	if a.timer != nil {
		a.timer.Stop()
	}
	a.unlist()
	a.countOut()
	if a.connection != nil {
		a.system.push(a.connection, &ended{code: a.over})
	}
	if a.affairs != nil {
		why := errGone
		if a.livesOn() {
			why = errMoving
		}
		a.inquiries.abandon(why)
		for _, m := range a.consents {
			m.fail(why)
		}
		for _, then := range a.outbox.confirming {
			then(why)
		}
		if a.over == closeMoved && len(a.outbox.pending)+len(a.blocked) > 0 {
			a.system.refresh(a.session.Token) // it may be active there already, and not know of these
		}
	}
}

// unlist lets nobody find this activation any more.
func (a *session) unlist() {
	a.system.index.Compute(a.session.Token, func(now *snapshot, loaded bool) (*snapshot, xsync.ComputeOp) {
		if loaded && now == a.snapshot {
			return nil, xsync.DeleteOp
		}
		return now, xsync.CancelOp
	})
	a.system.unalias(a.snapshot)
}

// crash ends a session whose handling of a message panicked. The store still
// has it; it is activated again when somebody asks for it.
func (a *session) crash(ctx actor.Context, message, reason any) {
	message, t := unwrap(message)
	a.system.cfg.Logger.ErrorContext(t.context(), "a session's actor panicked and is let go",
		slog.String("message", fmt.Sprintf("%T", message)), slog.String("panic", fmt.Sprint(reason)), slog.String("stack", string(debug.Stack())))
	a.system.undelivered(message, true)
	if a.over == 0 {
		a.end(ctx, wire.CloseReset)
	}
}

func (a *session) onDescribe(m *describe) {
	if a.system.idle() {
		m.done(sighej.Standing{}, errMoving)
		return
	}
	if a.affairs == nil || len(a.outbox.pending) == 0 {
		m.done(a.standing(), nil)
		return
	}
	a.confirm(func(err error) {
		if err != nil {
			m.fail(err)
			return
		}
		m.done(a.standing(), nil)
	})
}

func (a *session) standing() sighej.Standing {
	return sighej.Standing{
		Key: a.session.Key(), Token: a.session.Present(a.rotated()), ExpiresAt: a.session.ExpiresAt, Open: !a.closed.Load(),
		Interests: a.system.cfg.Lexicon.Spelled(a.set), Pending: len(a.company().outbox.pending),
	}
}
