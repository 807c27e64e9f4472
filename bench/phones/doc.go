// Package phones is a load generator: a process full of phones that speak the
// public contract and nothing else. They register, connect, report each other,
// acknowledge what they get, and a ledger checks all of it.
//
// Load is open-loop: each operation has a moment at which it is due, and every
// duration is counted from there. What a run needs beyond that, phases, samples
// and several generators as one, is the business of package fleet.
package phones
