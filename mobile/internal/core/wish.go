package core

import (
	"context"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/phone"
)

// maxWishes bounds what a person wants of nudges and the server was not yet told:
// of more the oldest is left out.
const maxWishes = 256

// wish is what a person wants to be done about a nudge.
type wish struct {
	nudge string
	block bool // else: wave
}

// Block makes this phone and the one that a nudge is about never meet again in this
// session. The server is told as soon as it can be reached.
func (c *Core) Block(nudge string) { c.wish(wish{nudge, true}) }

// Wave says hi to whom a nudge without interests is about. The server is told as
// soon as it can be reached.
func (c *Core) Wave(nudge string) { c.wish(wish{nudge, false}) }

func (c *Core) wish(w wish) {
	c.change(func(r *run) {
		if r == nil || r.phone == nil {
			return // the nudge was of a session that is over
		}
		if r.wishes = append(r.wishes, w); len(r.wishes) > maxWishes {
			r.wishes = r.wishes[1:]
		}
	})
}

// tellWish tells the server the first wish, again and again until it is answered.
// What it refuses the listener is told.
func (r *run) tellWish(ctx context.Context, p *phone.Phone, w wish) (again bool) {
	tell := p.Wave
	if w.block {
		tell = p.Block
	}
	err := tell(ctx, w.nudge)
	r.core.mu.Lock()
	defer r.core.mu.Unlock()
	switch code := sighej.CodeOf(err); {
	case r.phone != p:
		return true
	case code == sighej.CodeUnauthorized || code == sighej.CodeForbidden:
		r.failed(ctx, err)
		return false
	case err != nil && !phone.Lasting(code):
		return false
	case err != nil:
		r.complain(err)
	}
	if len(r.wishes) > 0 && r.wishes[0] == w {
		r.wishes = r.wishes[1:]
	}
	return true
}
