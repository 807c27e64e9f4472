package cluster_test

import (
	"context"
	"errors"
	"testing"

	"i80.dk/sighej/cluster"
	"i80.dk/sighej/internal/testservers"
)

func TestComingAndGoing(t *testing.T) {
	t.Parallel()
	server := testservers.Redis(t)
	a, _ := join(t, config(redisLeases(t, server)), "a")
	b, stopB := join(t, config(redisLeases(t, server)), "b")
	c, _ := join(t, config(redisLeases(t, server)), "c")
	agree(t, viewsOf(a, b, c), "a", "b", "c")

	if err := c.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "all see that c drains", func() bool {
		return a.View().Epoch() == c.View().Epoch() && b.View().Epoch() == c.View().Epoch()
	})
	if got := a.View().Share("a") + a.View().Share("b"); got != 1024 {
		t.Errorf("while c drains, the others own %d partitions", got)
	}
	if err := c.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	agree(t, viewsOf(a, b), "a", "b")

	stopB() // as a crash does: no farewell
	until(t, "the lease of b is over", func() bool {
		gone := sees(a.View(), []string{"a"})
		if gone && b.MayAct() {
			t.Fatal("b is gone and may act")
		}
		return gone
	})
	if got := a.View().Share("a"); got != 1024 {
		t.Errorf("the last member owns %d partitions", got)
	}
	if !a.MayAct() {
		t.Error("the last member may not act")
	}
}

func TestRefusalInRedis(t *testing.T) {
	t.Parallel()
	server := testservers.Redis(t)
	var book logBook
	cfg := config(redisLeases(t, server))
	cfg.Protocol, cfg.Logger = 2, loggerTo(&book)
	a, _ := join(t, cfg, "a")
	until(t, "the cluster logs a refusal", func() bool { // it may not listen at first
		_, err := cluster.Join(t.Context(), config(redisLeases(t, server)), "b", "127.0.0.1:7001")
		if _, refused := errors.AsType[*cluster.ProtocolError](err); !refused {
			t.Fatalf("not refused: %v", err)
		}
		return book.count("a member was refused") > 0
	})
	agree(t, viewsOf(a), "a")
}

// What stands in Redis under our keys and is no member's is nobody to us.
func TestForeignRecordsAreLeftOut(t *testing.T) {
	t.Parallel()
	server := testservers.Redis(t)
	leases := redisLeases(t, server)
	client := newClient(t, server.URL())
	defer client.Close()
	for id, record := range map[string]string{"x": "no JSON", "y": `[1]`, "z": `{"protocol":"7","accepts":"x"}`} {
		if err := client.Set(t.Context(), "member:"+id, record, long).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.Do(t.Context(), "ZADD", "members", "9e15", "x", "9e15", "y", "9e15", "z", "9e15", "nothing").Err(); err != nil {
		t.Fatal(err)
	}
	members, err := leases.Acquire(t.Context(), member("a", 1, 1), long)
	want(t, members, err, "a")
	members, _, err = leases.Renew(t.Context(), member("a", 1, 1), long, false)
	want(t, members, err, "a")
}

// Nothing of a member is left in Redis once its lease is over.
func TestRedisForgets(t *testing.T) {
	t.Parallel()
	server := testservers.Redis(t)
	leases := redisLeases(t, server)
	client := newClient(t, server.URL())
	defer client.Close()
	if _, err := leases.Acquire(t.Context(), member("a", 1, 1), long); err != nil {
		t.Fatal(err)
	}
	if ttl := client.PTTL(t.Context(), "member:a").Val(); ttl <= 0 || ttl > long {
		t.Errorf("the record of a member lives for %v", ttl)
	}
	if err := leases.Release(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if keys := client.Keys(t.Context(), "*").Val(); len(keys) != 0 {
		t.Errorf("left in Redis: %q", keys)
	}
}

func TestRedisAway(t *testing.T) {
	t.Parallel()
	server := testservers.Redis(t)
	leases := redisLeases(t, server)
	server.Stop()
	if _, err := cluster.Join(t.Context(), config(leases), "a", "127.0.0.1:7000"); err == nil {
		t.Error("joined without Redis")
	}
	if err := leases.Release(t.Context(), "a"); err == nil {
		t.Error("released without Redis")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := leases.Watch(ctx, func(cluster.Notice) {}); err != nil {
		t.Errorf("Watch at the end of its context: %v", err)
	}
}
