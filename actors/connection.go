package actors

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"i80.dk/sighej"
	"i80.dk/sighej/interest"
	"i80.dk/sighej/wire"
)

// Socket is where a connection's frames go. Its methods never block and are
// safe for concurrent use.
type Socket interface {
	// Send queues a text frame and does not keep the slice. Nudge names the nudge in it, for a bare client that
	// cannot acknowledge; the socket then reports it to [Connection.Delivered] once
	// written. False: the socket is closed or closes now.
	Send(frame []byte, nudge sighej.NudgeID) bool
	// Close sends a close frame after what is queued, and closes.
	Close(code wire.CloseCode)
}

// Connection is the actor of one WebSocket as its reader sees it. The methods
// never block; Closed comes last.
type Connection struct {
	system  *System
	pid     *actor.PID
	socket  Socket
	waiting atomic.Int32 // frames that the actor has not handled yet
}

// maxWaiting is how many frames of a client may wait for its connection's
// actor; one more and the connection is closed.
const maxWaiting = 256

// Attach makes a connection of a session, which replaces the session's older
// one. A bare client knows no frame but the nudge. It does not block: if the
// session is gone, the socket is closed with a code that says so.
func (s *System) Attach(key sighej.SessionKey, socket Socket, bare bool) *Connection {
	c := &Connection{system: s, socket: socket, pid: s.spawnConnection()}
	if s.attached != nil {
		s.attached.Store(c, struct{}{})
	}
	m := &connect{handle: c, key: key, since: s.cfg.Now().UnixNano(), socket: socket, bare: bare}
	if snap, ok := s.index.Load(key.Token); ok && snap.session.ID == key.ID {
		m.session = snap.pid
	}
	s.send(c.pid, m)
	if m.session != nil {
		s.send(m.session, &attach{s, c.pid, m.since}) // from here, so that what the caller does next comes next
	}
	return c
}

// Received takes a frame of the client.
func (c *Connection) Received(f wire.ClientFrame) { c.post(&frame{f}) }

// Malformed takes what was wrong with a frame of the client.
func (c *Connection) Malformed(code sighej.Code, message string) {
	c.post(&malformed{code: code, message: message})
}

func (c *Connection) post(message any) {
	if c.waiting.Add(1) > maxWaiting {
		c.waiting.Add(-1)
		c.socket.Close(wire.CloseOverloaded)
		return
	}
	c.system.send(c.pid, message)
}

// Delivered takes the nudges that a bare client was written.
func (c *Connection) Delivered(ids []sighej.NudgeID) { c.system.send(c.pid, &delivered{ids}) }

// Closed tells that the socket is gone.
func (c *Connection) Closed() {
	if c.system.attached != nil {
		c.system.attached.Delete(c)
	}
	c.system.send(c.pid, closed{})
}

// connection is the actor of one WebSocket. It turns messages into frames and
// frames into messages.
type connection struct {
	system  *System
	handle  *Connection
	key     sighej.SessionKey
	session *actor.PID // here, or on another member; nil: it is being looked for
	since   int64      // Unix nanoseconds
	bare    bool
	over    bool                    // the session has let it go
	greeted bool                    // the phone was welcomed
	tries   int                     // to attach, since it last was
	sent    map[sighej.NudgeID]bool // acknowledged?; only in a cluster, where a session that moved pushes again what it had pushed
}

// Receive is called by one worker at a time and never blocks.
func (c *connection) Receive(ctx actor.Context) {
	message := ctx.Message()
	defer func() {
		if r := recover(); r != nil {
			c.crash(message, r)
		}
	}()
	c.dispatch(ctx, message)
}

// handleTraced handles a message in a span of its own.
func (c *connection) handleTraced(ctx actor.Context, m *traced) {
	_, end := c.system.take(m, "connection")
	defer end()
	c.dispatch(ctx, m.message)
}

func (c *connection) dispatch(ctx actor.Context, message any) {
	switch m := message.(type) {
	case *nudge:
		c.onNudge(m)
	case *frame:
		c.handle.waiting.Add(-1)
		c.onFrame(m)
	case *malformed:
		c.handle.waiting.Add(-1)
		c.refuse(m.code, m.message, m.ref)
	case *sighted:
		c.onSighted(m)
	case *delivered:
		c.acknowledged(m.ids...)
		c.tell(&ack{m.ids})
	case *connect:
		c.onConnect(m)
	case *attached:
		c.onAttached(m)
	case *ended:
		c.onEnded(m)
	case *traced:
		c.handleTraced(ctx, m)
	case reattach:
		c.onReattach(m)
	case closed:
		c.tell(&detach{ctx.Self()})
		c.over = true
		ctx.Stop(ctx.Self())
	}
}

func (c *connection) onConnect(m *connect) {
	c.handle, c.bare, c.key, c.since, c.session = m.handle, m.bare, m.key, m.since, m.session
	if m.session == nil {
		c.attach()
	} else if c.system.links != nil {
		c.retry()
	}
}

// tell sends to the session, unless it has let the connection go.
func (c *connection) tell(message any) {
	switch {
	case c.over:
	case c.session == nil:
		c.system.undelivered(message, true)
	case c.system.away(c.session):
		c.tellAway(message)
	default:
		c.system.send(c.session, message)
	}
}

// frame queues one of the frames that a bare client does not know.
func (c *connection) frame(f any) {
	if !c.bare && !c.over {
		c.handle.socket.Send(wire.Encode(f), sighej.NudgeID{})
	}
}

func (c *connection) refuse(code sighej.Code, message, ref string) {
	c.frame(wire.ErrorFrame{Type: wire.TypeError, Code: string(code), Message: message, Ref: ref})
}

func (c *connection) onNudge(m *nudge) {
	if c.over || c.has(m.id) {
		return
	}
	room := frameRoom.Get().(*[]byte)
	defer frameRoom.Put(room)
	sentence := interest.Sentence(m.labels)
	if c.bare {
		*room = wire.AppendBareNudge((*room)[:0], wire.BareNudge{SharedInterests: m.labels, Message: sentence})
		c.push(*room, m.id)
		return
	}
	*room = wire.AppendNudge((*room)[:0], wire.Nudge{
		ID: m.id.String(), SharedInterests: m.labels, Message: sentence, At: m.at, Reveals: reference(m.reveals),
	})
	c.push(*room, sighej.NudgeID{})
}

// push queues the frame of a nudge.
func (c *connection) push(frame []byte, nudge sighej.NudgeID) {
	if c.handle.socket.Send(frame, nudge) {
		c.system.tally.pushed.Add(1)
	}
}

// reference is how a frame names another nudge; "" for none.
func reference(id sighej.NudgeID) string {
	if id == (sighej.NudgeID{}) {
		return ""
	}
	return id.String()
}

// frameRoom is where nudges are encoded.
var frameRoom = sync.Pool{New: func() any { return new([]byte) }}

func (c *connection) onEnded(m *ended) {
	if m.code == closeMoved {
		if c.attachedAt(m.from) {
			c.session = nil
			c.retry()
		}
		return
	}
	if m.code == wire.CloseExpired {
		c.frame(wire.Expired{Type: wire.TypeExpired})
	}
	c.over = true
	c.handle.socket.Close(m.code)
}

func (c *connection) onSighted(m *sighted) {
	if m.err != nil {
		c.refuseErr(m.err, m.ref)
		return
	}
	if m.ref != "" {
		c.frame(wire.Sighted{Type: wire.TypeSighted, Ref: m.ref, Results: wire.ResultsOf(m.sightings, m.verdicts)})
	}
}

func (c *connection) refuseErr(err error, ref string) {
	message := "something went wrong on our side"
	if coded, ok := errors.AsType[*sighej.Error](err); ok && coded.Code != sighej.CodeInternal {
		message = coded.Message
	}
	c.refuse(sighej.CodeOf(err), message, ref)
}

func (c *connection) onFrame(m *frame) {
	switch m.Type {
	case wire.TypeSighting:
		c.onSightingFrame(m)
	case wire.TypeAck:
		id, err := sighej.ParseNudgeID(m.ID)
		if err != nil {
			c.refuseErr(err, m.Ref)
			return
		}
		c.acknowledged(id)
		c.tell(&ack{[]sighej.NudgeID{id}})
	case wire.TypeBlock:
		c.onNudgeFrame(m, func(id sighej.NudgeID, done func(error)) any { return &block{id, done} })
	case wire.TypeWave:
		c.onNudgeFrame(m, func(id sighej.NudgeID, done func(error)) any { return &wave{id, done} })
	case wire.TypeOpen:
		if m.Value == nil {
			c.refuse(sighej.CodeInvalid, "an open frame has a value", m.Ref)
			return
		}
		c.onOpenFrame(*m.Value, m.Ref)
	default:
		c.refuse(sighej.CodeUnknownType, "no frame has this type", m.Ref)
	}
}

func (c *connection) onOpenFrame(open bool, ref string) {
	refuse := c.refuser(ref)
	c.tell(&setOpen{open, func(_ sighej.Standing, err error) { refuse(err) }})
}

// onNudgeFrame passes on what the phone wants to be done about a nudge.
func (c *connection) onNudgeFrame(m *frame, message func(sighej.NudgeID, func(error)) any) {
	id, err := sighej.ParseNudgeID(m.ID)
	if err != nil {
		c.refuseErr(err, m.Ref)
		return
	}
	c.tell(message(id, c.refuser(m.Ref)))
}

// refuser takes what came of a frame that is answered only when it failed.
func (c *connection) refuser(ref string) func(error) {
	system, self := c.system, c.handle.pid
	return func(err error) {
		if err != nil {
			system.send(self, &sighted{ref: ref, err: err})
		}
	}
}

func (c *connection) onSightingFrame(m *frame) {
	if len(m.Ref) > wire.MaxRef {
		c.refuse(sighej.CodeInvalid, fmt.Sprintf("a ref has at most %d bytes", wire.MaxRef), "")
		return
	}
	sightings, err := sightingsOf(m.ClientFrame)
	if err != nil {
		c.refuseErr(err, m.Ref)
		return
	}
	system, self, ref := c.system, c.handle.pid, m.Ref
	c.tell(system.root(&sight{sightings, func(verdicts []sighej.Verdict, err error) {
		if ref != "" || err != nil {
			system.send(self, &sighted{ref, sightings, verdicts, err})
		}
	}}))
}

// sightingsOf checks what a sighting frame reports.
func sightingsOf(f wire.ClientFrame) ([]sighej.Sighting, error) {
	n := len(f.Tokens) + len(f.Sightings)
	if n == 0 || n > wire.MaxFrameSightings || len(f.Tokens) > 0 && len(f.Sightings) > 0 {
		return nil, sighej.Errorf(sighej.CodeInvalid, "a sighting frame has 1 to %d tokens or sightings, not both", wire.MaxFrameSightings)
	}
	sightings := make([]sighej.Sighting, 0, n)
	for _, token := range f.Tokens {
		sightings = append(sightings, sighej.Sighting{Token: sighej.Token(token)})
	}
	for i, s := range f.Sightings {
		if s.RSSI != nil && (*s.RSSI < wire.MinRSSI || *s.RSSI > wire.MaxRSSI) {
			return nil, sighej.Errorf(sighej.CodeInvalid, "rssi %d is not between %d and %d dBm", i, wire.MinRSSI, wire.MaxRSSI)
		}
		sightings = append(sightings, s.Claim())
	}
	for i, s := range sightings {
		if !sighej.ValidToken(string(s.Token)) {
			return nil, sighej.Errorf(sighej.CodeInvalid, "token %d is not well-formed", i)
		}
	}
	return sightings, nil
}

// crash closes a connection whose handling of a message panicked.
func (c *connection) crash(message, reason any) {
	message, t := unwrap(message)
	c.system.cfg.Logger.ErrorContext(t.context(), "a connection's actor panicked",
		slog.String("message", fmt.Sprintf("%T", message)), slog.String("panic", fmt.Sprint(reason)), slog.String("stack", string(debug.Stack())))
	if c.handle != nil {
		c.handle.socket.Close(wire.CloseReset)
	}
}
