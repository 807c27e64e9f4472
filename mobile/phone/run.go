package phone

import (
	"context"
	"errors"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// remembered is how many nudge ids a phone deduplicates by.
const remembered = 1024

// Run keeps the phone connected until ctx ends, and then returns nil, or until
// the session does, and then returns why: a [ClosedError], or the *[sighej.Error]
// with which the server refused another connection. It comes back after a lost
// connection, with a delay that grows (see SetBackground) or that the server asks
// for. It blocks, waits for the callbacks, and must not run twice at a time.
func (p *Phone) Run(ctx context.Context) error {
	if !p.running.CompareAndSwap(false, true) {
		return errors.New("the phone runs already")
	}
	defer p.running.Store(false)
	seen := newRecent(remembered)
	var delays Backoff
	for {
		select {
		case <-p.hurry: // this is the try that was wished for
		default:
		}
		p.cfg.OnState(Connecting)
		lost := p.stay(ctx, seen)
		if sighej.CodeOf(lost.err) == sighej.CodeForbidden && p.tryOther() {
			lost.err = nil
		}
		if ctx.Err() != nil {
			return nil
		}
		if lost.err != nil {
			p.cfg.OnState(Ended)
			return lost.err
		}
		p.cfg.OnState(Waiting)
		asked, chance := delays.after(lost, p.background.Load())
		p.cfg.Logger.Debug("the connection is lost", "retry_in", asked+chance)
		if !pause(ctx, asked, chance, p.hurry) {
			return nil
		}
	}
}

// stay makes one connection and serves it until it ends.
func (p *Phone) stay(ctx context.Context, seen *recent) loss {
	conn, lost := p.dial(ctx)
	if conn == nil {
		if lost.err == nil && time.Now().After(p.deadline) {
			lost.err = ClosedError{wire.CloseExpired}
		}
		return lost
	}
	go conn.read()
	defer func() {
		p.setCurrent(nil)
		conn.hangUp()
		<-conn.done
	}()
	for {
		select {
		case <-ctx.Done():
			return loss{}
		case frame := <-conn.frames:
			p.take(conn, frame, seen)
		case <-conn.done:
			p.takeRest(conn, seen)
			return conn.loss()
		}
	}
}

// tryOther takes the token to which a rotation's answer was lost, once, and
// reports whether there was one.
func (p *Phone) tryOther() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unsure == "" {
		return false
	}
	p.token, p.unsure = p.unsure, ""
	return true
}

// take handles a frame that concerns the callbacks.
func (p *Phone) take(conn *connection, frame any, seen *recent) {
	switch f := frame.(type) {
	case wire.Welcome:
		conn.welcomed = time.Now()
		p.setCurrent(conn)
		p.welcomed.Do(func() { close(p.connected) })
		p.cfg.OnState(Connected)
	case wire.Nudge:
		if !seen.has(f.ID) {
			p.cfg.OnNudge(f)
			seen.add(f.ID)
		}
		// When this write fails the connection is gone, and the nudge comes again
		// on the next one to be acknowledged there.
		_ = conn.write(wire.ClientFrame{Type: wire.TypeAck, ID: f.ID})
	}
}

// takeRest handles what had come before the connection ended.
func (p *Phone) takeRest(conn *connection, seen *recent) {
	for {
		select {
		case frame := <-conn.frames:
			p.take(conn, frame, seen)
		default:
			return
		}
	}
}

// recent is a set that forgets its oldest member when it is full.
type recent struct {
	members map[string]struct{}
	ring    []string
	next    int
}

func newRecent(size int) *recent {
	return &recent{members: map[string]struct{}{}, ring: make([]string, 0, 8), next: -size}
}

func (r *recent) has(id string) bool {
	_, ok := r.members[id]
	return ok
}

func (r *recent) add(id string) {
	r.members[id] = struct{}{}
	if r.next < 0 {
		r.ring = append(r.ring, id)
		r.next++
		return
	}
	delete(r.members, r.ring[r.next])
	r.ring[r.next] = id
	r.next = (r.next + 1) % len(r.ring)
}

// Lasting reports whether a call that was refused with a code would be refused again.
func Lasting(code sighej.Code) bool {
	switch code {
	case sighej.CodeUnavailable, sighej.CodeOverloaded, sighej.CodeRateLimited, sighej.CodeInternal:
		return false
	}
	return true
}
