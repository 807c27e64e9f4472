package redisstore

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"i80.dk/sighej/persistence"
)

var (
	_ persistence.Sessions = (*Store)(nil)
	_ persistence.Counters = (*Store)(nil)
)

// Store is a connection to Redis, safe for concurrent use. Its methods return
// when Redis has answered, the context ends or, in an outage, after a few
// seconds.
type Store struct {
	client redis.UniversalClient
	lanes  *lanes
	pairs  pairs
	seal   seal
	clock  *clock
	stop   context.CancelFunc
	wg     sync.WaitGroup
}

// silence: the client library has one logger for the whole process, and prints
// on stderr by default. The lanes log what matters.
var silence = sync.OnceFunc(func() { redis.SetLogger(&logging.VoidLogger{}) })

// Open returns a store at the URL: redis://[user:password@]host:port[/db], or
// rediss for TLS, or redis+sentinel://[user:password@]host:port,host:port/master[/db].
// It does not dial, so Redis may be away. Key is the interest key, which all
// members share; it also hides who was matched with whom. The error bears no
// password.
func Open(url string, key []byte, logger *slog.Logger) (*Store, error) {
	silence()
	client, err := connect(url)
	if err != nil {
		return nil, fmt.Errorf("redisstore: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Store{
		client: client, lanes: startLanes(client, logger), pairs: newPairs(key), seal: newSeal(key), clock: newClock(), stop: stop,
	}
	s.wg.Go(func() { s.keepTime(ctx, logger) })
	return s, nil
}

// Client returns the store's way to Redis, for what else lives there. It is
// closed with the store.
func (s *Store) Client() redis.UniversalClient { return s.client }

// Close ends what is under way, within seconds, and gives the connections back.
// Calls during and after it fail with CodeUnavailable.
func (s *Store) Close() error {
	s.stop()
	s.wg.Wait()
	s.lanes.stop()
	if err := s.client.Close(); err != nil {
		return fmt.Errorf("redisstore: %w", err)
	}
	return nil
}

// Ping implements [persistence.Sessions].
func (s *Store) Ping(ctx context.Context) error {
	return s.lanes.do(ctx, redis.NewStatusCmd(ctx, "ping"))
}
