package actors

import (
	"hash/maphash"
	"time"

	"i80.dk/sighej"
)

const (
	maxLate  = 15 * time.Minute // after it was heard a sighting counts no more
	maxLates = 1024             // sightings that tell when, in that time; more are answered with CodeRateLimited
)

// lates are the sightings of a session that told when they were made, as long as
// they could be told once more: each counts once. What it keeps is a hash of each,
// under a seed of this process.
type lates map[uint64]int64 // seen at, Unix nanoseconds

var lateSeed = maphash.MakeSeed()

func lateKey(s *sighej.Sighting) uint64 {
	type sighting struct {
		token sighej.Token
		at    int64
	}
	return maphash.Comparable(lateSeed, sighting{s.Token, s.SeenAt.UnixNano()})
}

// admit reports whether a sighting counts: it is neither too old nor of the
// future, and has not been admitted before. The code is for one for which there
// is no room; none of this depends on whom it is about.
func (l *lates) admit(s *sighej.Sighting, now time.Time) (bool, sighej.Code) {
	if now.Sub(s.SeenAt) > maxLate || s.SeenAt.After(now.Add(clockSkew)) {
		return false, ""
	}
	key := lateKey(s)
	if _, again := (*l)[key]; again {
		return false, ""
	}
	if len(*l) >= maxLates {
		for k, at := range *l {
			if now.UnixNano()-at > int64(maxLate) {
				delete(*l, k)
			}
		}
		if len(*l) >= maxLates {
			return false, sighej.CodeRateLimited
		}
	}
	if *l == nil {
		*l = lates{}
	}
	(*l)[key] = s.SeenAt.UnixNano()
	return true, ""
}

// undo lets a sighting that could not be decided be told again.
func (l lates) undo(s *sighej.Sighting) { delete(l, lateKey(s)) }
