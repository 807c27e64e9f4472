package sqlitestore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"i80.dk/sighej"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrationTries bounds how often a migration is tried that another process
// was quicker with.
const migrationTries = 5

// Open opens the file at path, creates it and its directory where they lack,
// and brings its tables up to date. It fails with [sighej.CodeInvalid] for a
// file that is no SQLite database.
func Open(path string) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("sqlitestore: %w", err)
	}
	if err := create(path); err != nil {
		return nil, fmt.Errorf("sqlitestore: %w", err)
	}
	db, err := sql.Open("sqlite", source(path))
	if err != nil {
		return nil, fmt.Errorf("sqlitestore: %w", err)
	}
	db.SetMaxOpenConns(1) // SQLite has one writer; calls queue here instead of in the file's locks
	if err := migrate(context.Background(), db); err != nil {
		return nil, errors.Join(opening(path, err), db.Close())
	}
	return &Store{db: db}, nil
}

// create makes an empty file, which SQLite takes for an empty database and
// whose mode it gives to the files that it puts beside it. A file that is there
// is not even opened: closing it again would drop this process's locks on it.
func create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the operator chooses the path
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return file.Close()
}

// source names the file to the driver.
func source(path string) string {
	settings := url.Values{
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)"},
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: settings.Encode()}
	return u.String()
}

// migrate tries again, since two processes may find the same migration
// missing, and the second then finds it done.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("embedded migrations: %w", err)
	}
	for range migrationTries {
		var provider *goose.Provider
		provider, err = goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
		if err != nil {
			return fmt.Errorf("migrations: %w", err)
		}
		if _, err = provider.Up(ctx); err == nil || isNoDatabase(err) {
			return err
		}
	}
	return err
}

func opening(path string, err error) error {
	if isNoDatabase(err) {
		return sighej.Errorf(sighej.CodeInvalid, "%s is not a SQLite database; it was left as it is", path)
	}
	return coded("prepare the tables", err)
}

func isNoDatabase(err error) bool {
	fault, ok := errors.AsType[*sqlite.Error](err)
	return ok && fault.Code() == sqlite3.SQLITE_NOTADB
}
