package actors

import (
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"i80.dk/sighej"
	"i80.dk/sighej/interest"
)

// snapshot is what others may know of an active session without asking its
// actor. But for the atomics it never changes, so a sighting that does not overlap is
// decided on two snapshots alone.
type snapshot struct {
	session *sighej.Session
	set     interest.Set
	pid     *actor.PID  // of its actor, here or on another member
	closed  atomic.Bool // consent withdrawn; written by the session's actor only

	// It has blocked somebody, so it must be asked also about whom it has met;
	// written as closed is.
	guarded atomic.Bool

	rotation atomic.Pointer[sighej.Rotation] // nil: none; written as closed is
}

func (p *snapshot) live(now time.Time) bool { return p.session.Live(now) }

// meets reports whether a sighting of peer at the time at can be a match as far
// as the snapshots tell: false is certain, true is for the peer and the store to
// decide.
func (p *snapshot) meets(peer *snapshot, now, at time.Time) bool {
	return p.set.Overlaps(peer.set) && peer.live(now) && !peer.closed.Load() &&
		!at.Before(peer.session.CreatedAt.Add(-clockSkew)) && !at.Before(p.session.CreatedAt.Add(-clockSkew)) &&
		!at.After(now.Add(clockSkew))
}

// clockSkew is how far a phone's clock may be off.
const clockSkew = time.Minute
