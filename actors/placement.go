package actors

import (
	"log/slog"
	"strconv"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/puzpuzpuz/xsync/v4"

	"i80.dk/sighej"
	"i80.dk/sighej/actors/actorpb"
	"i80.dk/sighej/cluster"
	"i80.dk/sighej/wire"
)

// Placement tells where sessions live. Its methods never block and are safe for
// concurrent use.
type Placement interface {
	// Home returns the address of the member on which the session with that token
	// lives, and whether that is this one. No address: on none at the moment.
	Home(token sighej.Token) (address string, here bool)
	// Members returns the addresses of all members.
	Members() map[string]bool
	// Unsettled returns how long another member may still take a session that lives
	// here for its own; 0: none does.
	Unsettled() time.Duration
	// MayAct reports whether this member may act for the sessions that live here.
	MayAct() bool
}

// GateName names the actor that takes what comes from other members.
const GateName = "gate"

// closeMoved is what a session tells its connection when it goes on living on
// another member. No phone ever sees it.
const closeMoved wire.CloseCode = 1

// maxHops is how often a message is passed on to where a session has moved.
const maxHops = 2

var errMoving = sighej.Errorf(sighej.CodeUnavailable, "the session is moving to another member").After(time.Second)

// openGate makes this system a member among others.
func (s *System) openGate() {
	s.attached = xsync.NewMap[*Connection, struct{}]()
	s.links = newLinks(s.actors.Address(), func(address string, b *actorpb.Batch) {
		s.actors.Root.Send(actor.NewPID(address, GateName), b)
	})
	s.links.fresh = s.cfg.Placement.Members
	s.links.late, s.links.found = s.onLate, s.onFound
	s.links.gap = func(address string) { s.reattach(reattach{from: []string{address}}) }
	_, _ = s.actors.Root.SpawnNamed(actor.PropsFromFunc(func(ctx actor.Context) {
		switch m := ctx.Message().(type) {
		case *actorpb.Batch:
			s.onBatch(m)
		case *cluster.Unreadable:
			s.onUnreadable(m)
		}
	}), GateName) // the name is free in a new actor system
}

// maxTold is how often the operator is told of messages that are not understood.
const maxTold = 16

func (s *System) onUnreadable(m *cluster.Unreadable) {
	if s.unreadable.Add(1) <= maxTold {
		s.cfg.Logger.Warn("a member sends what this release does not understand; it is passed over",
			slog.String("type", m.Type), slog.Any("error", m.Err))
	}
}

// onLate makes the session that asked for a match, and was told that there is no
// answer, find the nudge of the match that was made all the same.
func (s *System) onLate(item *actorpb.Item) {
	if m := item.GetMet(); sighej.Outcome(m.GetOutcome()) == sighej.Committed && m.GetMatch() != nil {
		s.refresh(matchFromPB(m.GetMatch()).A.Session.Token)
	}
}

// connectionPrefix keeps the names of connections apart from all others.
const connectionPrefix = "+"

// spawnConnection starts the actor of a connection. In a cluster its name is used
// once and for all: a session elsewhere may still know connections of an earlier
// member at this address, and what it tells those must not reach another phone.
func (s *System) spawnConnection() *actor.PID {
	if s.links == nil {
		return s.actors.Root.Spawn(s.sockets)
	}
	name := connectionPrefix + strconv.FormatUint(s.links.life, 36) + "." + strconv.FormatUint(s.connections.Add(1), 36)
	pid, _ := s.actors.Root.SpawnNamed(s.sockets, name) // nobody else has such a name
	return pid
}

// home tells where a session lives.
func (s *System) home(token sighej.Token) (address string, here bool) {
	if s.cfg.Placement == nil {
		return "", true
	}
	return s.cfg.Placement.Home(token)
}

// unsettled is how long other members may still act for sessions of this one.
func (s *System) unsettled() time.Duration {
	if s.cfg.Placement == nil {
		return 0
	}
	return s.cfg.Placement.Unsettled()
}

// idle reports whether this member must not act for its sessions at the moment,
// as they may live on another one by now.
func (s *System) idle() bool { return s.cfg.Placement != nil && !s.cfg.Placement.MayAct() }

// away reports whether an actor is on another member.
func (s *System) away(pid *actor.PID) bool {
	return s.links != nil && pid.GetAddress() != s.actors.Address()
}

// Rehome follows a change of the placement: sessions that live elsewhere now are
// let go, and connections look for theirs again, also those whose session is still
// at an address from which a member has gone: it may be another's by now. It does
// not block.
func (s *System) Rehome(gone ...string) {
	s.links.keep(s.cfg.Placement.Members())
	s.index.Range(func(token sighej.Token, snap *snapshot) bool {
		if _, here := s.home(token); !here {
			s.send(snap.pid, &leave{closeMoved})
		}
		return true
	})
	s.reattach(reattach{from: gone})
}

func (s *System) reattach(m reattach) {
	s.attached.Range(func(c *Connection, _ struct{}) bool {
		s.send(c.pid, m)
		return true
	})
}

// push tells a connection something, wherever it is. What is lost under way the
// outbox still has.
func (s *System) push(connection *actor.PID, message any) {
	if s.away(connection) {
		message, t := unwrap(message)
		item := toConnection(connection.GetId(), message)
		item.Trace = t.encode()
		s.links.note(connection.GetAddress(), item)
		return
	}
	s.send(connection, message)
}

// abroad is what this member knows of a session on another one.
func (s *System) abroad(p *actorpb.Session, address string) *snapshot {
	session := sessionFromPB(p)
	snap := &snapshot{
		session: session, set: s.cfg.Lexicon.Restore(session.Interests), pid: actor.NewPID(address, actorPrefix+p.GetToken()),
	}
	snap.guarded.Store(p.GetGuarded())
	return snap
}

// meet asks a peer to make a match, wherever it lives.
func (s *System) meet(peer *snapshot, m *meet) {
	if !s.away(peer.pid) {
		s.send(peer.pid, m.trail.wrap(m))
		return
	}
	ask := &actorpb.Meet{From: sessionToPB(m.from.session), Token: string(m.token)}
	s.links.call(peer.pid.GetAddress(), &actorpb.Item{Trace: m.trail.encode(), Kind: &actorpb.Item_Meet{Meet: ask}},
		func(item *actorpb.Item, err error) {
			if err == nil {
				err = faultFromPB(item.GetMet().GetFault())
			}
			s.send(m.from.pid, m.trail.wrap(&met{
				system: s, token: m.token, err: err,
				outcome: sighej.Outcome(item.GetMet().GetOutcome()), match: matchFromPB(item.GetMet().GetMatch()),
			}))
		})
}
