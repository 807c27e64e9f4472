package actors

import (
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"i80.dk/sighej"
	"i80.dk/sighej/actors/actorpb"
	"i80.dk/sighej/cluster"
	"i80.dk/sighej/wire"
)

// succeed replaces a member by another process at the same address, of which the
// others were not told that it is another.
func (w *town) succeed(i int) {
	w.t.Helper()
	old := w.members[i]
	library := cluster.NewSystem(testLogger(w.t))
	library.ProcessRegistry.Address = old.actors.Address()
	library.ProcessRegistry.RegisterAddressResolver(func(*actor.PID) (actor.Process, bool) { return w.network, true })
	w.t.Cleanup(library.Shutdown)
	next := newSystem(w.t, old.cfg.Store, func(c *Config) {
		*c = old.cfg
		c.Actors = library
	})
	w.network.mu.Lock()
	defer w.network.mu.Unlock()
	w.members[i] = next
}

// A session on another member still knows a connection of a member that was
// killed. What it tells that one must not reach a phone of the member that
// started again at the same address.
func TestConnectionsOfAnEarlierMember(t *testing.T) {
	w := newTown(t, 3, nil)
	first := register(t, w.members[0], "session-one-0", "devops")
	first.on(w.members[1]).connect(false).awaitFrames(1)
	w.succeed(1)
	other := register(t, w.members[0], "session-two-0", "hardstyle").on(w.members[1]).connect(false)
	other.awaitFrames(1)
	again := first.on(w.members[2]).connect(false)
	again.awaitFrames(1)
	// By now the session has told its first connection that it was taken over. What
	// is sent to the other one after that comes after it.
	peer := register(t, w.members[0], "session-six-0", "hardstyle")
	if v := peer.hears("session-two-0"); !v.Match {
		t.Fatalf("no match: %+v", v)
	}
	other.await("its nudge", func() bool { return count(other, wire.TypeNudge) == 1 })
	if code := other.closeCode(); code != 0 {
		t.Errorf("a phone was closed with %d, which was meant for another", code)
	}
}

// The answer to a call of an earlier member at the same address is nobody's.
func TestAnswersToAnEarlierMember(t *testing.T) {
	var asked []*actorpb.Batch
	open := func() *links {
		return newLinks("a", func(_ string, b *actorpb.Batch) { asked = append(asked, b) })
	}
	seek := func() *actorpb.Item { return &actorpb.Item{Kind: &actorpb.Item_Seek{Seek: &actorpb.Seek{}}} }
	earlier, now := open(), open()
	for _, l := range []*links{earlier, now} {
		l.took(&actorpb.Batch{From: "b", Life: 1})
	}
	earlier.call("b", seek(), func(*actorpb.Item, error) {})
	call := asked[len(asked)-1].GetItems()[0].GetCall()
	earlier.close()
	answered := 0
	now.call("b", seek(), func(_ *actorpb.Item, err error) {
		if err == nil {
			answered++
		}
	})
	now.took(&actorpb.Batch{From: "b", Life: 1, To: now.of("b").own, Number: 1, Items: []*actorpb.Item{
		{Call: call, Kind: &actorpb.Item_Sought{Sought: &actorpb.Sought{}}},
	}})
	now.close()
	if answered != 0 {
		t.Error("a call was answered with the answer to another's")
	}
}

// A member is killed and starts again at its address before its lease is over.
// Connections elsewhere, whose sessions it still owns, attach to the new one.
func TestReattachToASuccessor(t *testing.T) {
	w := newTown(t, 3, nil)
	p := register(t, w.members[1], "session-one-1", "devops")
	sock := p.on(w.members[0]).connect(false)
	sock.awaitFrames(1)
	w.succeed(1)
	for _, s := range w.members {
		s.Rehome(w.members[1].actors.Address())
	}
	if v := persevere(t, register(t, w.members[2], "session-two-2", "devops"), p.Token); v != 1 {
		t.Fatalf("the match was announced %d times", v)
	}
	sock.await("its nudge", func() bool { return count(sock, wire.TypeNudge) == 1 })
}

// A nudge that is lost on its way to the phone's member is sent again within
// seconds, without the phone doing anything.
func TestLostNudge(t *testing.T) {
	w := newTown(t, 2, nil)
	p := register(t, w.members[1], "session-one-1", "devops")
	sock := p.on(w.members[0]).connect(false)
	sock.awaitFrames(1)
	w.network.mu.Lock()
	w.network.down[w.members[0].actors.Address()] = true
	w.network.mu.Unlock()
	if v := register(t, w.members[1], "session-two-1", "devops").hears(p.Token); !v.NudgeSent {
		t.Fatalf("%+v", v)
	}
	w.network.mu.Lock()
	delete(w.network.down, w.members[0].actors.Address())
	w.network.mu.Unlock()
	sock.await("its nudge", func() bool { return count(sock, wire.TypeNudge) == 1 })
}

// Nothing is sent to an address at which there is no member, and everything to one
// that is there or has sent something.
func TestNobodyAtTheAddress(t *testing.T) {
	sent := map[string]int{}
	l := newLinks("a", func(address string, _ *actorpb.Batch) { sent[address]++ })
	defer l.close()
	members := map[string]bool{"b": true}
	l.fresh = func() map[string]bool { return members }
	l.keep(map[string]bool{"b": true, "c": true})
	refused := func(address string) (err error) {
		l.call(address, &actorpb.Item{Kind: &actorpb.Item_Seek{Seek: &actorpb.Seek{}}}, func(_ *actorpb.Item, why error) { err = why })
		return err
	}
	if refused("b") != nil || refused("c") != nil || sent["b"] != 1 || sent["c"] != 1 {
		t.Error("members were not asked:", sent)
	}
	l.keep(map[string]bool{"b": true})
	if refused("c") == nil || sent["c"] != 1 {
		t.Error("a member that has gone was asked")
	}
	members = map[string]bool{"b": true, "c": true}
	if refused("c") != nil || sent["c"] != 2 {
		t.Error("a member that has just come was not asked")
	}
	l.took(&actorpb.Batch{From: "d", Life: 1, Number: 1})
	if sent["d"] != 0 {
		t.Error("the last batch of a member that has gone was acknowledged")
	}
	if refused("d") != nil || sent["d"] == 0 {
		t.Error("a member that is known by what it sent was not asked")
	}
}

// The answer that a match was made comes after the reporter was told that there is
// none; the reporter's phone gets its nudge all the same.
func TestLateMatch(t *testing.T) {
	w := newTown(t, 2, nil)
	a := register(t, w.members[0], "session-one-0", "devops")
	b := register(t, w.members[1], "session-two-1", "devops")
	sock := a.connect(false)
	sock.awaitFrames(1)
	side := func(s *System, token sighej.Token) sighej.Side {
		snap, _ := s.index.Load(token)
		return sighej.Side{Session: snap.session.Key(), Nudge: sighej.NewNudgeID()}
	}
	snap, _ := w.members[0].index.Load(a.Token)
	m := &sighej.Match{A: side(w.members[0], a.Token), B: side(w.members[1], b.Token), At: time.Now().UTC(), Shared: snap.session.Interests}
	if outcome, err := w.members[1].cfg.Store.Commit(t.Context(), *m); outcome != sighej.Committed || err != nil {
		t.Fatal(outcome, err)
	}
	link := w.members[0].links.of("member-1")
	link.mu.Lock()
	late := &actorpb.Batch{From: "member-1", Life: max(link.life, 1), To: link.own, Number: link.received + 1}
	link.mu.Unlock()
	late.Items = []*actorpb.Item{
		{Call: 1, Kind: &actorpb.Item_Met{Met: &actorpb.Met{Outcome: uint32(sighej.Committed), Match: matchToPB(m)}}},
	}
	w.members[0].onBatch(late)
	sock.await("its nudge", func() bool { return count(sock, wire.TypeNudge) == 1 })
}
