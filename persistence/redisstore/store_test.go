package redisstore_test

import (
	"fmt"
	"log/slog"
	"os"
	"testing"

	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/persistence/redisstore"
	"i80.dk/sighej/persistence/storetest"
)

// server is shared by the tests that neither stop it nor look at all of its
// keys after another test.
var server *testservers.RedisServer

var key = []byte("an interest key of at least 32 bytes")

func TestMain(m *testing.M) {
	var err error
	if server, err = testservers.StartRedis(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := server.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func open(t testing.TB, url string) *redisstore.Store {
	t.Helper()
	store, err := redisstore.Open(url, key, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func openEmpty(t testing.TB) *redisstore.Store {
	t.Helper()
	server.FlushAll(t)
	return open(t, server.URL())
}

func TestConformance(t *testing.T) {
	storetest.Sessions(t, func(t *testing.T) storetest.Store { return openEmpty(t) })
}
