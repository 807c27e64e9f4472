package cluster

import (
	"context"
	"errors"
	"time"
)

// Leases is the one place that knows who is in the cluster. One clock, its own,
// decides when a lease ends. All methods are safe for concurrent use, and
// whatever a call asks for may have been done although it returned an error.
type Leases interface {
	// Acquire takes a lease for m and returns all members that hold one, m too. It
	// is refused with a *[ProtocolError] when m and one of them do not understand
	// each other; those are told. [ErrRealm] when they are of another realm. Taking the same lease again renews it.
	Acquire(ctx context.Context, m Member, term time.Duration) ([]Member, error)
	// Renew prolongs the lease of m to a term from now, keeps what m says of itself
	// and returns all members that hold one, m too, and whether m is asked to drain.
	// announce makes the others look. It fails with [ErrLost] when the lease is over.
	Renew(ctx context.Context, m Member, term time.Duration, announce bool) (members []Member, drain bool, err error)
	// AskToDrain asks a member to leave the cluster in good order, and makes all look.
	// Its Renew tells it so from then on. [ErrNoMember] when it holds no lease.
	AskToDrain(ctx context.Context, id string) error
	// Release ends a lease at once and makes the others look. It is no error when
	// there is none.
	Release(ctx context.Context, id string) error
	// Watch calls heard, one call at a time, for what happens to the leases of
	// others and own, until ctx ends. Notices can be lost or come twice. It returns
	// nil at the end of ctx, and sooner only with an error.
	Watch(ctx context.Context, heard func(Notice)) error
}

// Notice is a hint to look at the leases.
type Notice struct {
	Refused int // a member was refused that speaks this protocol; 0: the members have changed
}

var (
	// ErrLost is the answer of [Leases] to a member whose lease is over.
	ErrLost = errors.New("the lease is over")
	// ErrRealm is the refusal of a member that differs from those there in what all
	// must have in common.
	ErrRealm = errors.New("the members there are of another realm")
	// ErrNoMember is the answer of [Leases] about an id that holds no lease.
	ErrNoMember = errors.New("there is no such member")
)

// Times of a lease. Between the end of what a member allows itself and the end
// of its lease lies the margin, for what its clock and that of the leases may
// run apart.
const (
	leaseTerm   = 5 * time.Second
	leaseMargin = time.Second
	renewEvery  = time.Second
	retryAfter  = 200 * time.Millisecond // when a renewal fails
)
