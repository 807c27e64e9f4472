//go:build linux

package faults

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"i80.dk/sighej/internal/testcluster"
)

// PostgreSQL is down while the phones meet: none of them notices, and afterwards
// the statistics are exact.
func TestPostgresDown(t *testing.T) {
	w := begin(t, testcluster.Config{Postgres: true})
	w.Expect(func(_, _, _ string) bool { return false })
	w.Postgres.Stop()
	w.wait(in(4*time.Second, time.Minute))
	w.must(w.Postgres.Start())
	w.Expect(nil)
	w.end()
	w.eventually("the statistics of PostgreSQL", recovery, func() error { return w.kept(t.Context()) })
}

// The member that carries the counts to PostgreSQL is killed; another takes over,
// and what both carried counts once.
func TestStatisticsAfterAKill(t *testing.T) {
	w := begin(t, testcluster.Config{Postgres: true})
	for _, m := range w.Members[:in(2, 3)] {
		w.must(m.Kill())
		w.wait(settled())
		w.must(m.Start())
		w.whole()
	}
	w.end()
	w.eventually("the statistics of PostgreSQL", recovery, func() error { return w.kept(t.Context()) })
}

// kept compares what PostgreSQL has with what happened.
func (w *town) kept(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, w.Postgres.URL())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var sessions, matches int
	if err := conn.QueryRow(ctx, "SELECT sum(total_sessions), sum(total_matches) FROM daily_stats").Scan(&sessions, &matches); err != nil {
		return err
	}
	made, atLeast, atMost := w.Made()
	if matches != made || sessions < atLeast || sessions > atMost {
		return fmt.Errorf("%d matches and %d sessions are kept, not %d and %d to %d", matches, sessions, made, atLeast, atMost)
	}
	return nil
}
