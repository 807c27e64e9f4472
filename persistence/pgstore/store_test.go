package pgstore_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"i80.dk/sighej"
	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/persistence"
	"i80.dk/sighej/persistence/pgstore"
	"i80.dk/sighej/persistence/storetest"
)

var server *testservers.PostgresServer

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if server, err = testservers.StartPostgres(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = server.Close() }()
	return m.Run()
}

func TestStatistics(t *testing.T) {
	storetest.Statistics(t,
		func(t *testing.T) string { return server.NewDatabase(t) },
		func(t *testing.T, url string) persistence.Statistics { return open(t, url) },
	)
}

func open(t *testing.T, url string) *pgstore.Store {
	t.Helper()
	store, err := pgstore.Open(t.Context(), url)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return store
}

func openUntilEnd(t *testing.T, url string) *pgstore.Store {
	t.Helper()
	store := open(t, url)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

var someTotals = persistence.Totals{
	Day: "2026-12-31", Sessions: 5, Matches: 2, Sightings: 9, Categories: map[string]int64{"music": 4},
}

func TestSchemaIsThatOfTheFirstBackend(t *testing.T) {
	url := server.NewDatabase(t)
	if err := openUntilEnd(t, url).Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"daily_stats date date NO -",
		"daily_stats total_sessions integer YES 0",
		"daily_stats total_matches integer YES 0",
		"daily_stats total_sightings bigint NO 0",
		"interest_category_counts date date NO -",
		"interest_category_counts category text NO -",
		"interest_category_counts count integer YES 0",
	}
	if diff := cmp.Diff(want, query(t, url, `
		SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, COALESCE(column_default, '-'))
		FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name <> 'goose_db_version'
		ORDER BY table_name, ordinal_position`)); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	wantKeys := []string{"daily_stats date", "interest_category_counts date,category"}
	if diff := cmp.Diff(wantKeys, query(t, url, `
		SELECT table_name || ' ' || string_agg(column_name, ',' ORDER BY k.ordinal_position)
		FROM information_schema.table_constraints JOIN information_schema.key_column_usage AS k USING (constraint_name, table_name)
		WHERE constraint_type = 'PRIMARY KEY' AND k.table_schema = 'public' AND table_name <> 'goose_db_version'
		GROUP BY table_name ORDER BY table_name`)); diff != "" {
		t.Errorf("primary keys (-want +got):\n%s", diff)
	}
}

func TestAdoptsTheTablesOfTheFirstBackend(t *testing.T) {
	url := server.NewDatabase(t)
	query(t, url, `CREATE TABLE daily_stats (date DATE PRIMARY KEY, total_sessions INTEGER DEFAULT 0, total_matches INTEGER DEFAULT 0)`)
	query(t, url, `CREATE TABLE interest_category_counts (date DATE, category TEXT, count INTEGER DEFAULT 0, PRIMARY KEY (date, category))`)
	query(t, url, `INSERT INTO daily_stats VALUES ('2026-12-31', 3, NULL)`)
	query(t, url, `INSERT INTO interest_category_counts VALUES ('2026-12-31', 'music', NULL), ('2026-12-31', 'food', 2)`)
	store := openUntilEnd(t, url)
	want := persistence.Totals{Day: "2026-12-31", Sessions: 3, Categories: map[string]int64{"music": 0, "food": 2}}
	wantTotals(t, store, want)
	if err := store.Merge(t.Context(), someTotals); err != nil {
		t.Fatal(err)
	}
	want = someTotals
	want.Categories = map[string]int64{"music": 4, "food": 2}
	wantTotals(t, store, want)
}

func TestStoresOpenedAtOnceShareTheMigration(t *testing.T) {
	url := server.NewDatabase(t)
	if err := openUntilEnd(t, url).Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	// With goose's own table there, nothing but the lock keeps them apart.
	query(t, url, "DROP TABLE daily_stats, interest_category_counts")
	query(t, url, "DELETE FROM goose_db_version WHERE version_id > 0")
	var g errgroup.Group
	for range 4 {
		store := openUntilEnd(t, url)
		g.Go(func() error { return store.Merge(t.Context(), someTotals) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	want := []string{"0", "1", "2"}
	if diff := cmp.Diff(want, query(t, url, "SELECT version_id::text FROM goose_db_version ORDER BY id")); diff != "" {
		t.Errorf("migrations that were run (-want +got):\n%s", diff)
	}
}

func TestCallsAtOnceShareTheMigration(t *testing.T) {
	store := openUntilEnd(t, server.NewDatabase(t))
	var g errgroup.Group
	for range 12 { // more than there are connections
		g.Go(func() error { return store.Ping(t.Context()) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestCountsPastTheColumnsStayAtTheirMaximum(t *testing.T) {
	const most = 1<<31 - 1
	store := openUntilEnd(t, server.NewDatabase(t))
	if err := store.Merge(t.Context(), persistence.Totals{
		Day: "2026-12-31", Sessions: most + 1, Matches: 1 << 40, Categories: map[string]int64{"music": 1 << 62},
	}); err != nil {
		t.Fatal(err)
	}
	wantTotals(t, store, persistence.Totals{
		Day: "2026-12-31", Sessions: most, Matches: most, Categories: map[string]int64{"music": most},
	})
}

func TestMergeIsAllOrNothing(t *testing.T) {
	store := openUntilEnd(t, server.NewDatabase(t))
	bad := someTotals
	bad.Categories = map[string]int64{"not UTF-8: \xff": 1}
	err := store.Merge(t.Context(), bad)
	if sighej.CodeOf(err) != sighej.CodeInternal {
		t.Errorf("a value that PostgreSQL refuses: %v, want an internal error", err)
	}
	wantTotals(t, store, persistence.Totals{Day: bad.Day})
}

func TestEndedContext(t *testing.T) {
	store := openUntilEnd(t, server.NewDatabase(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := store.Merge(ctx, someTotals); sighej.CodeOf(err) != sighej.CodeUnavailable {
		t.Errorf("merge: %v, want unavailable", err)
	}
	if err := store.Ping(t.Context()); err != nil {
		t.Errorf("after it: %v", err)
	}
}

func wantTotals(t *testing.T, store *pgstore.Store, want persistence.Totals) {
	t.Helper()
	got, err := store.Totals(t.Context(), want.Day)
	if err != nil {
		t.Fatalf("totals: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
}

// query runs one statement beside the store and returns its first column.
func query(t *testing.T, url, sql string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", strings.Fields(sql)[0], err)
	}
	return values
}
