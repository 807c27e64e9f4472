package ws

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// maxReconnectDelay bounds the delay, in milliseconds, that a draining frame
// names; every client gets another one, so that they do not come back at once.
const maxReconnectDelay = 5000

// Sessions opens the door to the live sessions.
type Sessions interface {
	// Admit checks the caller's credential before the upgrade. Its errors are
	// *sighej.Error.
	Admit(ctx context.Context, c sighej.Caller) (sighej.SessionKey, error)
	// Attach makes s the connection of that session. It does not block. bare:
	// the client did not offer wire.Subprotocol and gets nudges only.
	Attach(key sighej.SessionKey, s Socket, bare bool) Connection
}

// Socket is what a connection actor writes to. It never blocks and is safe for
// concurrent use.
type Socket interface {
	// Send queues a text frame; it copies it. With a bare client nudge tells
	// which nudge it is, so that Delivered can report it once written; zero
	// otherwise. It reports false when the connection closes or has closed, or
	// when its queue was full: then it closes itself with 1013.
	Send(frame []byte, nudge sighej.NudgeID) bool
	// Close sends a close frame after what is queued and closes. Only the first
	// call counts.
	Close(code wire.CloseCode)
}

// Connection is the connection's actor as the reader and the writer see it. Its
// methods must not block. Received and Malformed come one at a time and in
// order; Delivered comes beside them; nothing comes after Closed.
type Connection interface {
	// Received takes a frame of a known type with fields of that type only;
	// whether they make sense has not been checked.
	Received(frame wire.ClientFrame)
	// Malformed takes what was wrong with a text frame that could not be
	// decoded. The message quotes nothing of the frame.
	Malformed(code sighej.Code, message string)
	// Delivered tells which nudges were fully written. Bare clients only. The
	// callee owns ids.
	Delivered(ids []sighej.NudgeID)
	// Closed comes exactly once, last.
	Closed()
}

// Config is what an Endpoint needs.
type Config struct {
	Sessions Sessions
	// Beacon lets an upgrade without a well-formed access token reach
	// Sessions.Admit; without it such an upgrade is refused at once.
	Beacon bool
	// CheckOrigin decides about a browser's origin. Default: no browser, so
	// requests without an Origin header only.
	CheckOrigin func(*http.Request) bool
	// MaxConnections refuses upgrades beyond it; 0 is off.
	MaxConnections int
	// Logger gets no token, access token or frame. Default: none.
	Logger *slog.Logger
	// PingInterval is the mean time between two pings of a connection, each
	// jittered by a tenth. Default: 50 s.
	PingInterval time.Duration
	// WriteStall is how long a write may be stuck. Default: 5 s.
	WriteStall time.Duration
	// CloseWait is how long a client may take to answer a close frame. Default:
	// 2 s.
	CloseWait time.Duration
}

// Counters are the sums since New.
type Counters struct {
	Upgrades     int64 // connections that were attached
	Received     int64 // text frames that came in, well-formed or not
	Queued       int64 // frames that were queued, control frames too
	Writes       int64 // write calls that these took
	Overloaded   int64 // connections closed for a full queue or a stuck write
	Unresponsive int64 // connections closed for two unanswered pings
}

type counters struct {
	upgrades, received, queued, writes, overloaded, unresponsive atomic.Int64
}

// Endpoint serves GET /ws/{ble_token}. It works while Run does. It is safe for
// concurrent use.
type Endpoint struct {
	cfg      Config
	upgrader websocket.Upgrader
	places   atomic.Int64 // connections and upgrades under way, for MaxConnections
	wheel    wheel
	waiting  *drainQueue
	turns    chan *socket // sockets with bytes to read; unbuffered, so whoever waits, waits here
	counters counters
	endings  endings
}

// New returns an endpoint; it serves once Run runs.
func New(cfg Config) *Endpoint {
	if cfg.CheckOrigin == nil {
		cfg.CheckOrigin = func(r *http.Request) bool { return r.Header.Get("Origin") == "" }
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	setDefault(&cfg.PingInterval, 50*time.Second)
	setDefault(&cfg.WriteStall, 5*time.Second)
	setDefault(&cfg.CloseWait, 2*time.Second)
	return &Endpoint{
		cfg:      cfg,
		upgrader: newUpgrader(),
		waiting:  newDrainQueue(),
		turns:    make(chan *socket),
	}
}

func setDefault(d *time.Duration, value time.Duration) {
	if *d <= 0 {
		*d = value
	}
}

// Run reads, writes and pings until ctx ends; then it cuts the connections that
// are left, without a close frame, and waits for them. Call it once.
func (e *Endpoint) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) {
		workers.Go(e.readTurns)
		workers.Go(e.drainQueues)
	}
	e.turnWheel(ctx)
	for _, s := range e.wheel.stop() {
		s.abort()
	}
	_ = e.wheel.waitEmpty(context.WithoutCancel(ctx)) // every one was cut, so this ends
	close(e.turns)
	e.waiting.close()
	workers.Wait()
	return nil
}

// Connections returns how many connections are attached now.
func (e *Endpoint) Connections() int { return e.wheel.len() }

// Counters returns the sums since New.
func (e *Endpoint) Counters() Counters {
	c := &e.counters
	return Counters{
		Upgrades:     c.upgrades.Load(),
		Received:     c.received.Load(),
		Queued:       c.queued.Load(),
		Writes:       c.writes.Load(),
		Overloaded:   c.overloaded.Load(),
		Unresponsive: c.unresponsive.Load(),
	}
}

// Drain refuses new upgrades from now on, tells every client to come back to
// another member after a delay of its own, and closes with 1012. It blocks until
// all connections are gone or ctx ends, and returns the error of ctx then. It
// needs Run.
func (e *Endpoint) Drain(ctx context.Context) error {
	all := e.wheel.drain()
	e.cfg.Logger.Info("draining connections", "connections", len(all))
	for _, s := range all {
		s.leave()
	}
	return e.wheel.waitEmpty(ctx)
}

// leave says goodbye to the client of a draining member.
func (s *socket) leave() {
	if !s.bare {
		delay := rand.Int64N(maxReconnectDelay + 1) //nolint:gosec // spreads load, guards nothing
		s.Send(wire.Encode(wire.Draining{Type: wire.TypeDraining, ReconnectAfterMS: delay}), sighej.NudgeID{})
	}
	s.Close(wire.CloseDraining)
}
