// Package venue lets a crowd walk through a venue and tells, second by simulated
// second, which phones report which others and which people truly met.
//
// The two are computed apart from each other. What phones hear comes from the
// simulated radio of package sim: incomplete, and now and then from too far
// away. Who met comes from where people are, and from nothing else; it is what
// the sightings can be judged by. The package knows no server, no interests and
// no clock: whoever drives it decides how fast simulated time goes.
//
// The same Config gives the same ticks, to the byte, on one processor
// architecture; another may round differently.
package venue
