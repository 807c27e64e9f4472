package redisstore

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"i80.dk/sighej"
)

const (
	readEvery = 10 * time.Second // the clock, against drift
	readAgain = time.Second      // while Redis is away
	clockSlip = time.Second      // of the two clocks, worth a warning
)

// clock is Redis's, as this process tells it between two readings by its own
// monotonic clock: what this machine thinks the date is does not matter, nor
// that somebody sets it. Before the first reading it is this machine's.
type clock struct {
	base  time.Time    // with a monotonic reading
	epoch atomic.Int64 // Redis's clock at base, Unix nanoseconds
	read  atomic.Bool
}

func newClock() *clock {
	c := &clock{base: time.Now()}
	c.epoch.Store(c.base.UnixNano())
	return c
}

func (c *clock) now() time.Time { return time.Unix(0, c.epoch.Load()+int64(time.Since(c.base))) }

// set takes a reading that Redis made at some moment between sent and now, and
// returns how far the clock was off. One that may be due to the way is ignored.
func (c *clock) set(reading, sent time.Time) time.Duration {
	way := time.Since(sent)
	off := reading.Sub(c.now().Add(-way / 2))
	if off.Abs() > way/2 || !c.read.Load() {
		c.epoch.Add(int64(off))
	}
	c.read.Store(true)
	return off
}

// Now returns the time by Redis's clock, which is one for all members. It asks
// nobody. Until Redis has been reached it is this machine's clock.
func (s *Store) Now() time.Time { return s.clock.now() }

// keepTime reads Redis's clock again and again until ctx ends.
func (s *Store) keepTime(ctx context.Context, logger *slog.Logger) {
	for {
		next := readEvery
		off, err := s.readClock(ctx)
		switch {
		case err != nil:
			next = readAgain
		case off.Abs() > clockSlip:
			logger.Warn("the clock of this machine is not that of redis, which is used", slog.Duration("off", off.Round(time.Millisecond)))
		}
		timer := time.NewTimer(next)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

func (s *Store) readClock(ctx context.Context) (off time.Duration, err error) {
	sent := time.Now()
	cmd := redis.NewTimeCmd(ctx, "time")
	if err := s.lanes.do(ctx, cmd); err != nil {
		return 0, err
	}
	return s.clock.set(cmd.Val(), sent), nil
}

// knowTime makes sure that the clock has been read. What was dated by a clock
// that turns out to be wrong is refused, to be tried again.
func (s *Store) knowTime(ctx context.Context) error {
	if s.clock.read.Load() {
		return nil
	}
	off, err := s.readClock(ctx)
	if err == nil && off.Abs() > clockSlip {
		err = sighej.Errorf(sighej.CodeUnavailable, "the session store's clock was not known").After(time.Second)
	}
	return err
}
