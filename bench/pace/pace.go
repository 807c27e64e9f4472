// Package pace says when things are due. The schedule is open-loop: it does not
// wait for what it set off, so a server that stalls is charged with every moment
// of it.
package pace

import (
	"context"
	"time"
)

// longestNap bounds how long Run sleeps at a time, so that it never oversleeps
// by more than the system's timer does.
const longestNap = 10 * time.Millisecond

// Schedule is n things due evenly over a time.
type Schedule struct {
	Rate  float64       // things a second, over 0
	Start time.Time     // the first is due then
	For   time.Duration // nothing is due from then on
}

// Len returns how many things are due in all.
func (s Schedule) Len() int { return int(s.Rate*s.For.Seconds() + 1e-9) }

// At returns when thing i, counted from 0, is due.
func (s Schedule) At(i int) time.Time {
	return s.Start.Add(time.Duration(float64(i) / s.Rate * float64(time.Second)))
}

// Run calls do for each thing once it is due, in order and on the caller's
// goroutine; do must not wait. It ends with the schedule or with ctx, whose error
// it returns then.
func (s Schedule) Run(ctx context.Context, do func(i int, due time.Time)) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	for i, n := 0, s.Len(); i < n; {
		due := s.At(i)
		if wait := time.Until(due); wait > 0 {
			timer.Reset(min(wait, longestNap))
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-timer.C:
			}
			continue
		}
		do(i, due)
		if i++; i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return ctx.Err()
}
