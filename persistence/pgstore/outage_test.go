package pgstore_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"i80.dk/sighej"
)

// stop stops the server that the tests share, for the rest of the test at most.
func stop(t *testing.T) {
	t.Helper()
	server.Stop()
	t.Cleanup(func() {
		if err := server.Start(); err != nil {
			t.Error(err)
		}
	})
}

func TestOutageHeals(t *testing.T) {
	store := openUntilEnd(t, server.NewDatabase(t))
	if err := store.Merge(t.Context(), someTotals); err != nil {
		t.Fatal(err)
	}

	stop(t)
	wantUnavailable(t, "ping", store.Ping(t.Context()))
	more := someTotals
	more.Sessions++
	wantUnavailable(t, "merge", store.Merge(t.Context(), more))
	_, err := store.Totals(t.Context(), more.Day)
	wantUnavailable(t, "totals", err)
	_, err = store.History(t.Context(), more.Day)
	wantUnavailable(t, "history", err)

	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if err := store.Ping(t.Context()); err != nil {
		t.Fatalf("ping after the outage: %v", err)
	}
	wantTotals(t, store, someTotals)
	if err := store.Merge(t.Context(), more); err != nil {
		t.Fatalf("merge after the outage: %v", err)
	}
	wantTotals(t, store, more)
}

// A restart between two calls costs none: each of the pool's connections is
// found dead before it is used.
func TestRestartCostsNoCall(t *testing.T) {
	store := openUntilEnd(t, server.NewDatabase(t))
	if err := store.Merge(t.Context(), someTotals); err != nil {
		t.Fatal(err)
	}
	stop(t)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	wantTotals(t, store, someTotals)
}

func TestOpenedDuringAnOutageHeals(t *testing.T) {
	url := server.NewDatabase(t)
	stop(t)
	store := openUntilEnd(t, url)
	wantUnavailable(t, "ping", store.Ping(t.Context()))
	wantUnavailable(t, "merge", store.Merge(t.Context(), someTotals))
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if err := store.Merge(t.Context(), someTotals); err != nil {
		t.Fatalf("merge after the outage: %v", err)
	}
	wantTotals(t, store, someTotals)
}

func wantUnavailable(t *testing.T, what string, err error) {
	t.Helper()
	if sighej.CodeOf(err) != sighej.CodeUnavailable {
		t.Errorf("%s during the outage: %v, want unavailable", what, err)
		return
	}
	if strings.Contains(err.Error(), "not-checked") {
		t.Errorf("%s shows the password: %v", what, err)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); !ok {
		t.Errorf("%s hides its cause: %v", what, err)
	}
}

// A server that accepts and then says nothing must not hold a call past its
// context, nor the calls that wait for its migration.
func TestSilentServerHoldsNoCallPastItsContext(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	store := openUntilEnd(t, "postgres://u:p@"+silent.Addr().String()+"/db?sslmode=disable")
	first := make(chan error, 1)
	patient, stop := context.WithCancel(t.Context())
	go func() { first <- store.Ping(patient) }()
	conn, err := silent.Accept() // the first call is under way
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err = store.Ping(ctx)
	if sighej.CodeOf(err) != sighej.CodeUnavailable || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("second call: %v", err)
	}
	stop()
	if err := <-first; sighej.CodeOf(err) != sighej.CodeUnavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("first call: %v", err)
	}
}
