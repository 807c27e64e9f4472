package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	actorcluster "github.com/asynkron/protoactor-go/cluster"
)

// Incarnation is one member id with all that bears it: an actor system of that
// id, its remoting and its membership. It ends when the member leaves or is
// fenced; the same process then needs another one, with actors of its own.
//
// Open, spawn the gate and whatever else is addressed by name, Join; in the end
// stop the actors, Leave and Close.
type Incarnation struct {
	System  *actor.ActorSystem
	Cluster *actorcluster.Cluster // finds the gates by [Kind]; its own Shutdown must not be called

	cfg        Config
	lookup     *lookup
	provider   *provider
	membership *Membership // nil until Join
	out        dialling
	fenced     chan struct{}
	stop       context.CancelFunc
	parts      sync.WaitGroup
	once       sync.Once
}

// Open makes a new member id and listens for the others, who do not know it
// before Join. What Open opened, Close gives back.
func Open(cfg Config, at Endpoint) (*Incarnation, error) {
	cfg = cfg.withDefaults()
	out := newDialling()
	remoteConfig, err := at.remoteConfig(out)
	if err != nil {
		out.stop()
		return nil, fmt.Errorf("cluster: open: %w", err)
	}
	i := &Incarnation{
		System: NewSystem(cfg.Logger), cfg: cfg, lookup: newLookup(at.Gate), provider: &provider{},
		out: out, fenced: make(chan struct{}), stop: func() {},
	}
	library := actorcluster.Configure("sighej", i.provider, i.lookup, remoteConfig)
	library.ClusterContextProducer = newRequests
	i.Cluster = actorcluster.New(i.System, library)
	if err := i.listen(); err != nil {
		out.stop()
		i.System.Shutdown()
		return nil, fmt.Errorf("cluster: open: %w", err)
	}
	return i, nil
}

// listen starts the library as what it calls a client. That is the same as a
// member, but without its gossip, which would cost a message each 300 ms to
// learn what the leases tell, grows, and bans members by a clock of its own;
// and without a start of a second.
func (i *Incarnation) listen() (err error) {
	defer func() {
		if fault := recover(); fault != nil { // so it reports an address in use
			err = fmt.Errorf("listen: %v", fault)
		}
	}()
	i.Cluster.StartClient()
	return nil
}

// Gate returns the gate of the member that owns a partition, or nil when nobody
// does: without members, before Join and after the end. The PID is shared: keep
// none beyond one message, since partitions move. It never blocks and is safe
// for concurrent use.
func (i *Incarnation) Gate(partition int) *actor.PID { return i.lookup.pid(partition) }

// Join makes the incarnation a member of the cluster. While the leases are away
// it tries again, until ctx ends; a *[ProtocolError] and [ErrRealm] are final. After an error it
// may be called again, otherwise not. The membership is run from here on, and
// ends with Close at the latest.
func (i *Incarnation) Join(ctx context.Context) (*Membership, error) {
	m, err := i.persist(ctx)
	if err != nil {
		return nil, err
	}
	i.membership = m
	i.follow(nil, m.View()) // not only soon: who has joined finds the gates
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	i.stop = stop
	i.parts.Go(func() {
		if errors.Is(m.Run(background), ErrFenced) {
			close(i.fenced)
		}
	})
	i.parts.Go(func() { m.Watch(background, i.follow) })
	return m, nil
}

// persist tries to join until that is decided.
func (i *Incarnation) persist(ctx context.Context) (*Membership, error) {
	for tries := 0; ; tries++ {
		m, err := Join(ctx, i.cfg, i.System.ID, i.System.Address())
		if _, refused := errors.AsType[*ProtocolError](err); err == nil || refused || errors.Is(err, ErrRealm) {
			return m, err
		}
		if ctx.Err() != nil {
			return nil, err
		}
		if tries == 0 {
			i.cfg.Logger.Warn("the cluster cannot be joined yet", slog.Any("error", err))
		}
		if !wait(ctx, renewEvery) {
			return nil, err
		}
	}
}

// follow makes the library know what a view says.
func (i *Incarnation) follow(_, after *View) {
	i.lookup.update(after)
	i.provider.update(after)
}

// Fenced returns a channel that is closed when the member has been fenced.
func (i *Incarnation) Fenced() <-chan struct{} { return i.fenced }

// Close ends the remoting, and the membership if it is not over: its lease then
// runs out. It waits until all is done. Messages that are sent to others during
// and after it are lost, so the actors must have stopped. Closing again does
// nothing.
func (i *Incarnation) Close() {
	i.once.Do(func() {
		i.stop()
		i.parts.Wait()
		if i.membership != nil {
			i.membership.end(nil)
		}
		i.out.stop()
		i.follow(nil, NewView(nil)) // closes the connections to all others
		i.System.Shutdown()
		i.Cluster.Remote.Shutdown(false) // not graceful: that waits for streams which do not end
	})
}

// wait returns false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
