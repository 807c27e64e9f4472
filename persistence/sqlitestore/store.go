package sqlitestore

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

var (
	//go:embed merge_day.sql
	mergeDaySQL string
	//go:embed merge_category.sql
	mergeCategorySQL string
	//go:embed days.sql
	daysSQL string
)

// Store is a [persistence.Statistics] in one SQLite file.
type Store struct{ db *sql.DB }

var _ persistence.Statistics = (*Store)(nil)

// Merge implements [persistence.Statistics].
func (s *Store) Merge(ctx context.Context, t persistence.Totals) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return coded("merge", err)
	}
	if err := merge(ctx, tx, t); err != nil {
		return coded("merge", errors.Join(err, tx.Rollback()))
	}
	return coded("merge", tx.Commit())
}

func merge(ctx context.Context, tx *sql.Tx, t persistence.Totals) error {
	if _, err := tx.ExecContext(ctx, mergeDaySQL, string(t.Day), t.Sessions, t.Matches, t.Sightings); err != nil {
		return err
	}
	for category, count := range t.Categories {
		if _, err := tx.ExecContext(ctx, mergeCategorySQL, string(t.Day), category, count); err != nil {
			return err
		}
	}
	return nil
}

// Totals implements [persistence.Statistics].
func (s *Store) Totals(ctx context.Context, day persistence.Day) (persistence.Totals, error) {
	days, err := s.days(ctx, day, &day)
	if err != nil || len(days) == 0 {
		return persistence.Totals{Day: day}, coded("read a day", err)
	}
	return days[0], nil
}

// History implements [persistence.Statistics].
func (s *Store) History(ctx context.Context, first persistence.Day) ([]persistence.Totals, error) {
	days, err := s.days(ctx, first, nil)
	return days, coded("read days", err)
}

func (s *Store) days(ctx context.Context, first persistence.Day, last *persistence.Day) (days []persistence.Totals, err error) {
	rows, err := s.db.QueryContext(ctx, daysSQL, string(first), (*string)(last))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		day, err := scan(rows)
		if err != nil {
			return nil, err
		}
		days = append(days, day)
	}
	return days, rows.Err()
}

func scan(rows *sql.Rows) (t persistence.Totals, err error) {
	var categories []byte
	if err := rows.Scan(&t.Day, &t.Sessions, &t.Matches, &t.Sightings, &categories); err != nil {
		return t, err
	}
	return t, json.Unmarshal(categories, &t.Categories)
}

// Ping implements [persistence.Statistics].
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, "SELECT 1 FROM daily_stats LIMIT 1")
	return coded("ping", err)
}

// Close closes the file.
func (s *Store) Close() error { return coded("close", s.db.Close()) }

// coded gives err, which may be nil, its code: whatever keeps SQLite from a
// file of ours (locked, full, gone) may pass.
func coded(what string, err error) error {
	if err == nil {
		return nil
	}
	return sighej.Errorf(sighej.CodeUnavailable, "sqlitestore: %s: %w", what, err)
}
