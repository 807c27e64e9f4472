package pgstore

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"i80.dk/sighej"
)

const (
	maxConnections = 4 // a member writes once a second and reads for the dashboard
	connectTimeout = 5 * time.Second
)

// parse turns an address into a configuration. Its errors tell nothing of the
// address, since what cannot be parsed may have its password anywhere.
func parse(address string) (*pgxpool.Config, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, sighej.Errorf(sighej.CodeInvalid, "the database address is no URL")
	}
	scheme, driver, _ := strings.Cut(u.Scheme, "+")
	if scheme != "postgres" && scheme != "postgresql" || u.Opaque != "" {
		return nil, sighej.Errorf(sighej.CodeInvalid, "the database address must begin with postgres:// or postgresql://")
	}
	u.Scheme = scheme
	if driver == "asyncpg" {
		u.RawQuery = translateAsyncpg(u.Query()).Encode()
	}
	config, err := pgxpool.ParseConfig(u.String())
	if err != nil {
		return nil, sighej.Errorf(sighej.CodeInvalid, "the database address has a part or setting that PostgreSQL does not know")
	}
	config.MaxConns = maxConnections
	config.ConnConfig.ConnectTimeout = connectTimeout
	// One more round trip per call: a connection that died with a restarted
	// server is found out before it costs a call.
	config.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return true }
	return config, nil
}

// translateAsyncpg renames the one setting that asyncpg's URLs spell otherwise.
func translateAsyncpg(q url.Values) url.Values {
	mode := q.Get("ssl")
	if mode == "" {
		return q
	}
	if mode == "true" {
		mode = "require"
	}
	q.Del("ssl")
	q.Set("sslmode", mode)
	return q
}
