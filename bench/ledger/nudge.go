package ledger

import (
	"cmp"
	"slices"
	"time"

	"i80.dk/sighej/bench/report"
	"i80.dk/sighej/wire"
)

// Nudged checks a nudge that p got at that time. It returns when it was due: when
// the report that caused it was due, or when p connected if that was later. ok
// is false for a nudge that tells nothing about the server's speed.
func (l *Ledger) Nudged(p Phone, n wire.Nudge, at time.Time) (due time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.checks.Nudges++
	ph := &l.phones[p]
	if ph.repeated(n.ID) {
		if ph.seen[n.ID] == ph.conn {
			l.fault(report.FaultDuplicate, "phone %d: the id %s twice on one connection", p, n.ID)
		} else {
			ph.seen[n.ID] = ph.conn
			l.checks.Redelivered++
		}
		return due, false
	}
	shared, odd := l.cfg.Vocabulary.parse(n.SharedInterests)
	if len(odd) > 0 || shared.Empty() || len(ph.awaited[shared]) == 0 {
		l.unexpected(p, shared, odd, n.SharedInterests)
		return due, false
	}
	l.checkMessage(p, shared, n.Message)
	pr := l.take(p, shared, at)
	if due = pr.due; ph.since.After(due) {
		due = ph.since
	}
	if l.cfg.Late > 0 && at.Sub(due) > l.cfg.Late {
		l.fault(report.FaultLate, "phone %d waited %v for the nudge about %q", p, at.Sub(due).Round(time.Millisecond), n.SharedInterests)
	}
	return due, true
}

// repeated notes the id down, unless it has none: a client without the
// subprotocol gets nudges without.
func (ph *phone) repeated(id string) bool {
	if id == "" {
		return false
	}
	if _, again := ph.seen[id]; again {
		return true
	}
	if ph.seen == nil {
		ph.seen = map[string]int32{}
	}
	ph.seen[id] = ph.conn
	return false
}

// take sets a nudge against the pair that has waited longest for one like it,
// those first that are certain to wait, then those whose answer is under way.
func (l *Ledger) take(p Phone, shared Set, at time.Time) *pair {
	ph := &l.phones[p]
	queue := ph.awaited[shared]
	pr := slices.MaxFunc(queue, func(a, b *pair) int { return cmp.Compare(a.certainty(), b.certainty()) })
	if !pr.made && len(queue) > 1 {
		if ph.guessed == nil {
			ph.guessed = map[Set]bool{}
		}
		ph.guessed[shared] = true
	}
	l.forget(pr, p)
	pr.got[pr.side(p)] = at
	if ph.had == nil {
		ph.had = map[Set]bool{}
	}
	ph.had[shared] = true
	switch {
	case pr.made:
		ph.owed--
		l.owed--
	case pr.inFlight == 0: // its answer was lost
		l.counted(pr)
	}
	return pr
}

// certainty orders pairs by how sure it is that nudges about them come.
func (p *pair) certainty() int {
	switch {
	case p.made:
		return 2
	case p.inFlight > 0:
		return 1
	}
	return 0
}

// counted notes that a nudge has come about a pair whose answer was lost, so that
// the other one has to come, too: unless that nudge, or one that the other phone
// got, may have been about somebody else.
func (l *Ledger) counted(p *pair) {
	for _, of := range p.phones {
		if l.phones[of].guessed[p.shared] {
			return
		}
	}
	l.makes(p)
}

// unexpected finds out what is wrong with a nudge that no pair waits for.
func (l *Ledger) unexpected(p Phone, shared Set, odd, labels []string) {
	ph := &l.phones[p]
	if meant := ph.nearest(shared); meant != nil {
		l.fault(report.FaultContent, "phone %d was nudged about %q, where %q is shared", p, labels, l.cfg.Vocabulary.Labels(meant.shared))
		l.take(p, meant.shared, meant.due)
		return
	}
	switch {
	case len(odd) == 0 && ph.had[shared]:
		l.fault(report.FaultDuplicate, "phone %d was nudged about %q once more than it met somebody", p, labels)
	case len(odd) > 0 || !shared.Within(ph.interests):
		l.fault(report.FaultStray, "phone %d was nudged about %q, which is not all its own", p, labels)
	default:
		l.fault(report.FaultStray, "phone %d was nudged about %q, and met nobody who shares that", p, labels)
	}
}

// nearest returns the pair that a nudge with the wrong labels may be about: one
// of which it shows too much, or not enough.
func (ph *phone) nearest(shown Set) *pair {
	var best *pair
	for shared, queue := range ph.awaited {
		if shared.Within(shown) || !shown.Empty() && shown.Within(shared) {
			if best == nil || queue[0].due.Before(best.due) {
				best = queue[0]
			}
		}
	}
	return best
}

// Owed returns how many nudges p must still get.
func (l *Ledger) Owed(p Phone) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.phones[p].owed
}

// Outstanding returns how many nudges must still come to anybody, and how many
// reports of overlapping pairs have no answer yet.
func (l *Ledger) Outstanding() (nudges, reports int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.owed, l.inFlight
}

// Matches returns how many matches p has made.
func (l *Ledger) Matches(p Phone) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.phones[p].matched
}

// Pair tells when a and b each got the nudge about the other; the zero time for
// not at all. Where a phone has several nudges of the same content, which one is
// about whom is a guess.
func (l *Ledger) Pair(a, b Phone) (atA, atB time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.pairs[key(a, b)]
	if p == nil {
		return atA, atB
	}
	return p.got[p.side(a)], p.got[p.side(b)]
}

// Retire ends the account of p, whose session is over: a nudge that it has not
// got by now is missing.
func (l *Ledger) Retire(p Phone) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.retire(p)
	if l.retired++; l.retired == sweepEvery {
		l.retired = 0
		l.sweep()
	}
}

func (l *Ledger) retire(p Phone) {
	ph := &l.phones[p]
	if ph.retired {
		return
	}
	for _, queue := range ph.awaited {
		for _, pr := range queue {
			if pr.made {
				l.fault(report.FaultMissing, "phone %d was never nudged about %q", p, l.cfg.Vocabulary.Labels(pr.shared))
			}
		}
	}
	l.owed -= ph.owed
	*ph = phone{interests: ph.interests, matched: ph.matched, guessed: ph.guessed, retired: true}
}

// sweep settles and forgets the pairs of which nothing can come any more.
func (l *Ledger) sweep() {
	for _, p := range l.pairs {
		if p.inFlight > 0 || !l.phones[p.phones[0]].retired || !l.phones[p.phones[1]].retired {
			continue
		}
		if p.matched && p.claims == 0 && p.lost == 0 {
			l.fault(report.FaultAnswer, "phones %d and %d match, but no answer said nudge_sent", p.phones[0], p.phones[1])
		}
		delete(l.pairs, p.phones)
	}
}

// Close ends all accounts and returns the result. Nothing is to be told to the
// ledger afterwards, and every report must have had its answer.
func (l *Ledger) Close() report.Checks {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := range l.phones {
		l.retire(Phone(p))
	}
	l.sweep()
	return l.result()
}

// Checks returns the result so far.
func (l *Ledger) Checks() report.Checks {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.result()
}
