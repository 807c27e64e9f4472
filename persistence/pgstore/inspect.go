package pgstore

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"

	"i80.dk/sighej"
)

// Condition is what an operator has to know of a PostgreSQL for statistics.
type Condition struct {
	Version  string // as in 15.6
	ReadOnly bool   // a standby, or a database that is set so

	Schema  int64    // version of the tables; 0: there are none
	Newest  int64    // version that this program knows
	Missing []string // rights that this user lacks, in words such as "to insert into daily_stats"
}

// Pending reports whether tables have to be made or changed at the next start.
func (c Condition) Pending() bool { return c.Schema < c.Newest }

// Inspect connects to the PostgreSQL at that address, see [Open], and looks at
// it; it changes nothing, not even the tables that a [Store] would make. An error
// says that PostgreSQL could not be asked, and bears no password; it ends with
// ctx, which should have a deadline.
func Inspect(ctx context.Context, address string) (Condition, error) {
	config, err := parse(address)
	if err != nil {
		return Condition{}, err
	}
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return Condition{}, coded("connect", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	c, err := inspect(ctx, conn)
	return c, coded("inspect", err)
}

func inspect(ctx context.Context, conn *pgx.Conn) (c Condition, err error) {
	if c.Newest, err = newestMigration(); err != nil {
		return c, err
	}
	version, _, _ := strings.Cut(conn.PgConn().ParameterStatus("server_version"), " ")
	c.Version = version
	const state = `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool, to_regclass($1) IS NOT NULL`
	var migrated bool
	if err := conn.QueryRow(ctx, state, goose.DefaultTablename).Scan(&c.ReadOnly, &migrated); err != nil {
		return c, err
	}
	if migrated {
		if c.Missing, err = missingRights(ctx, conn, goose.DefaultTablename, "select"); err != nil {
			return c, err
		}
	}
	if migrated && len(c.Missing) == 0 {
		const schema = `SELECT COALESCE(max(version_id), 0) FROM ` + goose.DefaultTablename + ` WHERE is_applied`
		if err := conn.QueryRow(ctx, schema).Scan(&c.Schema); err != nil {
			return c, err
		}
	}
	return c, c.rights(ctx, conn)
}

// rights finds what this user may not do and a store does.
func (c *Condition) rights(ctx context.Context, conn *pgx.Conn) error {
	if c.Schema == 0 || c.Pending() {
		var may bool
		const create = `SELECT COALESCE(has_schema_privilege(current_schema(), 'CREATE'), false)`
		if err := conn.QueryRow(ctx, create).Scan(&may); err != nil {
			return err
		}
		if !may {
			c.Missing = append(c.Missing, "to create tables in the schema")
		}
	}
	for _, table := range []string{"daily_stats", "interest_category_counts"} {
		missing, err := missingRights(ctx, conn, table, "select", "insert", "update")
		if err != nil {
			return err
		}
		c.Missing = append(c.Missing, missing...)
	}
	return nil
}

// missingRights returns which of these rights on a table this user lacks; none
// when there is no such table.
func missingRights(ctx context.Context, conn *pgx.Conn, table string, rights ...string) ([]string, error) {
	words := map[string]string{"select": "to read ", "insert": "to insert into ", "update": "to update "}
	var missing []string
	for _, right := range rights {
		var may bool
		const ask = `SELECT COALESCE(has_table_privilege(to_regclass($1), $2), true)`
		if err := conn.QueryRow(ctx, ask, table, right).Scan(&may); err != nil {
			return nil, err
		}
		if !may {
			missing = append(missing, words[right]+table)
		}
	}
	return missing, nil
}

// newestMigration is the number of the last file.
func newestMigration() (int64, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(names) == 0 {
		return 0, errors.Join(sighej.Errorf(sighej.CodeInternal, "no migrations are built in"), err)
	}
	slices.Sort(names)
	number, _, _ := strings.Cut(strings.TrimPrefix(names[len(names)-1], "migrations/"), "_")
	return strconv.ParseInt(number, 10, 64)
}
