package doctor

import (
	"context"
	"strings"
	"time"

	"i80.dk/sighej/persistence/redisstore"
	"i80.dk/sighej/server"
)

const (
	oldestRedis = 7 // what the tests run against
	farRedis    = 10 * time.Millisecond
	clockSlip   = time.Second
)

func (r *Report) redis(ctx context.Context, o server.Options, now func() time.Time) {
	if o.RedisURL == "" {
		r.ok("redis", "none: sessions live in the process and end with it")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := redisstore.Inspect(ctx, o.RedisURL, now)
	if err != nil {
		r.fault("redis", redisAway(err), "%s", why(err))
		return
	}
	r.redisKind(c)
	r.redisPromises(c)
	r.redisTime(c)
}

// redisAway tells what to do about a Redis that could not be asked.
func redisAway(err error) string {
	switch text := err.Error(); {
	case strings.Contains(text, "NOAUTH"), strings.Contains(text, "WRONGPASS"):
		return "Put the right user and password into REDIS_URL, as in redis://user:password@host:6379."
	case strings.Contains(text, "NOPERM"):
		return "Let this user run the commands that members need: +@all on the keys session:* access:* partition:* stats:* member*."
	}
	return "Members answer 503 without it. Start it, and see that REDIS_URL names its host and port and that a firewall lets this machine in."
}

// redisKind judges what answers there.
func (r *Report) redisKind(c redisstore.Condition) {
	if major(c.Version) < oldestRedis {
		r.fault("redis", "SigHej is made for Redis 7 and newer.", "version %s", c.Version)
	} else {
		r.ok("redis", "version %s, %s", c.Version, rounded(c.Latency)+" away")
	}
	if c.Latency > farRedis {
		r.warn("redis latency", "Each match and registration waits for it. Bring members and Redis closer together.",
			"half of the answers take longer than %s", rounded(c.Latency))
	}
	if c.Sharded {
		r.fault("redis cluster", "A match touches two sessions at once: use one primary, with Sentinel for failover.", "this is Redis Cluster")
	}
	if c.Role == "slave" {
		r.fault("redis role", "Name the primary in REDIS_URL, or the Sentinels: redis+sentinel://host:26379,host:26379/master.",
			"this is a replica")
	} else if c.Refused != nil {
		r.fault("redis writes", refusal(c.Refused.Error()), "a write is refused: %s", firstWords(c.Refused.Error()))
	} else {
		r.ok("redis writes", "scripts run and may write")
	}
}

func refusal(text string) string {
	switch {
	case strings.HasPrefix(text, "OOM"):
		return "It is full, and members answer 503. Raise maxmemory, or give it a machine with more."
	case strings.HasPrefix(text, "MISCONF"):
		return "It cannot write to its disk. Look at the space there and at Redis's log."
	case strings.HasPrefix(text, "NOPERM"):
		return "Let this user run scripts and write the keys session:* access:* partition:* stats:* member*."
	case strings.HasPrefix(text, "NOREPLICAS"):
		return "It is cut off from its replicas (min-replicas-to-write). Look at them."
	}
	return "Look at Redis's log."
}

// redisPromises judges what Redis would forget.
func (r *Report) redisPromises(c redisstore.Condition) {
	if c.Eviction == "noeviction" {
		r.ok("redis eviction", "maxmemory-policy noeviction")
	} else {
		r.fault("redis eviction", "When memory is short it would throw live sessions away. Set maxmemory-policy noeviction.",
			"maxmemory-policy %s", told(c.Eviction))
	}
	const fsync = "With everysec a crash of the machine loses up to 2 s of what phones were told, with no all since the kernel wrote. Set appendfsync always."
	switch {
	case !c.AOF:
		r.fault("redis durability", "A restart of Redis forgets all sessions and nudges. Set appendonly yes.", "no append-only file")
	case c.AOFFault:
		r.fault("redis durability", "Look at the space on its disk and at Redis's log.", "the last write to the append-only file failed")
	case c.Fsync == "always":
		r.ok("redis durability", "appendonly yes, appendfsync always")
	default:
		r.warn("redis durability", fsync, "appendonly yes, appendfsync %s", told(c.Fsync))
	}
}

func (r *Report) redisTime(c redisstore.Condition) {
	off := "behind"
	if c.Ahead > 0 {
		off = "ahead of"
	}
	if c.Ahead.Abs() > clockSlip {
		r.warn("redis clock", "Sessions live and die by Redis's. Let both machines keep time by NTP; Redis's is the one that must be right.",
			"its clock is %s %s this machine's", rounded(c.Ahead.Abs()), off)
		return
	}
	r.ok("redis clock", "like this machine's")
}
