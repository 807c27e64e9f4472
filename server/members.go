package server

import (
	"context"
	"errors"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/admin"
	"i80.dk/sighej/cluster"
)

// askTime is how long it may take to ask a member to drain.
const askTime = 2 * time.Second

// errAlone is no fault of a store: there is nobody to take the sessions over.
var errAlone = sighej.Errorf(admin.CodeNoCluster, "this member is in no cluster; stop its process with SIGTERM, which drains it")

// counts is what this member holds.
func (m *Member) counts() cluster.Counts {
	return cluster.Counts{Sessions: m.sessions.activated(), Connections: m.sockets.Connections()}
}

// members tells who is in the cluster, as this member sees it, or of this
// process when it is alone.
func (m *Member) members(context.Context) ([]admin.Member, error) {
	if m.cluster == nil {
		return []admin.Member{m.alone()}, nil
	}
	membership := m.membership.Load()
	if membership == nil {
		return nil, errNobodyServes
	}
	view := membership.View()
	all := view.Members()
	if len(all) == 0 { // it is over
		return nil, errNobodyServes
	}
	now, told := time.Now(), make([]admin.Member, len(all))
	for i, member := range all {
		told[i] = admin.Member{
			ID: member.ID, Address: member.Address, Version: member.Version, State: string(member.State),
			Self: member.ID == membership.ID(), JoinedAt: member.Joined, Partitions: view.Share(member.ID),
			Sessions: member.Counts.Sessions, Connections: member.Counts.Connections,
		}
		told[i].Age(now)
	}
	return told, nil
}

func (m *Member) alone() admin.Member {
	counts := m.counts()
	self := admin.Member{
		ID: m.id, Version: m.version, State: string(cluster.Up), Self: true, JoinedAt: m.started.UTC().Truncate(time.Millisecond),
		Partitions: sighej.Partitions, Sessions: counts.Sessions, Connections: counts.Connections,
	}
	if m.readiness.draining.Load() {
		self.State = string(cluster.Draining)
	}
	self.Age(time.Now())
	return self
}

// askToDrain asks a member of the cluster to leave, this one or another.
func (m *Member) askToDrain(ctx context.Context, id string) error {
	if m.cluster == nil {
		return errAlone
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	err := m.cluster.Leases.AskToDrain(ctx, id)
	switch {
	case errors.Is(err, cluster.ErrNoMember):
		return sighej.Errorf(sighej.CodeNotFound, "there is no such member: %w", err)
	case err != nil:
		return sighej.Errorf(sighej.CodeUnavailable, "the member could not be asked, since Redis is away: %w", err).After(time.Second)
	}
	return nil
}
