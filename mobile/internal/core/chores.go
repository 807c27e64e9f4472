package core

import (
	"context"
	"math/rand/v2"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/ble"
	"i80.dk/sighej/mobile/phone"
)

// later tries of a chore that failed.
const choreAgain = 5 * time.Second

func rotation() time.Duration { return ble.Rotation(rand.Float64()) } // #nosec G404 -- no secret

// work tells the server what changed, one thing after the other, until ctx ends.
// What concerns consent goes first.
func (r *run) work(ctx context.Context) {
	for ctx.Err() == nil {
		r.core.sleep(r.chore(ctx), ctx.Done(), r.chores)
	}
}

// chore does the first thing that is due and returns when there may be another,
// zero being when it is woken. While there is no connection nothing is due: the
// keeper finds out whether the server can be reached.
func (r *run) chore(ctx context.Context) time.Time {
	c := r.core
	c.mu.Lock()
	p, now := r.phone, time.Now()
	if p == nil || r.link != Online {
		c.mu.Unlock()
		return time.Time{}
	}
	consent := c.open != r.told
	rotate := !r.fixed && c.open && !now.Before(r.rotateAt)
	report := c.open && r.held.len() > 0
	due := time.Time{}
	if !r.fixed && c.open {
		due = r.rotateAt
	}
	if report {
		due = sooner(due, r.reportAt)
	}
	report = report && !now.Before(r.reportAt)
	open := c.open
	var first *wish
	if len(r.wishes) > 0 {
		first = &r.wishes[0]
	}
	c.mu.Unlock()

	switch {
	case consent:
		return r.tellConsent(ctx, p, open)
	case first != nil:
		if r.tellWish(ctx, p, *first) {
			return time.Now()
		}
		return time.Now().Add(choreAgain)
	case rotate:
		return r.rotate(ctx, p)
	case report:
		return r.report(ctx, p)
	}
	return due
}

// tellConsent tells the server whether the person is open to talk.
func (r *run) tellConsent(ctx context.Context, p *phone.Phone, open bool) time.Time {
	err := p.SetOpen(ctx, open)
	r.core.mu.Lock()
	defer r.core.mu.Unlock()
	if err != nil {
		return r.failed(ctx, err)
	}
	if r.phone == p {
		r.told = open
	}
	return time.Now()
}

// rotate gives the session another token: the same one until the server has
// answered, since it may have taken it before an answer got lost.
func (r *run) rotate(ctx context.Context, p *phone.Phone) time.Time {
	r.core.mu.Lock()
	if r.next == "" {
		r.next = sighej.NewToken()
	}
	next := r.next
	r.core.mu.Unlock()

	err := p.Rotate(ctx, next)
	r.core.mu.Lock()
	defer r.core.mu.Unlock()
	if r.phone != p {
		return time.Now()
	}
	switch sighej.CodeOf(err) {
	case "":
		r.rotated(next)
		return time.Now()
	case sighej.CodeNotFound, sighej.CodeMethodNotAllowed: // a server without rotation
		r.fixed, r.next = true, ""
		return time.Now()
	case sighej.CodeTokenLive: // somebody else's
		r.next = ""
	}
	r.rotateAt = time.Now().Add(choreAgain)
	return r.failed(ctx, err)
}

// rotated puts another token into the air. Under the lock.
func (r *run) rotated(token sighej.Token) {
	if token != r.own[0] {
		r.own[1], r.own[0] = r.own[0], token
	}
	r.next, r.rotateAt = "", time.Now().Add(rotation())
	signal(r.news)
}

// failed judges the error of a chore and returns when to try again. Under the
// lock.
func (r *run) failed(ctx context.Context, err error) time.Time {
	if ctx.Err() == nil && gone(err) && r.forget != nil {
		r.forget(errGone)
		return time.Time{}
	}
	return time.Now().Add(choreAgain)
}
