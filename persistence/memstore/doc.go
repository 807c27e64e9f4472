// Package memstore keeps the sessions and the daily counters in this process:
// the store of a member that runs alone, and of tests.
//
// It promises what [persistence.Sessions] and [persistence.Counters] promise,
// except that nothing outlives the process. A session that has expired counts
// as absent at once, by the clock; its memory is given back by whatever touches
// its shard next, or by [Store.Sweep]. No call does I/O, and none holds a lock
// for longer than about a millisecond.
//
// A session costs 95 to 130 bytes beside the shared [sighej.Session]; see
// BenchmarkBytesPerSession.
package memstore
