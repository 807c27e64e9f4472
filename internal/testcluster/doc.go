// Package testcluster starts a whole cluster for tests and for a try: a private
// Redis, PostgreSQL if wanted, and members that are processes of the real
// binary, on free loopback ports. It can do to them what goes wrong in life:
// kill, freeze and restart a member, and cut the links between members, in both
// directions or in one.
//
// Members reach each other through proxies of this package, one in front of
// each member's cluster listener. A proxy knows which member has dialled from
// the socket's owner in /proc, so it works on Linux only. All processes end with
// the one that started them, however that ends.
package testcluster
