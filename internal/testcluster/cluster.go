//go:build linux

package testcluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"i80.dk/sighej/internal/testservers"
)

// interestKey is shared by the members of every cluster of this package.
const interestKey = "a key of tests, which protects nobody's interests"

// Config says what a cluster is to be. Binary is required.
type Config struct {
	Binary   string // the built sighej; see [Build]
	Members  int    // default: 3
	Postgres bool   // statistics go to a PostgreSQL, else to a SQLite of each member

	// RedisURL is where the members look for Redis instead of the cluster's own, and
	// Store a client of it, which the caller keeps. Both or neither.
	RedisURL string
	Store    redis.UniversalClient

	// ProxyRedis puts a proxy between the members and Redis; see [Cluster.Slow].
	ProxyRedis bool

	// Env are further settings of the members, such as SESSION_TTL_SECONDS.
	Env map[string]string

	// Clocks is how far the clock of each member is off, for a Binary of
	// [BuildWithWrongClock]; default: not at all.
	Clocks []time.Duration

	// Ports are the first member's public, admin and cluster port; each further
	// member's are 10 above. One that is taken, or 0, becomes a free one.
	Ports [3]int
}

// Cluster is a running cluster. Members can be used while others of them are
// down.
type Cluster struct {
	Members  []*Member
	Redis    *testservers.RedisServer    // nil with a RedisURL
	Postgres *testservers.PostgresServer // nil without

	dir     string
	store   redis.UniversalClient
	toxic   *toxic
	closers []func() error // the last first
	coming  sync.Mutex     // while Members grows
}

// Start starts a cluster and returns when all members are ready and know each
// other. Close gives back all of it. Ctx bounds the start only.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	c := new(Cluster)
	if err := c.start(ctx, cfg); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, cfg Config) (err error) {
	if c.dir, err = os.MkdirTemp("", "sighej-cluster-"); err != nil {
		return fmt.Errorf("testcluster: a directory: %w", err)
	}
	c.closers = append(c.closers, func() error { return os.RemoveAll(c.dir) })
	env := []string{"INTEREST_KEY=" + interestKey, "LOG_FORMAT=text", "PATH=" + os.Getenv("PATH")}
	for _, name := range slices.Sorted(maps.Keys(cfg.Env)) {
		env = append(env, name+"="+cfg.Env[name])
	}
	redisURL, err := c.startRedis(cfg)
	if err != nil {
		return err
	}
	env = append(env, "REDIS_URL="+redisURL)
	if cfg.Postgres {
		if c.Postgres, err = testservers.StartPostgres(); err != nil {
			return err
		}
		c.closers = append(c.closers, c.Postgres.Close)
		env = append(env, "DATABASE_URL="+c.Postgres.URL())
	}
	if cfg.Binary, err = filepath.Abs(cfg.Binary); err != nil { // each member has its own directory
		return err
	}
	n := cfg.Members
	if n == 0 {
		n = 3
	}
	for i := range n {
		if err := c.add(i, cfg, env); err != nil {
			return err
		}
	}
	for _, m := range c.Members {
		if err := m.Start(); err != nil {
			return err
		}
		c.closers = append(c.closers, m.Stop)
	}
	return c.AwaitWhole(ctx)
}

// startRedis sees to a Redis and returns its address for members.
func (c *Cluster) startRedis(cfg Config) (url string, err error) {
	if cfg.RedisURL != "" {
		c.store = cfg.Store
		return cfg.RedisURL, nil
	}
	if c.Redis, err = testservers.StartRedis(); err != nil {
		return "", err
	}
	c.closers = append(c.closers, c.Redis.Close)
	url = c.Redis.URL()
	address := strings.TrimPrefix(url, "redis://")
	store := redis.NewClient(&redis.Options{Addr: address, DisableIdentity: true})
	c.closers = append(c.closers, store.Close)
	c.store = store
	if !cfg.ProxyRedis {
		return url, nil
	}
	if c.toxic, err = newToxic(address); err != nil {
		return "", err
	}
	c.closers = append(c.closers, c.toxic.close)
	return "redis://" + c.toxic.address(), nil
}

// add makes a member with its addresses and its link, and does not start it.
func (c *Cluster) add(i int, cfg Config, env []string) error {
	m := &Member{Name: fmt.Sprintf("member-%d", i+1), binary: cfg.Binary}
	m.dir = filepath.Join(c.dir, m.Name)
	if err := os.Mkdir(m.dir, 0o700); err != nil {
		return fmt.Errorf("testcluster: %w", err)
	}
	for k, at := range []*string{&m.Public, &m.Admin, &m.Cluster, &m.listen} {
		port := 0
		if k < len(cfg.Ports) && cfg.Ports[k] != 0 {
			port = cfg.Ports[k] + 10*i
		}
		port, err := wanted(port)
		if err != nil {
			return err
		}
		*at = loopback(port)
	}
	m.env = append(slices.Clone(env), "LISTEN_ADDR="+m.Public, "ADMIN_LISTEN_ADDR="+m.Admin,
		"CLUSTER_LISTEN_ADDR="+m.listen, "CLUSTER_ADVERTISE_ADDR="+m.Cluster, "DATA_DIR="+m.dir)
	if i < len(cfg.Clocks) {
		m.env = append(m.env, fmt.Sprintf("%s=%d", clockOffset, int(cfg.Clocks[i].Seconds())))
	}
	var err error
	if m.link, err = newLink(m.Name, m.Cluster, m.listen, c.caller); err != nil {
		return err
	}
	c.closers = append(c.closers, func() error { m.link.close(); return nil })
	c.coming.Lock()
	defer c.coming.Unlock()
	c.Members = append(c.Members, m)
	return nil
}

// Close ends everything, the members in order, and removes what they wrote. It
// fails if a member did not stop as it should.
func (c *Cluster) Close() error {
	var errs []error
	for _, closer := range slices.Backward(c.closers) {
		errs = append(errs, closer())
	}
	c.closers = nil
	return errors.Join(errs...)
}

// Logs writes the last lines of each member's log.
func (c *Cluster) Logs(w io.Writer, lines int) {
	for _, m := range c.Members {
		text, _ := os.ReadFile(m.LogFile())
		all := strings.Split(strings.TrimSpace(string(text)), "\n")
		_, _ = fmt.Fprintf(w, "log of %s (%s):\n%s\n", m.Name, m.Cluster, strings.Join(all[max(0, len(all)-lines):], "\n"))
	}
}

// Store returns a client of the cluster's Redis, past any proxy. It is the
// cluster's to close.
func (c *Cluster) Store() redis.UniversalClient { return c.store }

// wanted returns port if it is free and not 0, else a free one.
func wanted(port int) (int, error) {
	if port != 0 && testservers.Vacant(port) == nil {
		return port, nil
	}
	return testservers.FreePort()
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
