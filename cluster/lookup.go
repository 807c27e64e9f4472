package cluster

import (
	"strconv"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
	actorcluster "github.com/asynkron/protoactor-go/cluster"

	"i80.dk/sighej"
)

// Kind is the kind under which the library's cluster part finds a partition's
// gate. The identity is the partition's number in decimal.
const Kind = "partition"

var _ actorcluster.IdentityLookup = (*lookup)(nil)

// lookup finds the gate of a partition's owner: an actor of one name on each
// member. It never blocks.
type lookup struct {
	gate  string
	gates atomic.Pointer[gates]
}

// gates are the gates of a view. A PID remembers the way to its actor, so a
// member's is made once and kept while the member is there.
type gates struct {
	byMember    map[string]*actor.PID
	byPartition [sighej.Partitions]*actor.PID
}

func newLookup(gate string) *lookup {
	l := &lookup{gate: gate}
	l.gates.Store(&gates{})
	return l
}

// update makes the lookup follow a view. One call at a time.
func (l *lookup) update(v *View) {
	old := l.gates.Load()
	next := &gates{byMember: make(map[string]*actor.PID, len(v.members))}
	for _, m := range v.members {
		pid := old.byMember[m.ID]
		if pid == nil {
			pid = actor.NewPID(m.Address, l.gate)
		}
		next.byMember[m.ID] = pid
	}
	for n, i := range v.placement.owners {
		if i >= 0 {
			next.byPartition[n] = next.byMember[v.members[i].ID]
		}
	}
	l.gates.Store(next)
}

// pid returns the gate of the owner, nil when there is none.
func (l *lookup) pid(partition int) *actor.PID {
	if partition < 0 || partition >= sighej.Partitions {
		return nil
	}
	return l.gates.Load().byPartition[partition]
}

// Get implements the library's interface.
func (l *lookup) Get(ci *actorcluster.ClusterIdentity) *actor.PID {
	n, err := strconv.Atoi(ci.Identity)
	if err != nil || ci.Kind != Kind {
		return nil
	}
	return l.pid(n)
}

// RemovePid implements the library's interface: a gate is there as long as its
// member.
func (l *lookup) RemovePid(*actorcluster.ClusterIdentity, *actor.PID) {}

// Setup implements the library's interface.
func (l *lookup) Setup(*actorcluster.Cluster, []string, bool) {}

// Shutdown implements the library's interface.
func (l *lookup) Shutdown() {}
