package server

import (
	"context"
	"log/slog"
	"path/filepath"
	"time"

	"i80.dk/sighej/cluster"
	"i80.dk/sighej/persistence"
	"i80.dk/sighej/persistence/memstore"
	"i80.dk/sighej/persistence/pgstore"
	"i80.dk/sighej/persistence/redisstore"
	"i80.dk/sighej/persistence/sqlitestore"
)

// sessionStore is what the member needs of the store of its sessions.
type sessionStore interface {
	persistence.Sessions
	persistence.Counters
	// Now is the clock by which sessions live and die.
	Now() time.Time
	// Sweep takes out what has expired.
	Sweep(ctx context.Context) error
	Close() error
}

// The time between two sweeps: what has expired is dead at once, and its last
// trace is gone when it is swept, well within 5 s. In this process a sweep costs
// what there is to take out, in Redis also a millisecond for all the partitions.
const (
	sweepMemory = time.Second
	sweepRedis  = 2 * time.Second
)

// timeMemory: reading the clock twice takes longer than most calls of a store in
// this process, so only one in so many is timed.
const timeMemory = 16

// StatisticsFile is what SQLite's file under DATA_DIR is called.
const StatisticsFile = "statistics.db"

type stores struct {
	sessions   sessionStore
	timed      *timedSessions // the same
	statistics persistence.Statistics
	leases     cluster.Leases // of the members; nil with sessions in this process
	sweepEvery time.Duration
	timeEvery  uint32 // call of the sessions is timed
}

// openStores opens what the settings name. A server that is away is no error:
// the stores heal by themselves.
func openStores(ctx context.Context, o Options, metrics storeMetrics, logger *slog.Logger) (stores, error) {
	var s stores
	var err error
	if err = s.openSessions(o, logger); err != nil {
		return s, err
	}
	if o.DatabaseURL != "" {
		s.statistics, err = pgstore.Open(ctx, o.DatabaseURL)
	} else {
		s.statistics, err = sqlitestore.Open(filepath.Join(o.DataDir, StatisticsFile))
	}
	if err != nil {
		_ = s.sessions.Close()
		return s, err
	}
	s.timed = metrics.timeSessions(s.sessions, s.timeEvery)
	s.sessions, s.statistics = s.timed, metrics.timeStatistics(s.statistics)
	return s, nil
}

func (s *stores) openSessions(o Options, logger *slog.Logger) error {
	if o.RedisURL == "" {
		s.sessions, s.sweepEvery, s.timeEvery = inMemory{memstore.New()}, sweepMemory, timeMemory
		return nil
	}
	key, err := Key(o.DataDir, o.InterestKey)
	if err != nil {
		return err
	}
	store, err := redisstore.Open(o.RedisURL, key, logger)
	if err != nil {
		return err
	}
	s.sessions, s.sweepEvery, s.leases = store, sweepRedis, cluster.NewRedisLeases(store.Client())
	return nil
}

// inMemory is a store with nothing to give back.
type inMemory struct{ *memstore.Store }

// Sweep takes out what has expired.
func (m inMemory) Sweep(context.Context) error {
	m.Store.Sweep(time.Now())
	return nil
}

// Now is this process's clock.
func (inMemory) Now() time.Time { return time.Now() }

// Close does nothing.
func (inMemory) Close() error { return nil }

// sweep takes out what has expired, again and again until ctx ends.
func (s stores) sweep(ctx context.Context, logger *slog.Logger) {
	tick := time.NewTicker(s.sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := s.sessions.Sweep(ctx); err != nil && ctx.Err() == nil {
				logger.Debug("expired sessions were not swept", slog.Any("error", err))
			}
		}
	}
}

func (s stores) close(logger *slog.Logger) {
	for _, c := range []interface{ Close() error }{s.statistics, s.sessions} {
		if err := c.Close(); err != nil {
			logger.Warn("a store did not close well", slog.Any("error", err))
		}
	}
}
