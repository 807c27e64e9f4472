package actors

import (
	"slices"
	"time"

	"i80.dk/sighej"
)

// maxHeard bounds whom a session remembers to have reported; a newer one takes the
// oldest's place, who must then be reported again.
const maxHeard = 256

// reports are whom a session's phone has reported lately and shares an interest
// with, in the order in which they were reported. Where both must report each
// other, the peer is asked for its own.
type reports []reported

type reported struct {
	peer sighej.SessionID
	at   int64 // Unix nanoseconds: when it was heard
}

// add remembers that a peer was heard at a time, and no longer who was heard
// before the window.
func (r *reports) add(peer sighej.SessionID, at, now time.Time, window time.Duration) {
	n := reported{peer, min(at.UnixNano(), now.UnixNano())}
	edge := now.Add(-window).UnixNano()
	*r = slices.DeleteFunc(*r, func(o reported) bool {
		if o.peer == peer {
			n.at = max(n.at, o.at)
		}
		return o.peer == peer || o.at < edge
	})
	if len(*r) >= maxHeard {
		*r = slices.Delete(*r, 0, 1)
	}
	*r = append(*r, n)
}

// has reports whether a peer was heard within the window before now.
func (r reports) has(peer sighej.SessionID, now time.Time, window time.Duration) bool {
	i := slices.IndexFunc(r, func(o reported) bool { return o.peer == peer })
	return i >= 0 && r[i].at >= now.Add(-window).UnixNano()
}

// strong reports whether a sighting is at or above the floor. One that does not
// tell its strength is not: leaving it out would be a way around.
func (c *Config) strong(s *sighej.Sighting) bool {
	return c.RSSIFloor == 0 || s.RSSI != 0 && int(s.RSSI) >= c.RSSIFloor
}
