package core

import (
	"context"
	"errors"
	"net/http"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/phone"
	"i80.dk/sighej/wire"
)

const (
	answerTime = 15 * time.Second // for any answer of the server
	steady     = 5 * time.Second  // a session that lived this long starts the delays anew
	newTokens  = 3                // at once, when the one before is taken
)

// errGone is why a session is given up whose server knows it no longer.
var errGone = errors.New("the server does not know the session")

// keep has one session after the other until ctx ends or the server refuses.
func (r *run) keep(ctx context.Context) {
	var delays phone.Backoff
	for {
		p, open, err := r.register(ctx, &delays)
		if err == nil {
			began := time.Now()
			err = r.live(ctx, p, open)
			if time.Since(began) >= steady {
				delays = phone.Backoff{}
			}
		}
		if ctx.Err() != nil || r.refused() {
			return
		}
		if err != nil {
			r.fail(err)
			return
		}
		if !delays.Wait(ctx, 0, r.background(), r.hurry) {
			return
		}
	}
}

// register makes a session, with a new token for each try, until one is made or
// the server refuses for good.
func (r *run) register(ctx context.Context, delays *phone.Backoff) (p *phone.Phone, open bool, err error) {
	taken := 0
	for {
		p, open, err = r.tryToRegister(ctx)
		if err == nil || ctx.Err() != nil {
			return p, open, err
		}
		var least time.Duration
		switch code := sighej.CodeOf(err); {
		case code == sighej.CodeTokenLive && taken < newTokens:
			taken++
			continue
		case code != sighej.CodeTokenLive && phone.Lasting(code):
			return nil, false, err
		}
		if e, ok := errors.AsType[*sighej.Error](err); ok {
			least = e.RetryAfter
		}
		r.setLink(Offline)
		if !delays.Wait(ctx, least, r.background(), r.hurry) {
			return nil, false, ctx.Err()
		}
	}
}

func (r *run) tryToRegister(ctx context.Context) (*phone.Phone, bool, error) {
	c := r.core
	c.mu.Lock()
	open, background := c.open, !c.onScreen
	c.mu.Unlock()
	p, err := phone.Register(ctx, phone.Config{
		Base: c.cfg.Base, Interests: r.interests, Closed: !open, Background: background,
		HTTPClient: &http.Client{Transport: r.transport, Timeout: answerTime}, Dialer: c.cfg.Dialer, Clock: c.cfg.Clock,
		OnNudge: r.onNudge, OnState: r.onLink,
	})
	return p, open, err
}

// live keeps a session connected until it ends. An error forbids another one.
func (r *run) live(ctx context.Context, p *phone.Phone, open bool) error {
	session, forget := context.WithCancelCause(ctx)
	defer forget(nil)
	r.core.mu.Lock()
	r.adopt(p, open, forget)
	r.core.mu.Unlock()

	said := make(chan struct{})
	stays := context.AfterFunc(ctx, func() { // at once: a page that is being closed has no time
		defer close(said)
		bye(ctx, p)
	})
	err := p.Run(session)
	switch {
	case !stays():
		<-said
	case ctx.Err() != nil, r.refused(): // ctx may have ended p.Run before anything else heard of it
		bye(ctx, p)
	}
	r.core.mu.Lock()
	defer r.core.mu.Unlock()
	r.drop()
	if r.link == Online {
		r.link = Connecting
	}
	if err == nil || renewable(err) {
		return nil
	}
	return err
}

// bye lets the server forget the session. When it cannot be reached the session
// ends by itself at its expiry.
func bye(ctx context.Context, p *phone.Phone) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	_ = p.Forget(ctx)
}

// renewable reports whether the end of a session leaves room for a new one, which
// has a token and an access token of its own.
func renewable(err error) bool {
	if end, ok := errors.AsType[phone.ClosedError](err); ok {
		return end.Code == wire.CloseExpired || end.Code == wire.CloseForgotten || end.Code == wire.CloseTakenOver
	}
	return gone(err)
}

// gone reports whether the server said that it does not know the session.
func gone(err error) bool {
	switch sighej.CodeOf(err) {
	case sighej.CodeUnauthorized, sighej.CodeForbidden, sighej.CodeNotFound:
		return true
	}
	return false
}

// onLink is called by the session's phone.
func (r *run) onLink(s phone.State) {
	switch s {
	case phone.Connected:
		r.setLink(Online)
	case phone.Waiting:
		r.setLink(Offline)
	}
}

func (r *run) setLink(l Link) {
	r.core.mu.Lock()
	defer r.core.mu.Unlock()
	if r.link == Refused {
		return
	}
	r.link = l
	signal(r.news)
	if l != Online {
		return
	}
	signal(r.chores)
	if token := r.phone.Token(); token != r.own[0] { // of a rotation whose answer was lost
		r.rotated(token)
	}
}

func (r *run) refused() bool {
	r.core.mu.Lock()
	defer r.core.mu.Unlock()
	return r.link == Refused
}

func (r *run) background() bool {
	r.core.mu.Lock()
	defer r.core.mu.Unlock()
	return !r.core.onScreen
}
