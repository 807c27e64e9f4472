package pgstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// schema brings the tables up to date once, at the first call that finds
// PostgreSQL there. Safe for concurrent use.
type schema struct {
	pool  *pgxpool.Pool
	ready atomic.Bool
	turn  chan struct{} // a mutex that can be waited for with a context
}

func newSchema(pool *pgxpool.Pool) *schema {
	return &schema{pool: pool, turn: make(chan struct{}, 1)}
}

// ensure returns nil once the tables are up to date, and blocks no longer than
// ctx.
func (s *schema) ensure(ctx context.Context) error {
	if s.ready.Load() {
		return nil
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.ready.Load() {
		return nil
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	s.ready.Store(true)
	return nil
}

// migrate lets members that start at once take turns.
func (s *schema) migrate(ctx context.Context) (err error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("embedded migrations: %w", err)
	}
	db := stdlib.OpenDBFromPool(s.pool)
	defer func() { err = errors.Join(err, db.Close()) }() // the pool stays open
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithSessionLocker(advisoryLock{}), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	_, err = provider.Up(ctx)
	return err
}

// advisoryLock is goose's lock, by the same number, but waits in the database
// instead of asking once in a while, and never past its time.
type advisoryLock struct{}

// unlockTimeout bounds what goose calls without a deadline.
const unlockTimeout = 2 * time.Second

func (advisoryLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", lock.DefaultLockID); err != nil {
		return fmt.Errorf("wait for the migrations of another member: %w", err)
	}
	return nil
}

func (advisoryLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, unlockTimeout)
	defer cancel()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", lock.DefaultLockID); err != nil {
		return fmt.Errorf("let other members migrate: %w", err)
	}
	return nil
}
