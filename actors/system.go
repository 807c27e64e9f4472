package actors

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/puzpuzpuz/xsync/v4"
	"go.opentelemetry.io/otel/trace"

	"i80.dk/sighej"
	"i80.dk/sighej/cluster"
	"i80.dk/sighej/interest"
	"i80.dk/sighej/persistence"
	"i80.dk/sighej/wire"
)

// Config is what a System is made of. What has no default and is no limit is
// required.
type Config struct {
	Store   persistence.Sessions
	Lexicon *interest.Lexicon
	TTL     time.Duration // of a session
	Beacon  bool          // the token alone opens everything: for a lab
	Logger  *slog.Logger

	// Immediate tells that Store is in this process and its steps never block, so
	// that an actor may take them itself.
	Immediate bool

	// Now is the clock by which sessions live and die: the store's, which is one
	// for all members. It must be quick. Default: this machine's.
	Now func() time.Time

	// Placement tells where sessions live in a cluster; nil: they are all here.
	// With it Actors is the actor system whose remoting reaches the other members.
	Placement Placement
	Actors    *actor.ActorSystem

	// Tracer makes the spans of what is part of a sampled trace; nil: nothing is
	// traced, and nothing is spent on it.
	Tracer trace.Tracer

	// MailboxWait is told now and then how long a letter waited for a worker, and
	// NudgeAcked how old a nudge was when its phone acknowledged it. They must not
	// block; nil: nobody wants to know.
	MailboxWait func(time.Duration)
	NudgeAcked  func(time.Duration)

	// Matched is told, at each new match of a session here, how many that makes in its
	// last hour: what its peers may have learnt. It must not block; nil: nobody wants
	// to know.
	Matched func(lastHour int)

	// Limits; 0 is off.
	SightingsPerSecond int // of one session
	SightingsBurst     int
	MatchesPerHour     int // new ones of one session
	MaxSharedLabels    int // shown of one match

	// Blind hides what a match shares until both have waved.
	Blind bool

	// Mutual makes a match only of two who have heard each other within SightingWindow.
	Mutual         bool
	SightingWindow time.Duration
	RSSIFloor      int // dBm; a sighting below it, or that tells none, counts for nothing; 0: off
}

// System is the live sessions of one member. Several can live in one process.
// All methods are safe for concurrent use; those with a context block until the
// answer is there, at most answerTime.
type System struct {
	cfg      Config
	actors   *actor.ActorSystem
	pool     *pool
	desk     *desk
	rounds   *rounds
	clearing *clearing
	probe    *probe // nil without Config.MailboxWait
	sessions *actor.Props
	sockets  *actor.Props
	index    *xsync.Map[sighej.Token, *snapshot] // of the active sessions, by their own token
	aliases  *xsync.Map[sighej.Token, *snapshot] // of them, by those that they have taken
	strays   *xsync.Map[sighej.Token, stray]
	links    *links                            // nil without a Placement, as is the next
	attached *xsync.Map[*Connection, struct{}] // connections of this member
	spawning [256]sync.Mutex                   // by token: one activation of it at a time
	tally    tally
	waiting  waiting

	connections atomic.Uint64 // that there were; only in a cluster
	unreadable  atomic.Int64  // messages of other members
}

// answerTime is how long a caller waits for an actor, which in turn waits for
// the store at most once.
const answerTime = 5 * time.Second

var errSlow = sighej.Errorf(sighej.CodeUnavailable, "no answer in time").After(time.Second)

// New returns a System that is ready for calls. Close gives it back.
func New(cfg Config) *System {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &System{
		cfg:   cfg,
		desk:  newDesk(),
		index: xsync.NewMap[sighej.Token, *snapshot](), aliases: xsync.NewMap[sighej.Token, *snapshot](),
		strays: xsync.NewMap[sighej.Token, stray](),
	}
	s.waiting.init(cfg.TTL)
	s.rounds = newRounds(s)
	s.pool = newPool(s.orphaned)
	if cfg.MailboxWait != nil {
		s.probe = startProbe(s.pool, cfg.MailboxWait)
	}
	s.clearing = newClearing(s.pool, func(pid *actor.PID) { s.send(pid, lapse{}) })
	if s.actors = cfg.Actors; s.actors == nil {
		s.actors = cluster.NewSystem(cfg.Logger)
	}
	s.watchDeadLetters()
	mailbox := actor.WithMailbox(func() actor.Mailbox { return s.pool.mailbox() })
	s.sessions = actor.PropsFromProducer(func() actor.Actor { return &session{system: s} }, mailbox)
	s.sockets = actor.PropsFromProducer(func() actor.Actor { return &connection{system: s} }, mailbox)
	if cfg.Placement != nil {
		s.openGate()
	}
	return s
}

// watchDeadLetters answers for actors that have ended.
func (s *System) watchDeadLetters() {
	s.actors.EventStream.Subscribe(func(event any) {
		if dead, ok := event.(*actor.DeadLetterEvent); ok {
			s.orphaned(dead.Message)
		}
	})
}

// orphaned deals with a message whose actor has ended. In a cluster the session
// may live on elsewhere, or here again.
func (s *System) orphaned(message any) { s.undelivered(message, s.cfg.Placement != nil) }

// Close lets all sessions go, closing their connections and those of sessions
// elsewhere with code, and ends the workers. Sessions in a lasting store are found
// there again. It blocks until all is done or ctx ends. Calls under way and later
// ones fail with CodeUnavailable, some of them only after their time.
func (s *System) Close(ctx context.Context, code wire.CloseCode) error {
	err := s.Leave(ctx, code)
	if s.links != nil {
		s.attached.Range(func(c *Connection, _ struct{}) bool {
			c.socket.Close(code)
			return true
		})
		s.links.close()
	}
	s.clearing.close()
	if s.probe != nil {
		s.probe.close()
	}
	s.pool.close()
	s.desk.close()
	if s.cfg.Actors == nil {
		s.actors.Shutdown()
	}
	return err
}

// Leave lets all sessions of this member go and waits until they have gone, or
// ctx ends.
func (s *System) Leave(ctx context.Context, code wire.CloseCode) error {
	for s.index.Size() > 0 {
		s.index.Range(func(_ sighej.Token, snap *snapshot) bool {
			s.send(snap.pid, &leave{code})
			return true
		})
		if err := s.awaitGone(ctx); err != nil {
			return err
		}
	}
	return nil
}

// awaitGone waits until no session is active, for half a second: one that was
// activated meanwhile needs telling too.
func (s *System) awaitGone(ctx context.Context) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 500 {
		if s.index.Size() == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// Activated returns how many sessions are active on this member, counting
// those that have expired and not yet been let go.
func (s *System) Activated() int { return s.index.Size() }

// step takes a step of the store, by the desk unless the store is immediate, and
// sends the answer, if there is one, to the actor that wants it. It reports false
// when there is no room for the step.
func (s *System) step(to *actor.PID, take func() any) bool {
	if s.cfg.Immediate {
		if m := take(); m != nil {
			s.send(to, m)
		}
		return true
	}
	return s.desk.do(func() {
		if m := take(); m != nil {
			s.pool.enter()
			s.send(to, m)
			s.pool.lend(satisfied)
		}
	})
}

func satisfied() bool { return true }

func (s *System) send(pid *actor.PID, message any) { s.actors.Root.Send(pid, message) }
