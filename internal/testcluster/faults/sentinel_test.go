//go:build linux

package faults

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"i80.dk/sighej/internal/testcluster"
	"i80.dk/sighej/internal/testservers"
)

// The primary dies and the Sentinel makes the replica the primary. What had
// reached the replica is kept; the crowd rests for that moment, since replication
// is asynchronous.
func TestSentinelFailover(t *testing.T) {
	s, err := testservers.StartSentinel()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	sentinel := strings.TrimPrefix(s.URL(), "redis+sentinel://")
	address, master, _ := strings.Cut(sentinel, "/")
	store := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: master, SentinelAddrs: []string{address}, DisableIdentity: true, DialerRetries: 1,
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, addr)
		},
	})
	t.Cleanup(func() { _ = store.Close() })
	w := begin(t, testcluster.Config{RedisURL: s.URL(), Store: store})
	w.settle()
	w.Rest()
	one := store.Conn() // WAIT is about the writes of its own connection
	w.must(one.Set(t.Context(), "all before this", "is with the replica", recovery).Err())
	w.must(one.Wait(t.Context(), 1, recovery).Err())
	w.must(one.Close())
	w.wait(settled())
	s.Primary.Kill()
	w.eventually("a new primary", recovery, func() error {
		if role, err := store.Do(t.Context(), "ROLE").Slice(); err != nil || fmt.Sprint(role[0]) != "master" {
			return fmt.Errorf("%v %w", role, err)
		}
		return nil
	})
	w.whole()
	w.mingle()
	w.end()
}
