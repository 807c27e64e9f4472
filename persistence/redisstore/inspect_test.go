package redisstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/persistence/redisstore"
)

func inspect(t *testing.T, r *testservers.RedisServer, now func() time.Time) redisstore.Condition {
	t.Helper()
	c, err := redisstore.Inspect(t.Context(), r.URL(), now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ask sends one command.
func ask(t *testing.T, r *testservers.RedisServer, command ...any) {
	t.Helper()
	opts, err := redis.ParseURL(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(opts)
	defer func() { _ = client.Close() }()
	if err := client.Do(t.Context(), command...).Err(); err != nil {
		t.Fatal(err)
	}
}

func TestInspectASoundRedis(t *testing.T) {
	c := inspect(t, server, time.Now)
	if !strings.Contains(c.Version, ".") || c.Role != "master" || c.Sharded || c.Eviction != "noeviction" || !c.AOF || c.AOFFault ||
		c.Fsync != "no" || c.Latency <= 0 || c.Ahead.Abs() > time.Minute || c.Refused != nil {
		t.Errorf("%+v", c)
	}
}

func TestInspectLeavesNothing(t *testing.T) {
	server.FlushAll(t)
	inspect(t, server, time.Now)
	client := connect(t)
	for _, key := range keys(t, client) {
		if left := ttl(t, client, key); left <= 0 || left > time.Second {
			t.Errorf("%s stays for %v", key, left)
		}
	}
}

func TestInspectTellsHowFarTheClockIsOff(t *testing.T) {
	c := inspect(t, server, func() time.Time { return time.Now().Add(-time.Hour) })
	if c.Ahead < 59*time.Minute || c.Ahead > 61*time.Minute {
		t.Errorf("ahead by %v", c.Ahead)
	}
}

func TestInspectAnUnsoundRedis(t *testing.T) {
	primary, replica := testservers.Redis(t), testservers.Redis(t)
	host, port, _ := strings.Cut(strings.TrimPrefix(primary.URL(), "redis://"), ":")
	for _, command := range [][]any{
		{"config", "set", "maxmemory-policy", "allkeys-lru"},
		{"config", "set", "appendonly", "no"},
		{"config", "set", "appendfsync", "everysec"},
		{"replicaof", host, port},
	} {
		ask(t, replica, command...)
	}
	c := inspect(t, replica, time.Now)
	if c.Role != "slave" || c.Eviction != "allkeys-lru" || c.AOF || c.Fsync != "everysec" ||
		c.Refused == nil || !strings.Contains(c.Refused.Error(), "READONLY") {
		t.Errorf("%+v", c)
	}
}

func TestInspectFailsWithoutThePassword(t *testing.T) {
	r := testservers.Redis(t)
	ask(t, r, "config", "set", "requirepass", "another")
	if _, err := redisstore.Inspect(t.Context(), strings.Replace(r.URL(), "://", "://:s3cr3t@", 1), time.Now); err == nil || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("with a wrong password: %v", err)
	}
	r.Stop()
	if _, err := redisstore.Inspect(t.Context(), r.URL(), time.Now); err == nil {
		t.Error("nobody is there, and no error")
	}
}
