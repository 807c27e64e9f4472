package phone

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"i80.dk/sighej/wire"
)

const (
	firstRetry = 250 * time.Millisecond // bound of the first delay; each further one doubles it
	lastRetry  = 10 * time.Second       // bound of every delay that we choose
	longest    = time.Minute            // bound of a delay that the server asks for
	steady     = 5 * time.Second        // a connection that lived this long starts the delays anew
)

// ClosedError tells that the server closed the connection in a way that forbids
// another: wire.CloseExpired, wire.CloseTakenOver, wire.CloseForgotten, or for a
// breach of the contract. It can be compared: errors.Is(err,
// ClosedError{wire.CloseExpired}).
type ClosedError struct{ Code wire.CloseCode }

// Error tells what became of the session.
func (e ClosedError) Error() string {
	switch e.Code {
	case wire.CloseExpired:
		return "the session has expired"
	case wire.CloseTakenOver:
		return "another connection took the session over"
	case wire.CloseForgotten:
		return "the session was forgotten"
	}
	return fmt.Sprintf("the server closed the connection for good: %d %s", e.Code, e.Code.Reason())
}

// loss is why a connection ended, or could not be made.
type loss struct {
	err   error         // not nil: no other try
	after time.Duration // at least this long until the next try
	exact bool          // after is this phone's own delay: no jitter on top, but for one that is soon lost again
	lived time.Duration // how long the server had said welcome
}

// Backoff chooses the delays between tries: full jitter, so that phones that
// lost their server together do not come back together. The zero Backoff has
// tried nothing. It is not safe for concurrent use.
type Backoff struct{ tries int }

// Next returns how long to wait before the next try, when the server asked for at
// least that much (0: it did not), in the part that was asked for and the part by
// chance, whose bound grows to 10 s, or to a minute in the background.
func (b *Backoff) Next(least time.Duration, background bool) (asked, chance time.Duration) {
	bound := lastRetry
	if background {
		bound = longest
	}
	if b.tries < 9 {
		bound = min(bound, firstRetry<<b.tries)
	}
	b.tries++
	return min(max(least, 0), longest), rand.N(bound) // #nosec G404 -- no secret
}

// Wait waits for the next try, see Next, and returns false when ctx ended first.
// Something in hurry cuts the part by chance short.
func (b *Backoff) Wait(ctx context.Context, least time.Duration, background bool, hurry <-chan struct{}) bool {
	asked, chance := b.Next(least, background)
	return pause(ctx, asked, chance, hurry)
}

// after is Next for a lost connection.
func (b *Backoff) after(l loss, background bool) (asked, chance time.Duration) {
	if l.lived >= steady {
		b.tries = 0
	}
	asked, chance = b.Next(l.after, background)
	if l.exact && b.tries == 1 {
		chance = 0
	}
	return asked, chance
}

// pause waits for both parts, the second until hurry at the longest. It returns
// false when ctx ended first.
func pause(ctx context.Context, asked, chance time.Duration, hurry <-chan struct{}) bool {
	if !wait(ctx, asked, nil) {
		return false
	}
	return wait(ctx, chance, hurry)
}

func wait(ctx context.Context, d time.Duration, hurry <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-hurry:
	case <-timer.C:
	}
	return ctx.Err() == nil
}
