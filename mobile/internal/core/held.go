package core

import (
	"slices"
	"time"

	"i80.dk/sighej"
)

// maxHeld is how many sightings wait to be reported. The first to come is the
// first to be left out.
const maxHeld = 1000

// claim is a sighting that waits.
type claim struct {
	token sighej.Token
	at    time.Time // when it was heard last
}

// age is how old the claim is. A phone's monotonic clock may stand still while it
// sleeps, and its wall clock may be set: the longer of the two is believed.
func (c *claim) age(now time.Time) time.Duration {
	return max(now.Sub(c.at), now.Round(0).Sub(c.at.Round(0)), 0)
}

// held is the sightings that wait, in the order in which they came.
type held struct {
	queue   []*claim
	byToken map[sighej.Token]*claim
}

func newHeld() held { return held{byToken: map[sighej.Token]*claim{}} }

func (h *held) len() int { return len(h.queue) }

// hear takes a sighting in, and reports whether it is one that did not wait yet.
// One that waits is made younger even if it is not worth another.
func (h *held) hear(token sighej.Token, at time.Time, worth bool) bool {
	if c := h.byToken[token]; c != nil {
		c.at = at
		return false
	}
	if !worth {
		return false
	}
	c := &claim{token, at}
	h.byToken[token] = c
	h.queue = append(h.queue, c)
	if len(h.queue) > maxHeld {
		h.remove(h.queue[0].token)
	}
	return true
}

// forget takes out the sightings that are too old to count.
func (h *held) forget(now time.Time) {
	for _, c := range slices.Clone(h.queue) {
		if c.age(now) > stale {
			h.remove(c.token)
		}
	}
}

// first returns the first few.
func (h *held) first(n int) []claim {
	some := make([]claim, min(n, len(h.queue)))
	for i := range some {
		some[i] = *h.queue[i]
	}
	return some
}

// remove takes a sighting out.
func (h *held) remove(token sighej.Token) {
	c := h.byToken[token]
	if c == nil {
		return
	}
	delete(h.byToken, token)
	for i := range h.queue {
		if h.queue[i] == c {
			copy(h.queue[i:], h.queue[i+1:])
			h.queue[len(h.queue)-1] = nil
			h.queue = h.queue[:len(h.queue)-1]
			return
		}
	}
}
