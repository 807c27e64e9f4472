package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
	"i80.dk/sighej/wire"
)

// The messages between actors. All are immutable once sent. A done func is
// called once, from a worker that delivers letters: it must not block.

// To a session.
type (
	// begin is a session's first message.
	begin struct {
		snapshot *snapshot
		state    persistence.State
		shared   bool // another member may have acted for it, or may yet
	}
	// sight reports what the session's phone has heard.
	sight struct {
		sightings []sighej.Sighting
		done      func([]sighej.Verdict, error)
	}
	// sought brings the peer that a sighting named and this member did not know.
	sought struct {
		token sighej.Token
		peer  *snapshot // nil: there is none
		err   error
	}
	// unveiled lets a report be answered that has waited for a round.
	unveiled struct{ batch *batch }
	// meet asks a peer whose interests overlap to make a match.
	meet struct {
		system *System
		from   *snapshot
		token  sighej.Token // of the peer
		answer func(*met)   // nil: to from's actor, which is on this member
		trail  *trail       // of the reporter
	}
	// met answers a meet. The reporter's nudge is in match when it was committed.
	met struct {
		system  *System
		token   sighej.Token // of the peer
		outcome sighej.Outcome
		match   *sighej.Match // nil: none was tried
		err     error
	}
	// committed brings what the store said to a match that the session asked for.
	committed struct {
		system  *System
		asked   *meet
		outcome sighej.Outcome
		match   *sighej.Match // nil: none was tried
		err     error
	}
	// attach makes a connection the session's own.
	attach struct {
		system     *System
		connection *actor.PID
		since      int64 // when the phone connected, Unix nanoseconds; the newest connection is the session's
	}
	// detach tells that a connection has closed.
	detach struct{ connection *actor.PID }
	// ack takes nudges out of the outbox.
	ack struct{ ids []sighej.NudgeID }
	// settle tells the store once more that they are out.
	settle struct{ ids []sighej.NudgeID }
	// refresh asks the store for nudges that were committed unseen.
	refresh struct{}
	// refreshed brings the outbox as the store has it.
	refreshed struct {
		before   []sighej.NudgeID // that were pending when it was asked
		confirms bool
		state    persistence.State
		err      error
	}
	// setOpen records consent.
	setOpen struct {
		open bool
		done func(sighej.Standing, error)
	}
	// opened tells whether the store recorded it.
	opened struct{ err error }
	// block makes the pair of a nudge never meet again.
	block struct {
		nudge sighej.NudgeID
		done  func(error)
	}
	// blocked tells which pair that is, once the store knows.
	blocked struct {
		asked *block
		pair  sighej.Pair
		err   error
	}
	// wave asks to know more of whom a blind nudge is about.
	wave struct {
		nudge sighej.NudgeID
		done  func(error)
	}
	// waved tells what came of it.
	waved struct {
		asked *wave
		persistence.Waved
		err error
	}
	// rotate makes another token what the session is heard by.
	rotate struct {
		token sighej.Token
		done  func(sighej.Standing, error)
	}
	// rotated tells whether the store did so.
	rotated struct {
		rotation sighej.Rotation
		err      error
		done     func(sighej.Standing, error)
	}
	// describe asks for the session's standing.
	describe struct {
		done func(sighej.Standing, error)
	}
	// forget ends the session before its time.
	forget struct{ done func(error) }
	// forgotten tells whether the store forgot it.
	forgotten struct {
		done func(error)
		err  error
	}
	// lapse comes from the session's lifetime timer.
	lapse struct{}
	// leave lets the session go from this member; the store keeps it.
	leave struct{ code wire.CloseCode }
)

// To a connection.
type (
	// connect is a connection's first message.
	connect struct {
		handle  *Connection
		key     sighej.SessionKey
		since   int64      // Unix nanoseconds
		session *actor.PID // nil: it is to be looked for
		socket  Socket
		bare    bool
	}
	// attached tells what the outbox holds. Nudges follow.
	attached struct {
		expiresAt time.Time
		pending   int
		from      string // address of the session's member; "": this one
	}
	// nudge is to be pushed to the phone.
	nudge struct {
		id      sighej.NudgeID
		at      time.Time
		labels  []string
		reveals sighej.NudgeID // zero: it is the first of its match
	}
	// ended tells that the session lets the connection go.
	ended struct {
		code wire.CloseCode
		from string // as in attached
	}
	// frame is what the phone sent.
	frame struct{ wire.ClientFrame }
	// malformed tells what was wrong with what the phone sent.
	malformed struct {
		code    sighej.Code
		message string
		ref     string
	}
	// sighted answers a sighting frame with a ref.
	sighted struct {
		ref       string
		sightings []sighej.Sighting
		verdicts  []sighej.Verdict
		err       error
	}
	// delivered tells which nudges a bare client has been written.
	delivered struct{ ids []sighej.NudgeID }
	// closed tells that the socket is gone.
	closed struct{}
	// reattach makes the connection look where its session lives now; tries tells
	// which of its own it is, 0: none, and from which members something is amiss.
	reattach struct {
		tries int
		from  []string // addresses
	}
)

// reply answers whoever asked.
func (m *meet) reply(r *met) {
	if m.answer != nil {
		m.answer(r)
		return
	}
	m.system.send(m.from.pid, m.trail.wrap(r))
}

// errGone answers whatever arrives at a session that has just ended.
var errGone = sighej.Errorf(sighej.CodeUnauthorized, "the session has ended")

func (m *sight) fail(err error)    { m.done(nil, err) }
func (m *setOpen) fail(err error)  { m.done(sighej.Standing{}, err) }
func (m *block) fail(err error)    { m.done(err) }
func (m *wave) fail(err error)     { m.done(err) }
func (m *rotate) fail(err error)   { m.done(sighej.Standing{}, err) }
func (m *describe) fail(err error) { m.done(sighej.Standing{}, err) }
func (m *forget) fail(err error)   { m.done(err) }
func (m *attach) fail(error)       { m.system.push(m.connection, &ended{code: closeMoved}) } // it looks again
func (m *meet) fail(err error)     { m.reply(&met{system: m.system, token: m.token, err: err}) }

func (m *sight) undelivered()    { m.fail(errGone) }
func (m *setOpen) undelivered()  { m.fail(errGone) }
func (m *block) undelivered()    { m.fail(errGone) }
func (m *wave) undelivered()     { m.fail(errGone) }
func (m *rotate) undelivered()   { m.fail(errGone) }
func (m *describe) undelivered() { m.fail(errGone) }
func (m *forget) undelivered()   { m.fail(errGone) }

// undelivered deals with a message to a session that has ended here. One that
// lives on elsewhere has not ended, and must not be taken for that.
func (s *System) undelivered(message any, moved bool) {
	message, _ = unwrap(message)
	if m, ok := message.(interface{ fail(err error) }); ok && moved {
		m.fail(errMoving)
		return
	}
	if m, ok := message.(undeliverable); ok {
		m.undelivered()
	}
}

// The token may have been taken; asked again, a later activation knows.
func (m *rotated) fail(err error) { m.done(sighej.Standing{}, err) }
func (m *rotated) undelivered()   { m.fail(errGone) }

func (m *unveiled) fail(err error) { m.batch.fail(err) }
func (m *unveiled) undelivered()   { m.fail(errGone) }

// The store may know it; asked again, a later activation finds that.
func (m *blocked) fail(err error) { m.asked.fail(err) }
func (m *blocked) undelivered()   { m.fail(errGone) }

// A later activation finds in the store what was revealed.
func (m *waved) fail(err error) { m.asked.fail(err) }
func (m *waved) undelivered()   { m.fail(errGone) }

// The session has ended anyway.
func (m *forgotten) undelivered() { m.done(m.err) }

// A peer that has ended is a peer that is not there.
func (m *meet) undelivered() {
	m.reply(&met{system: m.system, token: m.token, outcome: sighej.Refused})
}

// The store has spoken even if the actor that asked has ended: a later
// activation of either session must learn of its nudge.
func (m *committed) undelivered() {
	m.system.refresh(m.match.B.Session.Token)
	m.asked.reply(&met{system: m.system, token: m.match.B.Session.Token, outcome: m.outcome, match: m.match, err: m.err})
}

func (m *met) undelivered() {
	if m.outcome == sighej.Committed {
		m.system.refresh(m.match.A.Session.Token)
	}
}

// A connection whose session has just ended must not stay open in vain.
func (m *attach) undelivered() {
	m.system.push(m.connection, &ended{code: wire.CloseReset})
}
