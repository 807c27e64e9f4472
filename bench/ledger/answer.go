package ledger

import (
	"time"

	"i80.dk/sighej/bench/report"
	"i80.dk/sighej/wire"
)

// landed takes the answer's pair out of flight; nil if the two share nothing.
func (l *Ledger) landed(by, of Phone) *pair {
	p := l.pairs[key(by, of)]
	if p != nil {
		p.inFlight--
		l.inFlight--
	}
	return p
}

// Answered checks what the server answered to a report.
func (l *Ledger) Answered(by, of Phone, verdict wire.MatchResult) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.checks.Answers++
	p := l.landed(by, of)
	switch {
	case p == nil:
		l.checkNeutral(by, of, verdict)
	case !verdict.Match:
		l.denied(p, by, of, verdict)
	default:
		l.checkShared(p, by, verdict.SharedInterests)
		p.matched = true
		if verdict.NudgeSent {
			l.claimed(p)
		}
	}
}

func (l *Ledger) checkNeutral(by, of Phone, verdict wire.MatchResult) {
	switch {
	case verdict.Match:
		l.fault(report.FaultAnswer, "phones %d and %d share nothing; the answer claims a match on %q", by, of, verdict.SharedInterests)
	case verdict.NudgeSent:
		l.fault(report.FaultAnswer, "phones %d and %d share nothing; the answer claims that a nudge was sent", by, of)
	case len(verdict.SharedInterests) > 0:
		l.fault(report.FaultContent, "phones %d and %d share nothing; the answer shows %q", by, of, verdict.SharedInterests)
	}
}

// denied: a match that the server does not see. Right only where a limit hides.
func (l *Ledger) denied(p *pair, by, of Phone, verdict wire.MatchResult) {
	switch {
	case verdict.NudgeSent || len(verdict.SharedInterests) > 0:
		l.fault(report.FaultAnswer, "phones %d and %d: no match, and yet %q and nudge_sent %t",
			by, of, verdict.SharedInterests, verdict.NudgeSent)
	case !p.made && (l.atLimit(by) || l.atLimit(of)):
		l.checks.Limited++
	default:
		l.fault(report.FaultAnswer, "phones %d and %d share %q; the answer denies it", by, of, l.cfg.Vocabulary.Labels(p.shared))
	}
	l.unmade(p)
}

func (l *Ledger) atLimit(p Phone) bool {
	return l.cfg.MatchLimit > 0 && l.phones[p].matched >= l.cfg.MatchLimit
}

// unmade gives up waiting for the nudges of a pair that no report can have made.
func (l *Ledger) unmade(p *pair) {
	if p.made || p.inFlight > 0 || p.lost > 0 || p.matched {
		return
	}
	for i, of := range p.phones {
		if p.got[i].IsZero() {
			l.forget(p, of)
		}
	}
	if p.got == [2]time.Time{} {
		delete(l.pairs, p.phones)
	}
}

func (l *Ledger) checkShared(p *pair, by Phone, labels []string) {
	if shared, odd := l.cfg.Vocabulary.parse(labels); len(odd) > 0 || shared != p.shared {
		l.fault(report.FaultContent, "phone %d was answered %q, where %q is shared", by, labels, l.cfg.Vocabulary.Labels(p.shared))
	}
}

// claimed: an answer says that it made the match.
func (l *Ledger) claimed(p *pair) {
	if p.claims++; p.claims > 1 {
		l.fault(report.FaultAnswer, "phones %d and %d: nudge_sent for the second time", p.phones[0], p.phones[1])
		return
	}
	l.makes(p)
}

// makes: the match is made, so both nudges must come.
func (l *Ledger) makes(p *pair) {
	if p.made {
		return
	}
	p.made = true
	for i, of := range p.phones {
		ph := &l.phones[of]
		ph.matched++
		if ph.retired {
			continue
		}
		l.checks.Expected++
		if p.got[i].IsZero() {
			ph.owed++
			l.owed++
		}
	}
}

// Refused notes that a report certainly did not count, and the code that the
// server gave; limited tells that one of its limits was the reason.
func (l *Ledger) Refused(by, of Phone, code string, limited bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if limited {
		l.checks.Limited++
	} else {
		l.checks.Errors[code]++
	}
	if p := l.landed(by, of); p != nil {
		l.unmade(p)
	}
}

// Lost notes that nobody knows whether a report counted, and why.
func (l *Ledger) Lost(by, of Phone, code string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.checks.Errors[code]++
	if p := l.landed(by, of); p != nil {
		p.lost++
		l.checks.Unsure++
		if p.got != [2]time.Time{} {
			l.counted(p)
		}
	}
}
