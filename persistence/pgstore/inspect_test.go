package pgstore_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"i80.dk/sighej/persistence/pgstore"
)

func inspect(t *testing.T, url string) pgstore.Condition {
	t.Helper()
	c, err := pgstore.Inspect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// as makes a user that may log in and returns the address for it.
func as(t *testing.T, address, user string, statements ...string) string {
	t.Helper()
	for _, statement := range append([]string{
		`DROP ROLE IF EXISTS ` + user, `CREATE ROLE ` + user + ` LOGIN`, `REVOKE CREATE ON SCHEMA public FROM PUBLIC`,
	}, statements...) {
		query(t, address, statement)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(user)
	return u.String()
}

func TestInspectAnEmptyDatabase(t *testing.T) {
	url := server.NewDatabase(t)
	c := inspect(t, url)
	if !strings.Contains(c.Version, ".") || c.ReadOnly || c.Schema != 0 || c.Newest < 2 || !c.Pending() || len(c.Missing) != 0 {
		t.Errorf("%+v", c)
	}
	if tables := query(t, url, `SELECT count(*)::text FROM information_schema.tables WHERE table_schema = 'public'`); tables[0] != "0" {
		t.Errorf("%s tables were made", tables[0])
	}
}

func TestInspectAMigratedDatabase(t *testing.T) {
	url := server.NewDatabase(t)
	if err := openUntilEnd(t, url).Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := inspect(t, url); c.Pending() || c.Schema != c.Newest || len(c.Missing) != 0 {
		t.Errorf("%+v", c)
	}
	query(t, url, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)`)
	if c := inspect(t, url); c.Pending() || c.Schema != 99 {
		t.Errorf("of a newer program: %+v", c)
	}
}

func TestInspectFindsWhatAUserMayNot(t *testing.T) {
	empty := server.NewDatabase(t)
	if c := inspect(t, as(t, empty, "stranger")); !slices.Equal(c.Missing, []string{"to create tables in the schema"}) {
		t.Errorf("an empty database: %q", c.Missing)
	}
	query(t, empty, `DROP ROLE stranger`)

	full := server.NewDatabase(t)
	if err := openUntilEnd(t, full).Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	reader := as(t, full, "reader", `GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader`, `GRANT INSERT ON daily_stats TO reader`)
	want := []string{"to update daily_stats", "to insert into interest_category_counts", "to update interest_category_counts"}
	if c := inspect(t, reader); !slices.Equal(c.Missing, want) || c.Pending() {
		t.Errorf("a reader: %+v", c)
	}
	query(t, full, `REVOKE SELECT ON goose_db_version FROM reader`)
	if c := inspect(t, reader); !slices.Contains(c.Missing, "to read goose_db_version") {
		t.Errorf("without the versions: %q", c.Missing)
	}
}

func TestInspectAReadOnlyDatabase(t *testing.T) {
	url := server.NewDatabase(t)
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	if c := inspect(t, url+separator+"default_transaction_read_only=on"); !c.ReadOnly {
		t.Errorf("%+v", c)
	}
}

func TestInspectFailsWithoutADatabase(t *testing.T) {
	url := strings.Replace(server.NewDatabase(t), "?", "-that-is-not-there?", 1)
	if _, err := pgstore.Inspect(t.Context(), url); err == nil || strings.Contains(err.Error(), "not-checked") {
		t.Errorf("%v", err)
	}
}
