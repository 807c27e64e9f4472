// Package actors holds the live sessions of this member: one actor a session,
// one actor a connection, and the flow by which a sighting becomes a match and
// a match becomes two nudges.
//
// # What it promises
//
// A session's actor is a cache of what the store knows. Every lasting effect
// (a registration, a match, an acknowledgement) is one atomic step of the
// store, so that an actor may die at any moment and be activated again from
// there. A pair is matched at most once; each of its phones gets one nudge,
// which stays in the outbox until acknowledged.
//
// # How a sighting travels
//
//	caller ──sight──▶ reporter's session       looks the peer's snapshot up and ANDs the two sets;
//	                     │                     no overlap, the common case, ends here
//	                     ├──meet──▶ peer's session   checks its own consent and limit, then asks the
//	                     │             │             store to commit
//	                     │             ├──▶ store ──committed──▶ peer's session ──nudge──▶ its connection
//	                     ◀────met──────┘
//	                     └──nudge──▶ own connection, and the verdict to the caller
//
// No actor waits: each hands on and goes on when the answer comes, so two
// phones that report each other at once cannot block one another. The store
// decides which of the two made the match.
//
// # What it does not do
//
// It speaks no HTTP and no WebSocket: package transport does, and hands in a
// [Socket] for each connection.
package actors
