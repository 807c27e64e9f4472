package redisstore

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

// Active implements [persistence.Sessions]: by Redis's clock, which is one for
// all members.
func (s *Store) Active(ctx context.Context) (int64, error) {
	now, err := s.now(ctx)
	if err != nil {
		return 0, err
	}
	var counts [sighej.Partitions]*redis.IntCmd
	_, err = s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for n := range counts {
			counts[n] = pipe.ZCount(ctx, partitionKey(n), "("+now, "+inf")
		}
		return nil
	})
	if err != nil {
		return 0, fault(err)
	}
	var active int64
	for _, count := range counts {
		active += count.Val()
	}
	return active, nil
}

// Sweep removes the tokens of expired sessions from the partitions; all else
// expires by itself. It is to be called every few seconds, by one member or by all
// of them.
func (s *Store) Sweep(ctx context.Context) error {
	now, err := s.now(ctx)
	if err != nil {
		return err
	}
	_, err = s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for n := range sighej.Partitions {
			pipe.ZRemRangeByScore(ctx, partitionKey(n), "-inf", now)
		}
		return nil
	})
	return fault(err)
}

// now is Redis's clock, in Unix milliseconds.
func (s *Store) now(ctx context.Context) (string, error) {
	cmd := redis.NewTimeCmd(ctx, "time")
	if err := s.lanes.do(ctx, cmd); err != nil {
		return "", err
	}
	return strconv.FormatInt(cmd.Val().UnixMilli(), 10), nil
}

// Totals implements [persistence.Counters].
func (s *Store) Totals(ctx context.Context, day persistence.Day) (persistence.Totals, error) {
	cmd := redis.NewMapStringStringCmd(ctx, "hgetall", statsKey(day))
	if err := s.lanes.do(ctx, cmd); err != nil {
		return persistence.Totals{}, err
	}
	return decodeTotals(day, cmd.Val())
}

func decodeTotals(day persistence.Day, fields map[string]string) (persistence.Totals, error) {
	totals := persistence.Totals{Day: day, Categories: make(map[string]int64)}
	for name, value := range fields {
		category, isCategory := strings.CutPrefix(name, fieldCategory)
		if !isCategory && name != fieldSessions && name != fieldMatches && name != fieldSightings {
			continue
		}
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return persistence.Totals{}, corrupt("a count of a day")
		}
		switch name {
		case fieldSessions:
			totals.Sessions = n
		case fieldMatches:
			totals.Matches = n
		case fieldSightings:
			totals.Sightings = n
		default:
			totals.Categories[category] = n
		}
	}
	return totals, nil
}

// AddSightings implements [persistence.Counters].
func (s *Store) AddSightings(ctx context.Context, day persistence.Day, writer string, seq, n int64) error {
	if seq < 0 {
		return sighej.Errorf(sighej.CodeInternal, "the number of a writer's call is negative")
	}
	_, err := s.run(ctx, addSightingsScript.with(1, statsKey(day), fieldSeq+writer, seq, n, statsTTL))
	return err
}

// Seed implements [persistence.Counters].
func (s *Store) Seed(ctx context.Context, t persistence.Totals) error {
	args := []any{
		statsKey(t.Day), statsTTL,
		fieldSessions, t.Sessions, fieldMatches, t.Matches, fieldSightings, t.Sightings,
	}
	for category, sessions := range t.Categories {
		args = append(args, fieldCategory+category, sessions)
	}
	_, err := s.run(ctx, seedScript.with(1, args...))
	return err
}

// Lease implements [persistence.Counters].
func (s *Store) Lease(ctx context.Context, holder string, ttl time.Duration) (bool, error) {
	got, err := s.run(ctx, leaseScript.with(1, leaseKey, holder, ttl.Milliseconds()))
	return got == 1, err
}
