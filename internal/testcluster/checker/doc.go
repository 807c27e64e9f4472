// Package checker is a crowd of phones that keeps a book. The phones use the
// public contract only, through every member of a cluster, while somebody breaks
// that cluster; the checker knows who overlaps with whom and notes what was
// acknowledged. In the end it compares: each match that was made has brought one
// nudge, of one id, to each of its two phones; nobody else got any; every session
// is there; the statistics count each match once.
//
// The crowd comes in circles of four phones. Any two of a circle share one label,
// which no other pair of the circle has, so a nudge tells of which pair it is;
// people of different circles share none when they meet.
//
// A phone that fails tries again, as the contract asks. What no fault excuses is
// an answer other than success, 429 or 503, a verdict that is not true, and a
// failure of a request that had nothing to do with what is broken; see
// [Crowd.Expect].
package checker
