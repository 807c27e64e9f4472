package benchtest

import (
	"sync/atomic"
	"time"
)

// Fault says how a proxy tampers. Each number n stands for every nth case that
// it can apply to, over all phones; 0 for none.
type Fault struct {
	DropNudge      int // is not delivered
	DuplicateNudge int // comes twice
	DelayNudge     int // comes later by Delay; lost if the phone has gone by then
	Misdeliver     int // goes to another phone, while another one is connected

	LeakNudge   int // a nudge's shared_interests have Label too
	LeakMessage int // a nudge's message has Label too
	LeakAnswer  int // a match's shared_interests have Label too

	DenyMatch  int // a match is answered like none
	ClaimMatch int // none is answered like a new match, over Label

	Delay time.Duration
	Label string // for those who need one: an interest that no two share
}

// Tampered counts what a proxy did, in the words of [Fault].
type Tampered struct {
	DropNudge, DuplicateNudge, DelayNudge, Misdeliver int64
	LeakNudge, LeakMessage, LeakAnswer                int64
	DenyMatch, ClaimMatch                             int64
}

// invalid returns what is wrong with f, or "".
func (f *Fault) invalid() string {
	switch {
	case min(f.DropNudge, f.DuplicateNudge, f.DelayNudge, f.Misdeliver, f.LeakNudge, f.LeakMessage, f.LeakAnswer, f.DenyMatch, f.ClaimMatch) < 0:
		return "every nth case, and n is negative"
	case f.DelayNudge > 0 && f.Delay <= 0:
		return "DelayNudge needs a Delay"
	case max(f.LeakNudge, f.LeakMessage, f.LeakAnswer, f.ClaimMatch) > 0 && f.Label == "":
		return "leaks and claims need a Label"
	}
	return ""
}

// every picks each nth case. It is safe for concurrent use.
type every struct {
	n           int64 // 0: none
	seen, count atomic.Int64
}

func nth(n int) *every { return &every{n: int64(n)} }

// due tells whether this case is one, and counts it if so.
func (e *every) due() bool {
	if e.n == 0 || e.seen.Add(1)%e.n != 0 {
		return false
	}
	e.count.Add(1)
	return true
}

// tampering is a Fault at work.
type tampering struct {
	drop, duplicate, delay, misdeliver *every
	leakNudge, leakMessage, leakAnswer *every
	deny, claim                        *every
	wait                               time.Duration
	label                              string
	concernsNudges, concernsAnswers    bool
}

func newTampering(f Fault) *tampering {
	return &tampering{
		drop: nth(f.DropNudge), duplicate: nth(f.DuplicateNudge), delay: nth(f.DelayNudge), misdeliver: nth(f.Misdeliver),
		leakNudge: nth(f.LeakNudge), leakMessage: nth(f.LeakMessage), leakAnswer: nth(f.LeakAnswer),
		deny: nth(f.DenyMatch), claim: nth(f.ClaimMatch),
		wait: f.Delay, label: f.Label,
		concernsNudges:  max(f.DropNudge, f.DuplicateNudge, f.DelayNudge, f.Misdeliver, f.LeakNudge, f.LeakMessage) > 0,
		concernsAnswers: max(f.LeakAnswer, f.DenyMatch, f.ClaimMatch) > 0,
	}
}

func (t *tampering) counts() Tampered {
	return Tampered{
		DropNudge: t.drop.count.Load(), DuplicateNudge: t.duplicate.count.Load(),
		DelayNudge: t.delay.count.Load(), Misdeliver: t.misdeliver.count.Load(),
		LeakNudge: t.leakNudge.count.Load(), LeakMessage: t.leakMessage.count.Load(), LeakAnswer: t.leakAnswer.count.Load(),
		DenyMatch: t.deny.count.Load(), ClaimMatch: t.claim.count.Load(),
	}
}
