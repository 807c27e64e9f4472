package actors

import (
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// clearing tells sessions that their time is over, a few at a time: everybody
// sees them dead already, and a crowd that expires at once must not stand in the
// workers' queue before the sightings of those who stay. The list is bounded by
// the number of sessions.
type clearing struct {
	pool *pool
	send func(*actor.PID)

	mu      sync.Mutex
	wake    sync.Cond
	expired []*actor.PID
	closed  bool
	wg      sync.WaitGroup
}

const (
	clearAtOnce = 32                     // sessions, and mailboxes that may wait before more are told
	clearPause  = 100 * time.Microsecond // between two looks at the queue
	clearDelay  = 2 * time.Millisecond   // at most, so that it goes on under any load
)

func newClearing(p *pool, send func(*actor.PID)) *clearing {
	c := &clearing{pool: p, send: send}
	c.wake.L = &c.mu
	c.wg.Go(c.run)
	return c
}

// add takes the actor of a session whose time is over. It does not block.
func (c *clearing) add(pid *actor.PID) {
	c.mu.Lock()
	c.expired = append(c.expired, pid)
	c.wake.Signal()
	c.mu.Unlock()
}

func (c *clearing) close() {
	c.mu.Lock()
	c.closed = true
	c.wake.Signal()
	c.mu.Unlock()
	c.wg.Wait()
}

func (c *clearing) run() {
	for batch := c.take(nil); batch != nil; batch = c.take(batch) {
		for i, pid := range batch {
			c.send(pid)
			batch[i] = nil
			if i%clearAtOnce == clearAtOnce-1 {
				c.pause()
			}
		}
	}
}

// pause waits until the workers have little to do, within clearDelay.
func (c *clearing) pause() {
	for waited := time.Duration(0); c.pool.backlog() > clearAtOnce && waited < clearDelay; waited += clearPause {
		time.Sleep(clearPause)
	}
}

// take waits for expired sessions and takes all there are, leaving spare for the
// next ones; nil when closed.
func (c *clearing) take(spare []*actor.PID) []*actor.PID {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.expired) == 0 && !c.closed {
		c.wake.Wait()
	}
	if c.closed {
		return nil
	}
	batch := c.expired
	c.expired = spare[:0]
	return batch
}
