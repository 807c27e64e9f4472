package actors

import (
	"sync/atomic"
	"time"

	"i80.dk/sighej"
)

// What may become of a sighting, for the counters.
const (
	SightingNeutral        = "neutral"         // nothing to tell: no overlap, or a peer that is unknown, expired or closed
	SightingMatched        = "matched"         // it made a match
	SightingAlreadyMatched = "already_matched" // of a pair that is a match
)

// sightingOutcomes are the three above and the codes of what could not be decided,
// in the order of tally.sightings.
var sightingOutcomes = [...]string{
	SightingNeutral, SightingMatched, SightingAlreadyMatched,
	string(sighej.CodeRateLimited), string(sighej.CodeMatchLimit), string(sighej.CodeOverloaded),
	string(sighej.CodeUnavailable), string(sighej.CodeInvalid), "other",
}

const (
	neutralOutcome = iota
	matchedOutcome
	alreadyMatchedOutcome
	rateLimitedOutcome
	matchLimitOutcome
	overloadedOutcome
	unavailableOutcome
	invalidOutcome
	otherOutcome
)

// tally is what a System counts. A sighting is counted when it is decided, so that
// one without an overlap, as most are, costs one addition.
type tally struct {
	sightings [len(sightingOutcomes)]atomic.Int64
	activated atomic.Int64
	pushed    atomic.Int64
	acked     atomic.Int64
	expired   atomic.Int64
	spared    atomic.Int64
}

func outcomeOf(v sighej.Verdict) int {
	switch v.Code {
	case "":
		switch {
		case v.NudgeSent:
			return matchedOutcome
		case v.Match:
			return alreadyMatchedOutcome
		}
		return neutralOutcome
	case sighej.CodeRateLimited:
		return rateLimitedOutcome
	case sighej.CodeMatchLimit:
		return matchLimitOutcome
	case sighej.CodeOverloaded:
		return overloadedOutcome
	case sighej.CodeUnavailable:
		return unavailableOutcome
	case sighej.CodeInvalid:
		return invalidOutcome
	}
	return otherOutcome
}

// Counters are the sums of a System since New. None ever falls.
type Counters struct {
	Sightings   map[string]int64 // decided ones, by outcome: the constants above, or a code; each outcome is there
	Activations int64            // sessions that became actors
	Pushed      int64            // nudges handed to connections of this member, each time one is
	Acked       int64            // nudges that phones of sessions here took out of their outboxes
	Expired     int64            // nudges that were in the outbox of a session here when it expired or was forgotten
	Spared      int64            // sightings of sessions here that made no match although they share an interest, since these were at their limit
	Silent      int64            // calls that another member did not answer in time
	Gaps        int64            // losses on the way from other members
}

// Plus returns the sums of both.
func (c Counters) Plus(d Counters) Counters {
	sightings := make(map[string]int64, len(sightingOutcomes))
	for _, outcome := range sightingOutcomes {
		sightings[outcome] = c.Sightings[outcome] + d.Sightings[outcome]
	}
	return Counters{
		Sightings: sightings, Activations: c.Activations + d.Activations,
		Pushed: c.Pushed + d.Pushed, Acked: c.Acked + d.Acked, Expired: c.Expired + d.Expired,
		Spared: c.Spared + d.Spared, Silent: c.Silent + d.Silent, Gaps: c.Gaps + d.Gaps,
	}
}

// Counters returns the sums so far.
func (s *System) Counters() Counters {
	t := &s.tally
	c := Counters{
		Sightings: make(map[string]int64, len(sightingOutcomes)), Activations: t.activated.Load(),
		Pushed: t.pushed.Load(), Acked: t.acked.Load(), Expired: t.expired.Load(),
		Spared: t.spared.Load(),
	}
	for i, outcome := range sightingOutcomes {
		c.Sightings[outcome] = t.sightings[i].Load()
	}
	if s.links != nil {
		c.Silent, c.Gaps = s.links.silent.Load(), s.links.gaps.Load()
	}
	return c
}

// Sightings returns how many sightings were decided since the start, those over a
// limit of their session not counted.
func (s *System) Sightings() int64 {
	var n int64
	for i := range s.tally.sightings {
		if i != rateLimitedOutcome {
			n += s.tally.sightings[i].Load()
		}
	}
	return n
}

// Queues is what waits in a System at one moment.
type Queues struct {
	Mailboxes int // that wait for a worker
	Steps     int // of the store that wait at the desk
	Links     int // items that wait for a place in a batch to another member
	Calls     int // to other members that wait for their answer
}

// Queues returns what waits now.
func (s *System) Queues() Queues {
	q := Queues{Mailboxes: s.pool.backlog(), Steps: len(s.desk.jobs)}
	if s.links != nil {
		q.Links, q.Calls = s.links.waiting()
	}
	return q
}

// waiting returns how many items wait for a place in a batch, and how many calls
// for their answer.
func (l *links) waiting() (items, calls int) {
	for _, k := range l.all() {
		k.mu.Lock()
		items += k.backlog()
		calls += len(k.calls)
		k.mu.Unlock()
	}
	return items, calls
}

// Outbox is the nudges of the active sessions that wait to be acknowledged.
type Outbox struct {
	Older  []int64       // how many are at least as old as each of the ages that were asked about
	Oldest time.Duration // age of the oldest, 0 if there is none
}

// Outbox returns how old the waiting nudges are, to within a thousandth of a
// session's lifetime or a second, whichever is more.
func (s *System) Outbox(ages ...time.Duration) Outbox { return s.waiting.outbox(s.cfg.Now(), ages) }
