package doctor_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/persistence/pgstore"
	"i80.dk/sighej/server"
	"i80.dk/sighej/server/doctor"
)

// redisAt sends commands to a Redis, each a line of words.
func redisAt(t *testing.T, address string, commands ...string) {
	t.Helper()
	opts, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(opts)
	defer func() { _ = client.Close() }()
	for _, command := range commands {
		var words []any
		for _, word := range strings.Fields(command) {
			words = append(words, word)
		}
		if err := client.Do(t.Context(), words...).Err(); err != nil {
			t.Fatalf("%s: %v", command, err)
		}
	}
}

func withRedis(t *testing.T, url string) server.Options {
	o := settings(t)
	o.RedisURL = url
	return o
}

func TestASoundRedis(t *testing.T) {
	r := testservers.Redis(t)
	redisAt(t, r.URL(), "config set appendfsync always")
	report := examine(t, withRedis(t, r.URL()))
	want(t, report, "redis", doctor.OK, "version ")
	for _, check := range []string{"redis writes", "redis eviction", "redis durability", "redis clock"} {
		want(t, report, check, doctor.OK, "")
	}
	if report.Count(doctor.Fault) != 0 {
		t.Error(text(report))
	}
}

func TestAnUnsoundRedis(t *testing.T) {
	for name, tc := range map[string]struct {
		commands     string // one a line
		check, words string
		state        doctor.State
	}{
		"evicting":   {"config set maxmemory-policy allkeys-lru", "redis eviction", "allkeys-lru", doctor.Fault},
		"forgetting": {"config set appendonly no", "redis durability", "no append-only file", doctor.Fault},
		"lazy":       {"config set appendfsync everysec", "redis durability", "everysec", doctor.Warning},
		"full":       {"config set maxmemory 1", "redis writes", "OOM", doctor.Fault},
		"a replica":  {"replicaof 127.0.0.1 1", "redis role", "replica", doctor.Fault},
		"without its replicas": {
			"config set min-replicas-to-write 1", "redis writes", "NOREPLICAS", doctor.Fault,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := testservers.Redis(t)
			redisAt(t, r.URL(), strings.Split(tc.commands, "\n")...)
			want(t, examine(t, withRedis(t, r.URL())), tc.check, tc.state, tc.words)
		})
	}
}

func TestRedisUsers(t *testing.T) {
	r := testservers.Redis(t)
	host := strings.TrimPrefix(r.URL(), "redis://")
	redisAt(t, r.URL(), "acl setuser reader on >s3cr3t +@read +@connection +info +time ~*", "acl setuser nobody on >s3cr3t +@connection")
	report := examine(t, withRedis(t, "redis://reader:s3cr3t@"+host))
	want(t, report, "redis writes", doctor.Fault, "NOPERM")
	want(t, report, "redis durability", doctor.Warning, "does not tell")
	want(t, examine(t, withRedis(t, "redis://nobody:s3cr3t@"+host)), "redis", doctor.Fault, "NOPERM")
	report = examine(t, withRedis(t, "redis://reader:wr0ng@"+host))
	want(t, report, "redis", doctor.Fault, "WRONGPASS")
	if strings.Contains(text(report), "wr0ng") {
		t.Error("the password is told")
	}
}

func TestRedisAway(t *testing.T) {
	r := testservers.Redis(t)
	r.Stop()
	want(t, examine(t, withRedis(t, r.URL())), "redis", doctor.Fault, "connection refused")
}

func TestRedisHangs(t *testing.T) {
	r := testservers.Redis(t)
	r.Pause()
	defer r.Resume()
	want(t, examine(t, withRedis(t, r.URL())), "redis", doctor.Fault, "")
}

func TestRedisClock(t *testing.T) {
	r := testservers.Redis(t)
	for off, words := range map[time.Duration]string{-time.Hour: "1h0m0s ahead of", time.Hour: "1h0m0s behind"} {
		now := func() time.Time { return time.Now().Add(off) }
		report := doctor.Examine(t.Context(), doctor.Config{Options: withRedis(t, r.URL()), Now: now})
		want(t, report, "redis clock", doctor.Warning, words)
	}
}

func TestRedisFarAway(t *testing.T) {
	r := testservers.Redis(t)
	proxy := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "redis",
		"127.0.0.1:0", strings.TrimPrefix(r.URL(), "redis://"))
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	defer proxy.Stop()
	const late = `{"name":"late","type":"latency","stream":"downstream","attributes":{"latency":30}}`
	if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(late)); err != nil {
		t.Fatal(err)
	}
	want(t, examine(t, withRedis(t, "redis://"+proxy.Listen)), "redis latency", doctor.Warning, "ms")
}

func withPostgres(t *testing.T, url string) server.Options {
	o := settings(t)
	o.DatabaseURL = url
	return o
}

func TestPostgres(t *testing.T) {
	p := testservers.Postgres(t)
	address := p.NewDatabase(t)
	report := examine(t, withPostgres(t, address))
	want(t, report, "postgresql", doctor.OK, "version ")
	want(t, report, "postgresql rights", doctor.OK, "enough")
	want(t, report, "postgresql tables", doctor.OK, "none yet")

	store, err := pgstore.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	if err := store.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, examine(t, withPostgres(t, address)), "postgresql tables", doctor.OK, "the newest")

	postgresAt(t, address, `DELETE FROM goose_db_version WHERE version_id = 2`)
	want(t, examine(t, withPostgres(t, address)), "postgresql tables", doctor.OK, "version 1: the next start brings them to 2")
	postgresAt(t, address, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (2, true), (99, true)`)
	want(t, examine(t, withPostgres(t, address)), "postgresql tables", doctor.Warning, "version 99")

	postgresAt(t, address, `CREATE ROLE reader LOGIN`, `GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader`)
	reader, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	reader.User = url.User("reader")
	want(t, examine(t, withPostgres(t, reader.String())), "postgresql rights", doctor.Fault, "to insert into daily_stats")
	want(t, examine(t, withPostgres(t, address+"&default_transaction_read_only=on")), "postgresql", doctor.Fault, "no writes")
	want(t, examine(t, withPostgres(t, strings.Replace(address, "?", "x?", 1))), "postgresql", doctor.Fault, "does not exist")

	p.Stop()
	report = examine(t, withPostgres(t, address))
	want(t, report, "postgresql", doctor.Fault, "connection refused")
	if strings.Contains(fmt.Sprint(report), "not-checked") {
		t.Error("the password is told")
	}
}

func postgresAt(t *testing.T, address string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}
