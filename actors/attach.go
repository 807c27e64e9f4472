package actors

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"i80.dk/sighej"
	"i80.dk/sighej/actors/actorpb"
	"i80.dk/sighej/wire"
)

const (
	firstReattach = 100 * time.Millisecond
	lastReattach  = 2 * time.Second
)

// attach asks the session to take this connection, wherever it lives. In a
// cluster it is asked again until it answers.
func (c *connection) attach() {
	s := c.system
	address, here := s.home(c.key.Token)
	switch {
	case here:
		c.attachHere()
	case address != "":
		c.session = actor.NewPID(address, actorPrefix+string(c.key.Token))
		s.links.note(address, &actorpb.Item{Kind: &actorpb.Item_Attach{Attach: &actorpb.Attach{
			Token: string(c.key.Token), SessionId: c.key.ID[:], Connection: c.handle.pid.GetId(), Since: c.since,
		}}})
	}
	if s.links != nil {
		c.retry()
	}
}

// attachHere attaches to a session of this member, which may have to be
// activated when it has just moved here.
func (c *connection) attachHere() {
	s, self, since, key := c.system, c.handle.pid, c.since, c.key
	if snap, ok := s.index.Load(key.Token); ok && snap.session.ID == key.ID {
		c.session = snap.pid
		s.send(snap.pid, &attach{s, self, since})
		return
	}
	if s.links == nil { // it ended between the credential and the upgrade
		c.onEnded(&ended{code: wire.CloseReset})
		return
	}
	s.desk.do(func() { // if there is no room it is tried again
		snap, err := s.find(context.Background(), key.Token)
		switch {
		case err == nil && snap.session.ID == key.ID:
			s.send(self, reattach{})
		case err == nil || sighej.CodeOf(err) == sighej.CodeNotFound:
			s.send(self, &ended{code: wire.CloseReset})
		}
	})
}

// retry makes the connection look again, unless it is attached by then.
func (c *connection) retry() {
	c.tries++
	system, self, again := c.system, c.handle.pid, reattach{tries: c.tries}
	time.AfterFunc(min(firstReattach<<min(c.tries, 8), lastReattach), func() { system.send(self, again) })
}

// onReattach looks where the session lives. Without tries the placement has
// changed, or something was lost that a member told: whoever is attached where it
// still lives stays so, unless the news is of that address.
func (c *connection) onReattach(m reattach) {
	switch {
	case c.over || c.handle == nil:
	case m.tries != 0 && m.tries != c.tries: // attached since, or tried since
	case m.tries == 0 && c.tries == 0 && c.settled() && !slices.Contains(m.from, c.session.GetAddress()):
	default:
		c.attach()
	}
}

// settled reports whether the session still lives where the connection is
// attached.
func (c *connection) settled() bool {
	address, here := c.system.home(c.key.Token)
	if here {
		address = c.system.actors.Address()
	}
	return c.session != nil && c.session.GetAddress() == address
}

// attachedAt reports whether the connection goes by the session at an address, ""
// being this member's. What comes from where the session was before is late.
func (c *connection) attachedAt(address string) bool {
	return c.session != nil && c.session.GetAddress() == cmp.Or(address, c.system.actors.Address())
}

func (c *connection) onAttached(m *attached) {
	if !c.attachedAt(m.from) {
		return
	}
	c.tries = 0
	if !c.greeted {
		c.greeted = true
		c.frame(wire.Welcome{Type: wire.TypeWelcome, ExpiresAt: m.expiresAt, Pending: m.pending})
	}
}

// maxSent bounds what a connection remembers of its nudges.
const maxSent = 1024

// has reports whether the phone was sent this nudge on this connection already,
// and notes that it was. If the phone has acknowledged it the session is told so
// once more: it has moved, and the first time was lost.
func (c *connection) has(id sighej.NudgeID) bool {
	if c.system.links == nil {
		return false
	}
	if acked, again := c.sent[id]; again {
		if acked {
			c.tell(&ack{[]sighej.NudgeID{id}})
		}
		return true
	}
	if c.sent == nil {
		c.sent = map[sighej.NudgeID]bool{}
	}
	if len(c.sent) >= maxSent {
		maps.DeleteFunc(c.sent, func(_ sighej.NudgeID, acked bool) bool { return acked })
	}
	c.sent[id] = false
	return false
}

func (c *connection) acknowledged(ids ...sighej.NudgeID) {
	for _, id := range ids {
		if _, ok := c.sent[id]; ok {
			c.sent[id] = true
		}
	}
}

// tellAway sends to a session on another member. The session's own member
// knows that this one has checked the credential.
func (c *connection) tellAway(message any) {
	s, address, token := c.system, c.session.GetAddress(), string(c.key.Token)
	ask := &actorpb.Ask{Token: token, SessionId: c.key.ID[:]}
	message, t := unwrap(message)
	switch m := message.(type) {
	case *sight:
		ask.What = &actorpb.Ask_Sight{Sight: sightingsToPB(m.sightings)}
		s.ask(&far{address, ask, t}, func(a *actorpb.Answer, err error) {
			if err != nil {
				m.done(nil, err)
				return
			}
			m.done(readVerdicts(len(m.sightings))(a))
		})
	case *setOpen:
		ask.What = &actorpb.Ask_Open{Open: m.open}
		s.ask(&far{address, ask, t}, func(a *actorpb.Answer, err error) {
			if err != nil {
				m.done(sighej.Standing{}, err)
				return
			}
			m.done(readStanding(token)(a))
		})
	case *block:
		ask.What = &actorpb.Ask_Block{Block: m.nudge[:]}
		s.ask(&far{address, ask, t}, func(_ *actorpb.Answer, err error) { m.done(err) })
	case *wave:
		ask.What = &actorpb.Ask_Wave{Wave: m.nudge[:]}
		s.ask(&far{address, ask, t}, func(_ *actorpb.Answer, err error) { m.done(err) })
	case *ack:
		nudges := make([][]byte, len(m.ids))
		for i := range m.ids {
			nudges[i] = m.ids[i][:]
		}
		s.links.note(address, &actorpb.Item{Kind: &actorpb.Item_Acked{Acked: &actorpb.Acked{Token: token, SessionId: c.key.ID[:], Nudges: nudges}}})
	case *detach:
		s.links.note(address, &actorpb.Item{Kind: &actorpb.Item_Detach{Detach: &actorpb.Detach{Token: token, Connection: c.handle.pid.GetId()}}})
	}
}
