package redisstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"i80.dk/sighej"
)

// Condition is what an operator has to know of a Redis: its state and the
// settings on which the promises of a [Store] rest. An empty text is one that
// Redis does not tell.
type Condition struct {
	Version  string
	Role     string // master or slave, as Redis says
	Sharded  bool   // Redis Cluster
	Eviction string // maxmemory-policy
	AOF      bool   // appendonly
	AOFFault bool   // the last write to the append-only file failed
	Fsync    string // appendfsync; many hosted ones do not tell

	Latency time.Duration // the median of a few round trips
	Ahead   time.Duration // of Redis's clock before now's, half of a round trip considered

	// Refused is why a script that writes was not carried out; nil when it was.
	Refused error
}

// probes is how many round trips make a latency.
const probes = 11

// Inspect connects to the Redis at that URL, see [Open], and looks at it by the
// clock now. It leaves nothing behind but a key that expires within a second. An
// error says that Redis could not be asked, and bears no password; it ends with
// ctx, which should have a deadline.
func Inspect(ctx context.Context, url string, now func() time.Time) (Condition, error) {
	silence()
	client, err := connect(url)
	if err != nil {
		return Condition{}, fmt.Errorf("redisstore: %w", err)
	}
	defer func() { _ = client.Close() }()
	c, err := inspect(ctx, client, now)
	if err != nil {
		return c, fmt.Errorf("redisstore: inspect: %w", err)
	}
	return c, nil
}

func inspect(ctx context.Context, client redis.UniversalClient, now func() time.Time) (c Condition, err error) {
	if c.Latency, c.Ahead, err = measure(ctx, client, now); err != nil {
		return c, err
	}
	info, err := client.Info(ctx).Result() // with no section: old ones take one at most
	if err != nil {
		return c, err
	}
	facts := infoFacts(info)
	c.Version, c.Role, c.Eviction = facts["redis_version"], facts["role"], facts["maxmemory_policy"]
	c.Sharded = facts["cluster_enabled"] == "1"
	c.AOF = facts["aof_enabled"] == "1"
	c.AOFFault = c.AOF && facts["aof_last_write_status"] == "err"
	if settings, err := client.ConfigGet(ctx, "appendfsync").Result(); err == nil {
		c.Fsync = settings["appendfsync"]
	}
	c.Refused = tryToWrite(ctx, client)
	return c, nil
}

// measure asks for Redis's clock a few times. The quickest answer tells the
// clock best.
func measure(ctx context.Context, client redis.UniversalClient, now func() time.Time) (latency, ahead time.Duration, err error) {
	var trips []time.Duration
	for range probes {
		sent, local := time.Now(), now()
		reading, err := client.Time(ctx).Result()
		if err != nil {
			return 0, 0, err
		}
		trip := time.Since(sent)
		if len(trips) == 0 || trip < slices.Min(trips) {
			ahead = reading.Sub(local.Add(trip / 2))
		}
		trips = append(trips, trip)
	}
	slices.Sort(trips)
	return trips[len(trips)/2], ahead, nil
}

// infoFacts reads the lines "name:value" of an INFO.
func infoFacts(info string) map[string]string {
	facts := map[string]string{}
	for line := range strings.Lines(info) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			facts[name] = value
		}
	}
	return facts
}

// tryToWrite finds out by doing it: a replica, a full Redis, one that cannot
// save and one that gives this user no right all refuse in words of their own.
func tryToWrite(ctx context.Context, client redis.UniversalClient) error {
	const script = `return redis.call('set', KEYS[1], '1', 'px', ARGV[1])`
	key := sessionKey(sighej.Token("doctor-" + strconv.FormatInt(time.Now().UnixNano(), 36))) // which its user may write
	return client.Eval(ctx, script, []string{key}, time.Second.Milliseconds()).Err()
}
