// Package cluster answers one question: which member owns a partition now, and
// may this member still act? It knows nothing of sessions.
//
// # Membership
//
// A member is in the cluster while it holds a lease ([Leases]), which it renews
// each second and which lasts five. Whoever holds a lease is in the [View] of
// every member; a draining one is listed and owns nothing. Each renewal brings
// the list back, so a change is seen within a second, and a notice makes all
// look at once. Equal lists give equal views: placement is computed from
// nothing but the sorted ids and states, and [View.Epoch] tells two views apart.
//
// # Who may act
//
// A member fences itself before anybody else takes its partitions over:
// [Membership.MayAct] turns false a second before the lease can end, counted on
// the monotonic clock from the moment before the last successful renewal was
// sent. It asks nobody, so the first call after a freeze is right already. A
// fenced member never acts again under its id. It is over, and what comes back
// is another [Incarnation] with another id ([Run] sees to that).
//
// What is not promised: for up to a second after a member joins or leaves, two
// members may take the same partition for theirs, since one of them has not
// looked yet. That is allowed, because the store is the truth and every lasting
// effect is one conditional step there; [Membership.Unsettled] tells how long
// it may be so, since a member that cannot look keeps its old view until it is
// fenced. A member that acts without a lease is
// not allowed. The monotonic clock stands still while a whole machine is
// suspended; a virtual machine that was paused may act for as long as its lease
// had left, and the store is what keeps that harmless.
//
// # Messages between members
//
// An [Incarnation] is a protoactor system with its remoting and cluster parts
// under one member id. The library is told who is there and where a partition
// lives; it decides neither. Its gossip does not run, and there is no activation
// protocol: the kind [Kind] with the identity "17" is the gate, an actor of one
// well-known name, of the member that owns partition 17. What a member does not
// understand arrives as [Unreadable], and all else that came with it arrives too.
package cluster
