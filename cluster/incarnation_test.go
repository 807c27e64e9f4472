package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	actorcluster "github.com/asynkron/protoactor-go/cluster"

	"i80.dk/sighej"
	"i80.dk/sighej/cluster"
	"i80.dk/sighej/internal/testservers"
)

const gate = "gate"

// doorkeeper is a gate that answers a PID with its own: a message that the
// library brings along.
var doorkeeper = actor.PropsFromFunc(func(ctx actor.Context) {
	if _, ok := ctx.Message().(*actor.PID); ok {
		ctx.Respond(ctx.Self())
	}
})

// being is an incarnation that has joined.
type being struct {
	*cluster.Incarnation
	*cluster.Membership
}

func plaintext() cluster.Endpoint { return cluster.Endpoint{Listen: "127.0.0.1:0", Gate: gate} }

// begin opens an incarnation and joins; the test's end leaves and closes.
func begin(t testing.TB, leases cluster.Leases, at cluster.Endpoint) being {
	t.Helper()
	i, err := cluster.Open(config(leases), at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.Close)
	if _, err := i.System.Root.SpawnNamed(doorkeeper, gate); err != nil {
		t.Fatal(err)
	}
	m, err := i.Join(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if m.Self().ID != i.System.ID || m.Self().Address != i.System.Address() {
		t.Errorf("the member is %+v, the actor system %s at %s", m.Self(), i.System.ID, i.System.Address())
	}
	return being{i, m}
}

// reach asks the gate of a partition who it is.
func (b being) reach(partition int) (*actor.PID, error) {
	answer, err := b.System.Root.RequestFuture(b.Gate(partition), &actor.PID{}, 5*time.Second).Result()
	pid, _ := answer.(*actor.PID)
	return pid, err
}

func partitionOf(t testing.TB, b being, owner being) int {
	t.Helper()
	owned := b.View().Partitions(owner.Self().ID)
	if len(owned) == 0 {
		t.Fatal("the member owns nothing")
	}
	return owned[0]
}

func TestGateOfAnotherMember(t *testing.T) {
	t.Parallel()
	server := testservers.Redis(t)
	a, b, c := begin(t, redisLeases(t, server), plaintext()), begin(t, redisLeases(t, server), plaintext()), begin(t, redisLeases(t, server), plaintext())
	all := []being{a, b, c}
	agree(t, viewsOf(a.Membership, b.Membership, c.Membership), a.Self().ID, b.Self().ID, c.Self().ID)
	for _, from := range all {
		for _, to := range all {
			n := partitionOf(t, from, to)
			until(t, "the gate is the owner's", func() bool { return from.Gate(n) != nil && from.Gate(n).Address == to.System.Address() })
			pid, err := from.reach(n)
			if err != nil || pid.Address != to.System.Address() || pid.Id != gate {
				t.Errorf("partition %d: %v, %v; want the gate at %s", n, pid, err, to.System.Address())
			}
		}
	}
	if a.Gate(-1) != nil || a.Gate(sighej.Partitions) != nil {
		t.Error("there is a gate to no partition")
	}
}

// A drained member gets no partition's messages any more, and can still send.
func TestDrainMovesEverythingAway(t *testing.T) {
	t.Parallel()
	leases := cluster.NewStaticLeases()
	a, b := begin(t, leases, plaintext()), begin(t, leases, plaintext())
	agree(t, viewsOf(a.Membership, b.Membership), a.Self().ID, b.Self().ID)
	if err := b.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "all gates are of the other", func() bool {
		for n := range sighej.Partitions {
			for _, from := range []being{a, b} {
				if from.Gate(n).GetAddress() != a.System.Address() {
					return false
				}
			}
		}
		return true
	})
	if pid, err := b.reach(0); err != nil || pid.Address != a.System.Address() {
		t.Errorf("from the drained member: %v, %v", pid, err)
	}
	if err := b.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "who has left knows no gate", func() bool { return b.Gate(0) == nil })
}

// The library's own way to an owner follows a partition that moves.
func TestRequestFollowsThePartition(t *testing.T) {
	t.Parallel()
	leases := cluster.NewStaticLeases()
	a, b := begin(t, leases, plaintext()), begin(t, leases, plaintext())
	agree(t, viewsOf(a.Membership, b.Membership), a.Self().ID, b.Self().ID)
	n := strconv.Itoa(partitionOf(t, a, b))
	ask := func(kind, identity string) (*actor.PID, error) {
		answer, err := a.Cluster.Request(identity, kind, &actor.PID{}, actorcluster.WithTimeout(5*time.Second))
		pid, _ := answer.(*actor.PID)
		return pid, err
	}
	until(t, "b answers", func() bool {
		pid, err := ask(cluster.Kind, n)
		return err == nil && pid.Address == b.System.Address()
	})
	if err := b.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "a answers", func() bool {
		pid, err := ask(cluster.Kind, n)
		return err == nil && pid.Address == a.System.Address()
	})
	for _, nobody := range [][2]string{{cluster.Kind, "1024"}, {cluster.Kind, "x"}, {"session", "0"}} {
		if pid, err := ask(nobody[0], nobody[1]); err == nil {
			t.Errorf("%v is answered by %v", nobody, pid)
		}
	}
}

func TestEndpointsThatCannotBe(t *testing.T) {
	t.Parallel()
	taken := begin(t, cluster.NewStaticLeases(), plaintext())
	for name, at := range map[string]cluster.Endpoint{
		"no gate":         {Listen: "127.0.0.1:0"},
		"no address":      {Gate: gate},
		"no port":         {Listen: "127.0.0.1", Gate: gate},
		"a port by name":  {Listen: "127.0.0.1:http", Gate: gate},
		"everywhere":      {Listen: "0.0.0.0:0", Gate: gate},
		"everywhere, v6":  {Listen: "[::]:0", Gate: gate},
		"all interfaces":  {Listen: ":0", Gate: gate},
		"a bad advertise": {Listen: "127.0.0.1:0", Advertise: "somewhere", Gate: gate},
		"advertising all": {Listen: "127.0.0.1:0", Advertise: "0.0.0.0:7000", Gate: gate},
		"in use":          {Listen: taken.System.Address(), Gate: gate},
	} {
		i, err := cluster.Open(config(cluster.NewStaticLeases()), at)
		if err == nil {
			i.Close()
			t.Errorf("%s: opened", name)
		}
	}
}

func TestAdvertisedAddress(t *testing.T) {
	t.Parallel()
	at := plaintext()
	at.Listen, at.Advertise = "0.0.0.0:0", "member-1.example:7000"
	b := begin(t, cluster.NewStaticLeases(), at)
	if got := b.Self().Address; got != "member-1.example:7000" {
		t.Errorf("the member says %s", got)
	}
}

// Run brings a member back under a new id after its leases were away, on the
// same address, and agrees with the others again.
func TestRedisOutage(t *testing.T) {
	t.Parallel()
	server := testservers.Redis(t)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	members := make([]chan being, 3)
	for n := range members {
		members[n] = make(chan being, 10)
		leases, at := redisLeases(t, server), plaintext()
		at.Listen = freeAddress(t)
		running.Go(func() {
			if err := cluster.Run(ctx, config(leases), at, liveFor(members[n])); err != nil {
				t.Errorf("Run: %v", err)
			}
		})
	}
	defer running.Wait()
	defer cancel()
	first := gather(t, members)

	server.Stop()
	for _, b := range first {
		<-b.Fenced()
		if b.MayAct() || len(b.View().Members()) != 0 {
			t.Error("a fenced member goes on")
		}
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	second := gather(t, members)
	for n := range members {
		was, is := first[n].Self(), second[n].Self()
		if is.ID == was.ID || is.Address != was.Address || first[n].MayAct() {
			t.Errorf("%+v came back as %+v, or acts again", was, is)
		}
	}
	pid, err := second[0].reach(partitionOf(t, second[0], second[1]))
	if err != nil || pid.Address != second[1].System.Address() {
		t.Errorf("after the outage: %v, %v", pid, err)
	}
}

// freeAddress is free until somebody else takes it.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// liveFor is a life that tells of itself and does nothing else.
func liveFor(born chan<- being) func(context.Context, *cluster.Incarnation) error {
	return func(ctx context.Context, i *cluster.Incarnation) error {
		if _, err := i.System.Root.SpawnNamed(doorkeeper, gate); err != nil {
			return err
		}
		m, err := i.Join(ctx)
		if err != nil {
			return err
		}
		born <- being{i, m}
		<-ctx.Done()
		return nil
	}
}

// gather waits until each has a next life and all see all of them.
func gather(t *testing.T, members []chan being) []being {
	t.Helper()
	var all []being
	var names []string
	var views []func() *cluster.View
	for _, born := range members {
		select {
		case b := <-born:
			all, names, views = append(all, b), append(names, b.Self().ID), append(views, b.View)
		case <-time.After(30 * time.Second):
			t.Fatal("a member does not come")
		}
	}
	agree(t, views, names...)
	for _, b := range all {
		until(t, "the gates are known", func() bool { return b.Gate(0).GetAddress() == ownerOf(b, 0).Address })
	}
	return all
}

func ownerOf(b being, partition int) cluster.Member {
	m, _ := b.View().Owner(partition)
	return m
}

func TestRunReturnsWhatLiveReturns(t *testing.T) {
	t.Parallel()
	leases := cluster.NewStaticLeases()
	broken := errors.New("broken")
	err := cluster.Run(t.Context(), config(leases), plaintext(), func(ctx context.Context, i *cluster.Incarnation) error {
		if _, err := i.Join(ctx); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("Run: %v", err)
	}
	members, err := leases.Acquire(t.Context(), member("a", 1, 1), long)
	want(t, members, err, "a") // it left
	cfg := config(leases)
	cfg.Protocol = 2
	err = cluster.Run(t.Context(), cfg, plaintext(), liveFor(make(chan being, 1)))
	if _, refused := errors.AsType[*cluster.ProtocolError](err); !refused {
		t.Errorf("with another protocol: %v", err)
	}
}

// While the leases are away a member keeps trying to join.
func TestJoinWaitsForTheLeases(t *testing.T) {
	t.Parallel()
	leases := &weak{Leases: cluster.NewStaticLeases()}
	leases.away.Store(true)
	i, err := cluster.Open(config(leases), plaintext())
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := i.Join(short); !errors.Is(err, errAway) {
		t.Errorf("joined: %v", err)
	}
	leases.away.Store(false)
	if m, err := i.Join(t.Context()); err != nil || !m.MayAct() {
		t.Errorf("not joined: %v", err)
	}
}

// As much as waits while a connection is made goes through it at once.
func TestLargeBatchesArrive(t *testing.T) {
	t.Parallel()
	a, b := pair(t, plaintext(), plaintext())
	for _, load := range []struct{ messages, bytes int }{{300, 64 << 10}, {1000, 8 << 10}} { // more than a batch
		var arrived atomic.Int64
		count := actor.PropsFromFunc(func(ctx actor.Context) {
			if m, ok := ctx.Message().(*actor.PID); ok && len(m.Id) == load.bytes {
				arrived.Add(1)
			}
		})
		name := fmt.Sprintf("count-%d", load.bytes)
		if _, err := b.System.Root.SpawnNamed(count, name); err != nil {
			t.Fatal(err)
		}
		to, message := actor.NewPID(b.System.Address(), name), &actor.PID{Id: strings.Repeat("x", load.bytes)}
		for range load.messages {
			a.System.Root.Send(to, message)
		}
		until(t, "all messages arrive", func() bool { return arrived.Load() == int64(load.messages) })
	}
}

// The log of the library names actors, and so may name tokens.
func TestTheLibrarysLogNamesNoActors(t *testing.T) {
	t.Parallel()
	var book logBook
	system := cluster.NewSystem(loggerTo(&book))
	defer system.Shutdown()
	system.Logger().With("pid", "secret").WithGroup("secret").Warn("careful", "pid", "secret")
	system.Logger().Info("secret")
	if got := book.String(); !strings.Contains(got, "actor library: careful") || strings.Contains(got, "secret") {
		t.Errorf("logged: %s", got)
	}
}
