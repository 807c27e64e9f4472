package pgstore_test

import (
	"strings"
	"testing"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence/pgstore"
)

func TestAddresses(t *testing.T) {
	plain := server.NewDatabase(t)
	rest := strings.TrimPrefix(plain, "postgres")
	tests := map[string]string{
		"postgres":         plain,
		"postgresql":       "postgresql" + rest,
		"asyncpg":          "postgresql+asyncpg" + rest,
		"asyncpg with ssl": "postgresql+asyncpg" + strings.Replace(rest, "sslmode=disable", "ssl=prefer", 1),
		"another driver":   "postgresql+psycopg" + rest,
		"a socket":         server.SocketURL(),
	}
	for name, address := range tests {
		t.Run(name, func(t *testing.T) {
			if err := openUntilEnd(t, address).Ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestBadAddressesTellNothingOfThemselves(t *testing.T) {
	tests := map[string]string{
		"nothing":            "",
		"no URL":             "postgres://u:hush%@db",
		"another database":   "mysql://u:hush@db/sighej",
		"no slashes":         "postgres:u:hush@db",
		"keywords":           "host=db password=hush",
		"a port of letters":  "postgres://u:hush@db:hush/sighej",
		"a slash in between": "postgres://u:hush/hush@db/sighej",
		"sslmode":            "postgres://u:hush@db/sighej?sslmode=hush",
		"password setting":   "postgres://u@db:99999999/sighej?password=hush",
	}
	for name, address := range tests {
		t.Run(name, func(t *testing.T) {
			store, err := pgstore.Open(t.Context(), address)
			if err == nil {
				_ = store.Close()
			}
			if sighej.CodeOf(err) != sighej.CodeInvalid {
				t.Fatalf("error %v, want an invalid address", err)
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}
