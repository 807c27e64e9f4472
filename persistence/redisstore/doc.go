// Package redisstore keeps the sessions and the daily counters in Redis: the
// one truth that the members of a cluster share.
//
// Each step is one Lua script, so it happens at once or not at all, and tried
// again with the same arguments it has its effect once. What expires, expires
// by Redis's clock. Concurrent calls share round trips: a few lanes send what is
// waiting as one pipeline. A Redis that is away, starting or full answers with
// [sighej.CodeUnavailable] within seconds, and the store heals by itself.
//
// At rest there is no label, no access token and no plain hash of either: an
// interest is its keyed hash, an access token its SHA-256, and a matched pair a
// keyed hash of the two sessions; who they are is sealed. Tokens are in the names of keys, for as long
// as their session lives.
//
// One Redis primary is meant, behind Sentinel for failover; not Redis Cluster,
// since a commit touches two sessions at once. Redis 7 or newer.
package redisstore
