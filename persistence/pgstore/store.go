package pgstore

import (
	"context"
	_ "embed"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"i80.dk/sighej/persistence"
)

// callTimeout bounds every call, whatever its context says.
const callTimeout = 10 * time.Second

var (
	//go:embed merge_day.sql
	mergeDaySQL string
	//go:embed merge_categories.sql
	mergeCategoriesSQL string
	//go:embed days.sql
	daysSQL string
)

// Store is a [persistence.Statistics] in PostgreSQL.
type Store struct {
	pool   *pgxpool.Pool
	schema *schema
}

var _ persistence.Statistics = (*Store)(nil)

// Open reads the address, which is a URL that begins with postgres:// or
// postgresql://; a driver as in postgresql+asyncpg:// is ignored. It does not
// wait for PostgreSQL, and fails with [sighej.CodeInvalid] for an address that
// can never work. Ctx only serves the call itself.
func Open(ctx context.Context, address string) (*Store, error) {
	config, err := parse(address)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), config)
	if err != nil {
		return nil, coded("open", err)
	}
	return &Store{pool: pool, schema: newSchema(pool)}, nil
}

// Merge implements [persistence.Statistics].
func (s *Store) Merge(ctx context.Context, t persistence.Totals) error {
	return s.call(ctx, "merge", func(ctx context.Context) error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return merge(ctx, tx, t) })
	})
}

// merge locks the day first: two merges of it cannot wait for each other's
// categories.
func merge(ctx context.Context, tx pgx.Tx, t persistence.Totals) error {
	if _, err := tx.Exec(ctx, mergeDaySQL, string(t.Day), t.Sessions, t.Matches, t.Sightings); err != nil {
		return err
	}
	categories := slices.Sorted(maps.Keys(t.Categories))
	counts := make([]int64, len(categories))
	for i, category := range categories {
		counts[i] = t.Categories[category]
	}
	_, err := tx.Exec(ctx, mergeCategoriesSQL, string(t.Day), categories, counts)
	return err
}

// Totals implements [persistence.Statistics].
func (s *Store) Totals(ctx context.Context, day persistence.Day) (persistence.Totals, error) {
	days, err := s.days(ctx, day, &day)
	if err != nil || len(days) == 0 {
		return persistence.Totals{Day: day}, err
	}
	return days[0], nil
}

// History implements [persistence.Statistics].
func (s *Store) History(ctx context.Context, first persistence.Day) ([]persistence.Totals, error) {
	return s.days(ctx, first, nil)
}

func (s *Store) days(ctx context.Context, first persistence.Day, last *persistence.Day) ([]persistence.Totals, error) {
	var days []persistence.Totals
	err := s.call(ctx, "read days", func(ctx context.Context) error {
		rows, err := s.pool.Query(ctx, daysSQL, string(first), (*string)(last))
		if err != nil {
			return err
		}
		days, err = pgx.CollectRows(rows, pgx.RowToStructByName[persistence.Totals])
		return err
	})
	return days, err
}

// Ping implements [persistence.Statistics]. It fails too while the schema
// cannot be brought up to date.
func (s *Store) Ping(ctx context.Context) error { return s.call(ctx, "ping", s.pool.Ping) }

// Close closes the connections and waits for calls under way.
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}

// call runs do on an up-to-date schema, in bounded time.
func (s *Store) call(ctx context.Context, what string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := s.schema.ensure(ctx); err != nil {
		return coded("prepare the schema", err)
	}
	return coded(what, do(ctx))
}
