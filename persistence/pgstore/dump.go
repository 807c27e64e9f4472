package pgstore

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Dump calls each with every row, as text, of every table of the database but
// PostgreSQL's own. An error of each ends it. The address is as for [Open]; it
// changes nothing and blocks.
func Dump(ctx context.Context, address string, each func(table, row string) error) error {
	config, err := parse(address)
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return fmt.Errorf("pgstore: connecting to read all of it: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := dump(ctx, conn, each); err != nil {
		return fmt.Errorf("pgstore: reading all of it: %w", err)
	}
	return nil
}

const tablesQuery = `SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2`

func dump(ctx context.Context, conn *pgx.Conn, each func(table, row string) error) error {
	rows, err := conn.Query(ctx, tablesQuery)
	if err != nil {
		return err
	}
	tables, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (name pgx.Identifier, err error) {
		name = make(pgx.Identifier, 2)
		return name, row.Scan(&name[0], &name[1])
	})
	if err != nil {
		return err
	}
	for _, table := range tables {
		rows, err := conn.Query(ctx, "SELECT t::text FROM "+table.Sanitize()+" AS t") //nolint:gosec // a sanitised identifier
		if err != nil {
			return err
		}
		var row string
		if _, err := pgx.ForEachRow(rows, []any{&row}, func() error { return each(table.Sanitize(), row) }); err != nil {
			return err
		}
	}
	return nil
}
