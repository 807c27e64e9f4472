package actors

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"i80.dk/sighej"
)

// rounds keep the time of an answer from telling what its text does not. That a
// token is nobody's only the store knows; that a live session shares no interest
// this member knows by itself, a round trip sooner. So whoever needs the store to
// answer a sighting, and whoever does not, waits for a round: look-ups that begin
// together and whose answers go out together. A round in which nobody has anything
// to look up looks for a decoy, a token that nobody has.
//
// With a store in this process there is nothing to hide: it answers as fast as an
// index does. With the store away there is nothing to wait for.
type rounds struct {
	system *System

	mu    sync.Mutex // of all rounds too
	next  *round
	began time.Time // the last one
	going int       // rounds with look-ups under way
	away  bool      // the store, so said the last look-up
}

// A round costs as much as some answers do, so a few wait for one another. A crowd
// need not, and a caller that asks anew as soon as it is answered should not: it
// would wait each time.
const (
	roundEvery = 4 * time.Millisecond
	roundSoon  = time.Millisecond       // for those
	roundCrowd = 12                     // callers
	roundTime  = 250 * time.Millisecond // then it is over for those who knew their answers
	maxLookUps = 4096                   // in one; more are refused
)

// roundNumber tells rounds apart, for whoever has waited for one.
type roundNumber uint32

const noRound roundNumber = 0 // nobody has

// round is look-ups, and what is to be called at its end; that must not block.
type round struct {
	number  roundNumber
	callers int
	lookUps []lookUp
	atEnd   []func()
	begins  time.Time   // zero: nobody has called for it
	timer   *time.Timer // for its beginning, then for its end
}

// lookUp is a question for the session that has a token.
type lookUp struct {
	token sighej.Token
	trail *trail
	then  func(*snapshot, error)
}

func newRounds(s *System) *rounds { return &rounds{system: s, next: &round{number: 1}} }

// join takes so many callers, whose last report waited for the round last, into the
// next round, and returns its number. Their questions are asked in it. At its end
// then is called, unless it is nil; at once when there is nothing to wait for.
func (r *rounds) join(last roundNumber, callers int, then func(), questions ...lookUp) roundNumber {
	r.mu.Lock()
	b := r.next
	waits, room := !r.away, len(b.lookUps)+len(questions) <= maxLookUps
	if room {
		b.lookUps = append(b.lookUps, questions...)
	}
	if waits && then != nil {
		b.atEnd = append(b.atEnd, then)
	}
	b.callers += callers
	if waits || len(questions) > 0 || r.going == 0 { // one finds out whether the store is back
		r.callLocked(last)
	}
	r.mu.Unlock()
	if !room {
		refuse(questions)
	}
	if !waits && then != nil {
		then()
	}
	return b.number
}

func refuse(questions []lookUp) {
	for _, q := range questions {
		q.then(nil, errBusy)
	}
}

// callLocked has the next round begin, now or as soon as it may.
func (r *rounds) callLocked(last roundNumber) {
	b, pause := r.next, roundEvery
	if last == b.number-1 || b.callers >= roundCrowd {
		pause = roundSoon
	}
	begins := r.began.Add(pause)
	if !b.begins.IsZero() && !begins.Before(b.begins) {
		return
	}
	b.begins = begins
	switch soon := time.Until(begins); {
	case soon <= 0:
		r.beginLocked()
	case b.timer != nil:
		b.timer.Reset(soon)
	default:
		b.timer = time.AfterFunc(soon, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.next == b {
				r.beginLocked()
			}
		})
	}
}

func (r *rounds) beginLocked() {
	b := r.next
	if b.timer != nil {
		b.timer.Stop()
	}
	r.next, r.began = &round{number: b.number + 1}, time.Now()
	if len(b.lookUps) == 0 {
		b.lookUps = []lookUp{{token: sighej.NewToken(), then: func(*snapshot, error) {}}}
	}
	r.going++
	b.timer = time.AfterFunc(roundTime, func() { r.end(b) })
	if !r.system.desk.do(func() { r.finish(b, r.find(b)) }) {
		go r.finish(b, nil)
	}
}

func (r *rounds) find(b *round) []found {
	ctx := context.Background()
	tokens := make([]sighej.Token, len(b.lookUps))
	for i, q := range b.lookUps {
		tokens[i] = q.token
		if q.trail != nil { // one of those who ask may have this look-up in its trace
			ctx = q.trail.context()
		}
	}
	return r.system.findAll(ctx, tokens...)
}

// finish takes what the look-ups found, nothing if there was no room for them, and
// ends the round.
func (r *rounds) finish(b *round, all []found) {
	b.timer.Stop()
	calls := make([]func(), len(b.lookUps))
	for i, q := range b.lookUps {
		f := found{err: errBusy}
		if all != nil {
			f = all[i]
		}
		calls[i] = func() { q.then(f.snap, f.err) }
	}
	r.mu.Lock()
	r.going--
	r.away = all != nil && all[0].err != nil && sighej.CodeOf(all[0].err) != sighej.CodeNotFound
	b.atEnd = append(b.atEnd, calls...)
	r.mu.Unlock()
	r.end(b)
}

// end calls all who wait. Those who knew their answers are not the first.
func (r *rounds) end(b *round) {
	r.mu.Lock()
	atEnd := b.atEnd
	b.atEnd = nil
	r.mu.Unlock()
	rand.Shuffle(len(atEnd), func(i, j int) { atEnd[i], atEnd[j] = atEnd[j], atEnd[i] }) //nolint:gosec // no secret
	r.system.pool.enter()
	for _, then := range atEnd {
		then()
	}
	r.system.pool.lend(satisfied)
}
