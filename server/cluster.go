package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/actors"
	"i80.dk/sighej/cluster"
	"i80.dk/sighej/wire"
)

// protocol is what members speak to each other. It rises with a change that an
// older member would not understand; see actors/actorpb.
const protocol = 1

// placement tells the actors where sessions live, as the membership sees it;
// before the member has joined: nowhere.
type placement struct {
	membership atomic.Pointer[cluster.Membership]
}

var _ actors.Placement = (*placement)(nil)

// Home implements [actors.Placement], as do the others.
func (p *placement) Home(token sighej.Token) (address string, here bool) {
	m := p.membership.Load()
	if m == nil {
		return "", false
	}
	return m.Home(sighej.Partition(token))
}

// Members returns the addresses of all members.
func (p *placement) Members() map[string]bool {
	addresses := map[string]bool{}
	if m := p.membership.Load(); m != nil {
		for _, member := range m.View().Members() {
			addresses[member.Address] = true
		}
	}
	return addresses
}

// Unsettled returns how long others may still go by an older placement.
func (p *placement) Unsettled() time.Duration {
	if m := p.membership.Load(); m != nil {
		return m.Unsettled()
	}
	return 0
}

// MayAct reports whether this member holds its lease.
func (p *placement) MayAct() bool {
	m := p.membership.Load()
	return m != nil && m.MayAct()
}

// join prepares to be one of several members, if the settings say so.
func (m *Member) join(o Options) (err error) {
	if !o.Clustered() {
		return nil
	}
	m.cluster = &cluster.Config{
		Leases: m.stores.leases, Version: m.version, Protocol: protocol, Realm: realm(o.InterestKey), Logger: m.logger,
		Counts: m.counts,
	}
	m.endpoint, err = o.endpoint()
	return err
}

// realm tells members with different interest keys apart: under two keys nobody
// would share an interest, and a pair could be matched twice.
func realm(key string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("sighej: realm of a cluster"))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// endpoint is where this member is for the others.
func (o Options) endpoint() (cluster.Endpoint, error) {
	at := cluster.Endpoint{Listen: o.ClusterListenAddr, Advertise: o.ClusterAdvertiseAddr, Gate: actors.GateName}
	if o.ClusterTLSCA != "" {
		var err error
		if at.ServerTLS, at.ClientTLS, err = cluster.LoadTLS(o.ClusterTLSCA, o.ClusterTLSCert, o.ClusterTLSKey); err != nil {
			return at, fmt.Errorf("CLUSTER_TLS_CA, CLUSTER_TLS_CERT, CLUSTER_TLS_KEY: %w", err)
		}
	}
	l, err := net.Listen("tcp", o.ClusterListenAddr)
	if err != nil {
		return at, fmt.Errorf("CLUSTER_LISTEN_ADDR (%s): %w", FlagOf("CLUSTER_LISTEN_ADDR"), err)
	}
	return at, l.Close() // it was free, so that a wrong address shows before anything is served
}

// live returns what serves until its ctx ends, and then stops in order. Without a
// cluster calls are answered from now on.
func (m *Member) live() func(context.Context) error {
	if m.cluster != nil {
		return func(ctx context.Context) error { return cluster.Run(ctx, *m.cluster, m.endpoint, m.amongOthers) }
	}
	system := actors.New(m.actors)
	m.sessions.serve(system, func() bool { return true })
	return func(ctx context.Context) error {
		<-ctx.Done()
		m.stop(system, nil)
		return nil
	}
}

// amongOthers serves as one member of the cluster until ctx ends, which may be
// because the member was fenced, or until it is asked to drain.
func (m *Member) amongOthers(ctx context.Context, i *cluster.Incarnation) error {
	place := new(placement)
	cfg := m.actors
	cfg.Placement, cfg.Actors = place, i.System
	system := actors.New(cfg)
	membership, err := i.Join(ctx)
	if err != nil {
		m.dismiss(system)
		switch {
		case ctx.Err() != nil: // stopped before it could join
			return nil
		case errors.Is(err, cluster.ErrRealm):
			return fmt.Errorf("INTEREST_KEY (%s): the members there have another one", FlagOf("INTEREST_KEY"))
		}
		return err
	}
	place.membership.Store(membership)
	m.membership.Store(membership)
	m.sessions.serve(system, membership.MayAct)
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		membership.Watch(watching, func(before, after *cluster.View) {
			m.handOvers.count(membership.ID(), before, after)
			system.Rehome(gone(before, after)...)
		})
	}()
	defer func() { stop(); <-watched }()
	select {
	case <-ctx.Done():
	case <-membership.Asked():
		m.logger.Info("asked to drain")
	}
	if errors.Is(context.Cause(ctx), cluster.ErrFenced) {
		m.handOvers.fencings.Add(1)
		m.dismiss(system)
		return ctx.Err()
	}
	m.stop(system, membership)
	return nil
}

// gone returns the addresses of members that were there and are not any more.
// Another member may be at one of them by now.
func gone(before, after *cluster.View) (addresses []string) {
	for _, m := range before.Members() {
		if _, still := after.Member(m.ID); !still {
			addresses = append(addresses, m.Address)
		}
	}
	return addresses
}

// dismiss ends an actor system that must not act any more. Its phones come back.
func (m *Member) dismiss(system *actors.System) {
	ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	if err := m.leave(ctx, system, wire.CloseReset); err != nil {
		m.logger.Warn("some sessions were not let go", slog.Any("error", err))
	}
}

// leave ends an actor system: its sessions stay in a lasting store.
func (m *Member) leave(ctx context.Context, system *actors.System, code wire.CloseCode) error {
	m.sessions.retire()
	return system.Close(ctx, code)
}
