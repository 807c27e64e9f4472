package cluster

import (
	"errors"

	"github.com/asynkron/protoactor-go/actor"
	actorcluster "github.com/asynkron/protoactor-go/cluster"
)

var _ actorcluster.ClusterProvider = (*provider)(nil)

// provider tells the library which members there are, so that it drops the
// connections to those that have gone. Joining and leaving is the membership's.
type provider struct{ cluster *actorcluster.Cluster }

// StartMember implements the library's interface.
func (p *provider) StartMember(c *actorcluster.Cluster) error { return p.StartClient(c) }

// StartClient implements the library's interface.
func (p *provider) StartClient(c *actorcluster.Cluster) error {
	p.cluster = c
	return nil
}

// Shutdown implements the library's interface.
func (p *provider) Shutdown(bool) error { return nil }

// update hands the members of a view to the library. One call at a time.
func (p *provider) update(v *View) {
	members := make(actorcluster.Members, 0, len(v.members))
	for _, m := range v.members {
		host, port, err := splitAddress(m.Address)
		if err != nil {
			continue // no view has such a member
		}
		members = append(members, &actorcluster.Member{Id: m.ID, Host: bracketed(host), Port: int32(port), Kinds: []string{Kind}})
	}
	p.cluster.MemberList.UpdateClusterTopology(members)
}

var _ actorcluster.Context = (*requests)(nil)

// errNoOwner is the answer to a request when no member is up.
var errNoOwner = errors.New("cluster: nobody owns the partition")

// requests sends what [actorcluster.Cluster.Request] is given straight to the
// owner, once. The library's own way remembers the PIDs that a lookup gave, so
// it would miss that a partition has moved, and repeats a request that timed out.
type requests struct{ cluster *actorcluster.Cluster }

func newRequests(c *actorcluster.Cluster) actorcluster.Context { return &requests{c} }

// Request implements the library's interface.
func (r *requests) Request(identity, kind string, message any, opts ...actorcluster.GrainCallOption) (any, error) {
	future, err := r.RequestFuture(identity, kind, message, opts...)
	if err != nil {
		return nil, err
	}
	return future.Result()
}

// RequestFuture implements the library's interface.
func (r *requests) RequestFuture(identity, kind string, message any, opts ...actorcluster.GrainCallOption) (*actor.Future, error) {
	call := actorcluster.NewGrainCallOptions(r.cluster)
	for _, option := range opts {
		option(call)
	}
	pid := r.cluster.Get(identity, kind)
	if pid == nil {
		return nil, errNoOwner
	}
	return call.Context.RequestFuture(pid, message, call.Timeout), nil
}
