package model

import (
	"context"
	"slices"
)

// Driver brings a session to what is wished, one call at a time. A wish that
// comes while a call is under way replaces the one that waits: only the newest
// counts.
type Driver struct {
	session Session
	tell    func(Event)
	wishes  chan Wish // the newest, if it waits

	is Wish // what the session is like; of Run
}

// NewDriver returns the driver of a session that is not running. What it has to
// tell it tells from Run's goroutine.
func NewDriver(s Session, tell func(Event)) *Driver {
	return &Driver{session: s, tell: tell, wishes: make(chan Wish, 1)}
}

// Want says what the session should be like and returns at once. It is called
// from one goroutine.
func (d *Driver) Want(w Wish) {
	select {
	case <-d.wishes:
	default:
	}
	d.wishes <- w
}

// Run fulfils wishes until ctx ends; then it stops the session and returns nil.
func (d *Driver) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			d.stop()
			return nil
		case w := <-d.wishes:
			d.fulfil(w)
		}
	}
}

func (d *Driver) fulfil(w Wish) {
	if !w.Running || !slices.Equal(w.Interests, d.is.Interests) {
		d.stop()
	}
	if !w.Running {
		return
	}
	if !d.is.Running {
		if err := d.session.Start(w.Interests); err != nil {
			d.tell(Refused(err.Error()))
			return
		}
		d.is = Wish{Running: true, Open: true, Interests: w.Interests}
	}
	if w.Open != d.is.Open {
		d.session.SetOpenToTalk(w.Open)
		d.is.Open = w.Open
	}
}

func (d *Driver) stop() {
	if d.is.Running {
		d.session.Stop()
	}
	d.is = Wish{}
}
