package redisstore

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	opts, err := parse("redis://user:secret@db.example:6380/3?read_timeout=4s")
	if err != nil {
		t.Fatal(err)
	}
	if opts.Addr != "db.example:6380" || opts.Username != "user" || opts.Password != "secret" || opts.DB != 3 {
		t.Errorf("parsed as %s, database %d", opts.Addr, opts.DB)
	}
	if opts.ReadTimeout != 4*time.Second || opts.DialTimeout != dialTimeout || opts.MaxRetries != retries {
		t.Errorf("timeouts %v, %v, retries %d", opts.ReadTimeout, opts.DialTimeout, opts.MaxRetries)
	}
}

func TestParseSentinel(t *testing.T) {
	opts, err := parseSentinel("rediss", "user:secret@one:26379,[::1]:26380/cell-7/2?sentinel_password=other&pool_size=4")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(opts.SentinelAddrs, []string{"one:26379", "[::1]:26380"}) || opts.MasterName != "cell-7" || opts.DB != 2 {
		t.Errorf("parsed as %q of %q, database %d", opts.MasterName, opts.SentinelAddrs, opts.DB)
	}
	if opts.Username != "user" || opts.Password != "secret" || opts.SentinelUsername != "" || opts.SentinelPassword != "other" {
		t.Error("the credentials are wrong")
	}
	if opts.PoolSize != 4 || opts.ReadTimeout != replyTimeout || opts.MaxRetries != retries {
		t.Error("the options are wrong")
	}
	if opts.TLSConfig == nil || opts.TLSConfig.ServerName != "" {
		t.Error("TLS does not check each host by its own name")
	}
}

func TestBadURLs(t *testing.T) {
	for _, url := range []string{
		"", "localhost:6379", "http://user:secret@host", "redis://user:secret@host:port", "redis://user:secret@host/x",
		"redis://user:secret@host?pool_sise=4", "redis://user:secret@one:1,two:2/0", "redis://user:secret@ho st",
		"redis+sentinel://user:secret@one:26379", "redis+sentinel://user:secret@one/cell", "redis+sentinel://user:secret@/cell",
		"redis+sentinel://user:secret@one:26379/cell/x", "redis+sentinel://user:secret@one:26379/cell?%zz=secret",
		"http+sentinel://user:secret@one:26379/cell", "redis://user:secret%zz@host",
	} {
		client, err := connect(url)
		if err == nil {
			t.Errorf("%q is taken", url)
			_ = client.Close()
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error quotes the password: %v", err)
		}
	}
}
