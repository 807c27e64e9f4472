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

// backoff chooses the delays between tries: full jitter, so that phones that
// lost their server together do not come back together.
type backoff struct{ tries int }

// next returns how long to wait after l.
func (b *backoff) next(l loss) time.Duration {
	if l.lived >= steady {
		b.tries = 0
	}
	bound := lastRetry
	if b.tries < 6 {
		bound = min(lastRetry, firstRetry<<b.tries)
	}
	b.tries++
	after := min(l.after, longest)
	if l.exact && b.tries == 1 {
		return after
	}
	return after + rand.N(bound) // #nosec G404 -- no secret
}

// wait returns false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
