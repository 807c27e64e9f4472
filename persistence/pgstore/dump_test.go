package pgstore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"i80.dk/sighej/persistence/pgstore"
)

func TestDumpTellsEverything(t *testing.T) {
	url := server.NewDatabase(t)
	store := openUntilEnd(t, url)
	if err := store.Merge(t.Context(), someTotals); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	for _, statement := range []string{
		`CREATE SCHEMA "od""d"`, `CREATE TABLE "od""d"."ta ble" (a TEXT, b BYTEA)`,
		`INSERT INTO "od""d"."ta ble" VALUES ('needle', '\xdeadbeef')`,
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	rows := map[string]string{}
	address := strings.Replace(url, "postgres://", "postgresql+asyncpg://", 1)
	if err := pgstore.Dump(t.Context(), address, func(table, row string) error { rows[table] += row; return nil }); err != nil {
		t.Fatal(err)
	}
	if row := rows[`"od""d"."ta ble"`]; !strings.Contains(row, "needle") || !strings.Contains(row, "deadbeef") {
		t.Errorf("%q", rows)
	}
	if row := rows[`"public"."daily_stats"`]; !strings.Contains(row, string(someTotals.Day)) {
		t.Errorf("%q", rows)
	}
	enough := errors.New("enough")
	if err := pgstore.Dump(t.Context(), url, func(string, string) error { return enough }); !errors.Is(err, enough) {
		t.Error(err)
	}
}
