package actors

import (
	"sync/atomic"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// waiting counts the nudges in the outboxes of active sessions by the time of
// their match, in slots that are reused in turn: putting a nudge in or taking one
// out is one addition, and whoever wants to know how old they are looks at the
// slots. A nudge that is older than all slots together is taken for a younger one.
type waiting struct {
	slot  int64 // seconds
	slots [1 << 13]atomic.Int32
}

// init makes room for nudges of sessions that live for ttl.
func (w *waiting) init(ttl time.Duration) {
	w.slot = 1 + int64(ttl/time.Second)/int64(len(w.slots)-1)
}

// add counts n nudges of a match more, or fewer.
func (w *waiting) add(at time.Time, n int32) {
	w.slots[uint64(at.Unix()/w.slot)%uint64(len(w.slots))].Add(n)
}

func (w *waiting) outbox(now time.Time, ages []time.Duration) Outbox {
	o := Outbox{Older: make([]int64, len(ages))}
	newest := now.Unix() / w.slot
	for back := range int64(len(w.slots)) {
		n := w.slots[uint64(newest-back)%uint64(len(w.slots))].Load()
		if n <= 0 {
			continue
		}
		age := now.Sub(time.Unix((newest-back)*w.slot, 0))
		o.Oldest = age
		for i := range ages {
			if age >= ages[i] {
				o.Older[i] += int64(n)
			}
		}
	}
	return o
}

// count keeps account of nudges that this session's outbox gets, or loses.
func (a *session) count(nudges []sighej.Nudge, n int32) {
	for i := range nudges {
		a.system.waiting.add(nudges[i].At, n)
	}
}

// countOut gives account of the nudges of a session that ends here.
func (a *session) countOut() {
	if a.affairs == nil {
		return
	}
	a.count(a.outbox.pending, -1)
	if a.over == wire.CloseExpired || a.over == wire.CloseForgotten {
		a.system.tally.expired.Add(int64(len(a.outbox.pending)))
	}
}

// acked notes that a phone has acknowledged a nudge of a match made at that time.
func (s *System) acked(at time.Time) {
	s.tally.acked.Add(1)
	if s.cfg.NudgeAcked != nil {
		s.cfg.NudgeAcked(s.cfg.Now().Sub(at))
	}
}
