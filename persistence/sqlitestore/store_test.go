package sqlitestore_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
	"i80.dk/sighej/persistence/sqlitestore"
	"i80.dk/sighej/persistence/storetest"
)

func TestStatistics(t *testing.T) {
	storetest.Statistics(t,
		func(t *testing.T) string { return filepath.Join(t.TempDir(), "statistics.db") },
		func(t *testing.T, path string) persistence.Statistics { return open(t, path) },
	)
}

func open(t *testing.T, path string) *sqlitestore.Store {
	t.Helper()
	store, err := sqlitestore.Open(path)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return store
}

func TestFilesAreTheOwnersOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "deep")
	store := open(t, filepath.Join(dir, "statistics.db"))
	defer func() { _ = store.Close() }()
	if err := store.Merge(t.Context(), persistence.Totals{Day: "2026-12-31", Sessions: 1}); err != nil {
		t.Fatal(err)
	}
	wantMode(t, dir, 0o700)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		names = append(names, file.Name())
		wantMode(t, filepath.Join(dir, file.Name()), 0o600)
	}
	if got, want := strings.Join(names, " "), "statistics.db statistics.db-shm statistics.db-wal"; got != want {
		t.Errorf("files %q, want %q", got, want)
	}
}

func wantMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has mode %o, want %o", filepath.Base(path), got, want)
	}
}

func TestOddPaths(t *testing.T) {
	for _, name := range []string{"with space", "100%25", "a?b=c", "a#b", "søvn"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name, name+".db")
			if err := open(t, path).Close(); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(path); err != nil || info.Size() == 0 {
				t.Errorf("the file is not where it was asked for: %v", err)
			}
		})
	}
}

func TestRefusesWhatIsNoDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "statistics.db")
	content := []byte(strings.Repeat("dear diary, ", 100))
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := sqlitestore.Open(path)
	if sighej.CodeOf(err) != sighej.CodeInvalid || !strings.Contains(err.Error(), "not a SQLite database") {
		t.Errorf("error %v, want one that tells that the file is no database", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(content, after) {
		t.Errorf("the file was changed (%v)", err)
	}
}

func TestFailsWhereNoFileCanBe(t *testing.T) {
	dir := t.TempDir()
	if _, err := sqlitestore.Open(dir); err == nil {
		t.Error("opened a directory")
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlitestore.Open(filepath.Join(dir, "file", "statistics.db")); err == nil {
		t.Error("opened a file below a file")
	}
}

func TestStoresOpenedAtOnceShareTheMigration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "statistics.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	// With goose's own table there, they find the same migrations missing.
	exec(t, path, "DROP TABLE daily_stats", "DROP TABLE interest_category_counts", "DELETE FROM goose_db_version WHERE version_id > 0")
	var g errgroup.Group
	for range 6 {
		g.Go(func() error {
			store, err := sqlitestore.Open(path)
			if err != nil {
				return err
			}
			return errors.Join(store.Merge(t.Context(), persistence.Totals{Day: "2026-12-31", Sightings: 1}), store.Close())
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

func exec(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func TestClosedStoreIsUnavailable(t *testing.T) {
	store := open(t, filepath.Join(t.TempDir(), "statistics.db"))
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.Ping(t.Context()); sighej.CodeOf(err) != sighej.CodeUnavailable {
		t.Errorf("ping: %v", err)
	}
	if err := store.Merge(t.Context(), persistence.Totals{Day: "2026-12-31"}); sighej.CodeOf(err) != sighej.CodeUnavailable {
		t.Errorf("merge: %v", err)
	}
}
