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
	due   bool      // the next one is about to begin
	began time.Time // the last one
	going int       // rounds with look-ups under way
	away  bool      // the store, so said the last look-up
}

const (
	roundEvery = time.Millisecond       // a crowd shares one
	roundTime  = 250 * time.Millisecond // then it is over for those who knew their answers
	maxLookUps = 4096                   // in one; more are refused
)

// round is look-ups, and what is to be called at its end; that must not block.
type round struct {
	lookUps  []lookUp
	atEnd    []func()
	patience *time.Timer
}

// lookUp is a question for the session that has a token.
type lookUp struct {
	token sighej.Token
	trail *trail
	then  func(*snapshot, error)
}

func newRounds(s *System) *rounds { return &rounds{system: s, next: new(round)} }

// lookUp asks in the next round.
func (r *rounds) lookUp(questions ...lookUp) {
	r.mu.Lock()
	room := len(r.next.lookUps)+len(questions) <= maxLookUps
	if room {
		r.next.lookUps = append(r.next.lookUps, questions...)
		r.callLocked()
	}
	r.mu.Unlock()
	if !room {
		refuse(questions)
	}
}

func refuse(questions []lookUp) {
	for _, q := range questions {
		q.then(nil, errBusy)
	}
}

// wait calls then at the end of the next round. It reports false, and calls
// nothing, when there is none to wait for.
func (r *rounds) wait(then func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.away {
		r.next.atEnd = append(r.next.atEnd, then)
	}
	if !r.away || r.going == 0 { // one finds out whether the store is back
		r.callLocked()
	}
	return !r.away
}

// callLocked has the next round begin, now or as soon as it may.
func (r *rounds) callLocked() {
	if r.due {
		return
	}
	r.due = true
	if soon := roundEvery - time.Since(r.began); soon > 0 {
		time.AfterFunc(soon, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.beginLocked()
		})
		return
	}
	r.beginLocked()
}

func (r *rounds) beginLocked() {
	b := r.next
	r.next, r.due, r.began = new(round), false, time.Now()
	if len(b.lookUps) == 0 {
		b.lookUps = []lookUp{{token: sighej.NewToken(), then: func(*snapshot, error) {}}}
	}
	r.going++
	b.patience = time.AfterFunc(roundTime, func() { r.end(b) })
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
	b.patience.Stop()
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
