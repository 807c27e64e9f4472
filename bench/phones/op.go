package phones

import (
	"context"
	"encoding/gob"
)

// Op is one thing that generators do together.
type Op interface {
	// Do does it and blocks until it is done or ctx ends.
	Do(ctx context.Context, g *Generator) error
	// Share returns the part of worker i of n.
	Share(i, n int) Op
}

func init() { // so that an Op crosses processes
	for _, op := range []Op{&Populate{}, &Load{}, &Settle{}, &Drop{}, &Return{}, &Pair{}, &Festival{}, &Account{}, &Leave{}} {
		gob.Register(op)
	}
}

// bare lets package gob carry an operation that has nothing to tell, which it
// refuses otherwise.
type bare struct{}

// GobEncode is for package gob.
func (bare) GobEncode() ([]byte, error) { return []byte{}, nil }

// GobDecode is for package gob.
func (*bare) GobDecode([]byte) error { return nil }

// Share divides the phones and the rate.
func (o *Populate) Share(i, n int) Op {
	s := *o
	s.Phones, s.Rate, s.Width = share(o.Phones, i, n), o.Rate/float64(n), max(1, o.Width/n)
	return &s
}

// Share divides the rate.
func (o *Load) Share(_, n int) Op {
	s := *o
	s.Rate = o.Rate / float64(n)
	return &s
}

// Share divides the pairs.
func (o *Pair) Share(i, n int) Op { return &Pair{Count: share(o.Count, i, n)} }

// Share divides the people into crowds that never meet.
func (o *Festival) Share(i, n int) Op {
	s := *o
	s.Venue.People = share(o.Venue.People, i, n)
	s.Venue.Seed += uint64(i) // #nosec G115 -- not negative
	return &s
}

// Share is all of it.
func (o *Settle) Share(_, _ int) Op { return o }

// Share is all of it.
func (o *Drop) Share(_, _ int) Op { return o }

// Share is all of it.
func (o *Return) Share(_, _ int) Op { return o }

// Share is all of it.
func (o *Account) Share(_, _ int) Op { return o }

// Share is all of it.
func (o *Leave) Share(_, _ int) Op { return o }

// share divides total as evenly as possible.
func share(total, i, n int) int {
	part := total / n
	if i < total%n {
		part++
	}
	return part
}
