package actors

import (
	"context"
	"strconv"
	"sync"
	"time"

	"i80.dk/sighej"
)

// decoys keep the time of an answer from telling what its text does not. That a
// token is nobody's only the store knows; that a live session shares no interest
// this member knows by itself, a round trip sooner. So such a neutral verdict
// waits for a look-up too, of a token that nobody has. Many may wait for one
// look-up, as long as it begins after all of them came.
//
// With a store in this process there is nothing to hide: it answers as fast as an
// index does. With the store away there is nothing to wait for.
type decoys struct {
	desk *desk
	load func(context.Context, sighej.Token) error

	mu      sync.Mutex
	waiting []func()
	running int
	away    bool // so said the last look-up
}

const (
	maxDecoys = 2 // look-ups at a time, as many as the store has lanes
	decoyTime = 250 * time.Millisecond
)

// after calls then, from another goroutine, when a look-up that begins from now on
// has ended. It reports false, and calls nothing, when there is none to wait for.
func (d *decoys) after(then func()) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	away := d.away
	if !away {
		d.waiting = append(d.waiting, then)
	}
	if d.running < maxDecoys && (!away || d.running == 0) {
		if d.desk.do(d.lookUp) {
			d.running++
		} else if d.running == 0 {
			if !away {
				d.waiting = d.waiting[:len(d.waiting)-1]
			}
			return false
		}
	}
	return !away
}

// lookUp asks the store once, for all who wait by now.
func (d *decoys) lookUp() {
	d.mu.Lock()
	served := d.waiting
	d.waiting = nil
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), decoyTime)
	err := d.load(ctx, sighej.NewToken())
	cancel()
	d.mu.Lock()
	d.away = err != nil && sighej.CodeOf(err) != sighej.CodeNotFound
	d.running--
	late := d.lateComers()
	d.mu.Unlock()
	for _, then := range served {
		then()
	}
	for _, then := range late {
		then()
	}
}

// lateComers starts another look-up for those who came during the last one, or
// returns them when they need not wait. mu is held.
func (d *decoys) lateComers() (served []func()) {
	if len(d.waiting) == 0 {
		return nil
	}
	if !d.away && d.desk.do(d.lookUp) {
		d.running++
		return nil
	}
	served, d.waiting = d.waiting, nil
	return served
}

// veil makes a report with a neutral verdict, known without the store, wait as one
// does that needed the store.
func (a *session) veil(r *report) {
	a.company().veiled++
	token := sighej.Token("~" + strconv.FormatUint(uint64(a.veiled), 36)) // no token of anybody's
	e, ok := a.inquiries.begin(token)
	if !ok {
		return
	}
	system, self := a.system, a.pid
	if !system.decoys.after(func() { system.send(self, &sought{token, nil, errUnknown}) }) {
		a.inquiries.end(e)
		return
	}
	e.seeking = true
	r.neutral--
	r.await(r.last, e)
}
