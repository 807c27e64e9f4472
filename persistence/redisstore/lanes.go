package redisstore

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"i80.dk/sighej"
)

const (
	laneCount = 2
	maxBatch  = 256
	maxQueue  = 4096
	maxWait   = 2 * time.Second // in the queue
)

// lanes carry calls to Redis, whatever is waiting in one pipeline: a round trip
// and its system calls are shared by all callers of the moment. The queue is
// bounded; when it is full, a call is refused with CodeOverloaded, and one that
// has waited for long is answered without being sent.
type lanes struct {
	client redis.UniversalClient
	logger *slog.Logger
	calls  chan *call
	quit   chan struct{}
	wg     sync.WaitGroup
	away   atomic.Bool
}

// call is commands under way, in one pipeline. Cmds and err belong to a lane until
// done is closed.
type call struct {
	cmds  []redis.Cmder
	err   error // instead of the commands'
	since time.Time
	gone  <-chan struct{} // closed when the caller waits no longer
	done  chan struct{}
}

func startLanes(client redis.UniversalClient, logger *slog.Logger) *lanes {
	l := &lanes{client: client, logger: logger, calls: make(chan *call, maxQueue), quit: make(chan struct{})}
	for range laneCount {
		l.wg.Go(l.run)
	}
	return l
}

// stop ends the lanes after the batch that each is at, and waits for them.
func (l *lanes) stop() {
	close(l.quit)
	l.wg.Wait()
}

// do has cmd executed and waits for it. The error has a code, but for
// redis.Nil. After an error the command may still be executed.
func (l *lanes) do(ctx context.Context, cmd redis.Cmder) error {
	if err := l.doAll(ctx, []redis.Cmder{cmd}); err != nil {
		return err
	}
	return answered(cmd)
}

// answered returns what Redis said to a command.
func answered(cmd redis.Cmder) error {
	if err := cmd.Err(); !errors.Is(err, redis.Nil) {
		return fault(err)
	}
	return redis.Nil
}

// doAll has commands, none of them a script, executed in one round trip and waits
// for them; answered tells what became of each. The error has a code, and then any
// may still be executed.
func (l *lanes) doAll(ctx context.Context, cmds []redis.Cmder) error {
	c := &call{cmds: cmds, since: time.Now(), gone: ctx.Done(), done: make(chan struct{})}
	select {
	case <-l.quit:
		return errClosed
	case l.calls <- c:
	default:
		return errFull
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		return late(ctx)
	case <-l.quit:
		return errClosed
	}
	return c.err
}

func (l *lanes) run() {
	batch := make([]*call, 0, maxBatch)
	for {
		select {
		case <-l.quit:
			return
		case c := <-l.calls:
			batch = l.round(append(batch, c))
		}
	}
}

// round executes a call and those that wait behind it, and empties the batch.
func (l *lanes) round(batch []*call) []*call {
	for len(batch) < maxBatch {
		select {
		case c := <-l.calls:
			batch = append(batch, c)
			continue
		default:
		}
		break
	}
	fresh := dropLate(batch, time.Now())
	l.execute(fresh)
	if len(fresh) > 0 {
		l.observe(fresh[len(fresh)-1])
	}
	for _, c := range fresh {
		close(c.done)
	}
	clear(batch)
	return batch[:0]
}

// dropLate answers the calls that have waited for too long and returns the
// others.
func dropLate(batch []*call, now time.Time) []*call {
	fresh := batch[:0]
	for _, c := range batch {
		select {
		case <-c.gone:
			close(c.done)
			continue
		default:
		}
		if now.Sub(c.since) > maxWait {
			c.err = errFull
			close(c.done)
			continue
		}
		fresh = append(fresh, c)
	}
	return fresh
}

// execute sends the calls, and once more those whose script Redis does not
// know.
func (l *lanes) execute(calls []*call) {
	l.send(calls)
	var unknown []*call
	for _, c := range calls {
		if redis.HasErrorPrefix(c.cmds[0].Err(), "NOSCRIPT") { // a script goes alone
			unknown = append(unknown, c)
		}
	}
	if len(unknown) == 0 {
		return
	}
	if err := loadScripts(context.Background(), l.client); err != nil {
		for _, c := range unknown {
			c.err = fault(err)
		}
		return
	}
	l.send(unknown)
}

func (l *lanes) send(calls []*call) {
	if len(calls) == 0 {
		return
	}
	ctx := context.Background() // the client's own timeouts bound it; callers have different contexts
	pipe := l.client.Pipeline()
	for _, c := range calls {
		for _, cmd := range c.cmds {
			cmd.SetErr(nil)
			_ = pipe.Process(ctx, cmd) // only queues
		}
	}
	_, _ = pipe.Exec(ctx) // each command has its error
}

// observe logs when Redis goes away and when it is back, going by one call.
func (l *lanes) observe(c *call) {
	err := cmp.Or(c.err, fault(c.cmds[0].Err()))
	switch away := sighej.CodeOf(err) == sighej.CodeUnavailable; {
	case away && l.away.CompareAndSwap(false, true):
		l.logger.Warn("redis does not serve", "error", err)
	case !away && l.away.CompareAndSwap(true, false):
		l.logger.Info("redis serves again")
	}
}
