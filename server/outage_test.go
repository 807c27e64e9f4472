package server

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/persistence"
	"i80.dk/sighej/persistence/pgstore"
	"i80.dk/sighej/wire"
)

const key = "a key of the server's tests, of 32+"

// TestRestart finds sessions, outboxes and counters again in Redis.
func TestRestart(t *testing.T) {
	redis := testservers.Redis(t)
	change := func(o *Options) { o.RedisURL, o.InterestKey, o.StatsFloor = redis.URL(), key, 0 }
	m := start(t, change)
	a, b := m.register(newToken(), "go", "chess"), m.register(newToken(), "Go")
	if _, answer := a.hears(b.token); answer["nudge_sent"] != true {
		t.Fatal(answer)
	}
	m.stop()

	m = start(t, change)
	a.member, b.member = m, m
	if got := fmt.Sprint(b.connect("sighej.v1").next("nudge")["shared_interests"]); got != "[go]" {
		t.Error("the outbox after the restart:", got)
	}
	if _, answer := b.hears(a.token); answer["match"] != true || answer["nudge_sent"] != false {
		t.Error("the pair after the restart:", answer)
	}
	c := m.register(newToken(), "chess")
	if _, answer := a.hears(c.token); answer["nudge_sent"] != true {
		t.Error("a new match after the restart:", answer)
	}
	want := `map[active_sessions_now:3 top_interest_categories:[games tech] total_matches_today:2 total_sessions_today:3`
	eventually(t, "the counts: "+want, func() bool {
		_, answer := m.exchange("GET", "http://"+m.addr.Admin+"/stats", "", nil)
		return strings.HasPrefix(fmt.Sprint(answer), want)
	})
}

// TestRedisOutage stops the real server and starts it again.
func TestRedisOutage(t *testing.T) {
	redis := testservers.Redis(t)
	m := start(t, func(o *Options) { o.RedisURL = redis.URL() })
	a, b, c := m.register(newToken(), "go"), m.register(newToken(), "go"), m.register(newToken(), "chess")
	sock := b.connect("sighej.v1")
	sock.next("welcome")
	redis.Stop()
	for _, x := range []struct {
		what         string
		method, path string
		bearer       string
		body         any
		status       int
		code         string
	}{
		{"a registration", "POST", "/session", "", wire.CreateSession{BLEToken: newToken(), Interests: []string{"go"}}, 503, "unavailable"},
		{"no overlap", "POST", "/match", a.access, wire.MatchRequest{OwnToken: a.token, DetectedToken: c.token}, 200, ""},
		{"an overlap", "POST", "/match", a.access, wire.MatchRequest{OwnToken: a.token, DetectedToken: b.token}, 503, "unavailable"},
		{"readiness", "GET", "/ready", "", nil, 503, ""},
		{"liveness", "GET", "/health", "", nil, 200, ""},
	} {
		resp, answer := m.exchange(x.method, m.base()+x.path, x.bearer, x.body)
		if code, _ := answer["code"].(string); resp.StatusCode != x.status || code != x.code {
			t.Errorf("%s: %d %v, want %d %q", x.what, resp.StatusCode, answer, x.status, x.code)
		}
		if resp.StatusCode == 503 && x.code != "" && resp.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", x.what)
		}
	}
	if err := redis.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "ready again", func() bool { status, _ := m.call("GET", "/ready", "", nil); return status == 200 })
	eventually(t, "the overlap becomes a match", func() bool {
		status, answer := a.hears(b.token)
		return status == 200 && answer["match"] == true
	})
	if n := sock.next("nudge"); n == nil {
		t.Error("the connection did not last")
	}
	m.register(newToken(), "go")
}

// TestPostgresOutage: nothing changes but the age of the statistics.
func TestPostgresOutage(t *testing.T) {
	postgres := testservers.Postgres(t)
	url := postgres.NewDatabase(t)
	m := start(t, func(o *Options) { o.DatabaseURL = url })
	m.register(newToken(), "go")
	store, err := pgstore.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	today := func() persistence.Totals {
		totals, err := store.Totals(context.Background(), persistence.DayOf(time.Now()))
		if err != nil {
			return persistence.Totals{Sessions: -1}
		}
		return totals
	}
	eventually(t, "the first session in PostgreSQL", func() bool { return today().Sessions == 1 })
	postgres.Stop()
	a, b := m.register(newToken(), "go"), m.register(newToken(), "go")
	if status, answer := a.hears(b.token); status != 200 || answer["nudge_sent"] != true {
		t.Error(status, answer)
	}
	if status, answer := m.call("GET", "/ready", "", nil); status != 200 || answer["status"] != "degraded" {
		t.Error(status, answer)
	}
	if err := postgres.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the statistics catch up", func() bool {
		totals := today()
		return totals.Sessions == 3 && totals.Matches == 1 && totals.Sightings == 1
	})
}

// TestStop closes with 1012, flushes the statistics and ends.
func TestStop(t *testing.T) {
	var dir string
	m := start(t, func(o *Options) { dir = o.DataDir })
	a, b := m.register(newToken(), "go"), m.register(newToken(), "go")
	v1, bare := a.connect("sighej.v1"), b.connect()
	a.hears(b.token)
	m.stop()
	if d := v1.next("draining"); d == nil || d["reconnect_after_ms"] == nil {
		t.Error("no draining frame:", d)
	}
	for _, s := range []*socket{v1, bare} {
		if code := s.closed(); code != int(wire.CloseDraining) {
			t.Error("closed with", code)
		}
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "statistics.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var sessions, matches, sightings int
	row := db.QueryRow("SELECT total_sessions, total_matches, total_sightings FROM daily_stats")
	if err := row.Scan(&sessions, &matches, &sightings); err != nil || sessions != 2 || matches != 1 || sightings != 1 {
		t.Error("flushed:", sessions, matches, sightings, err)
	}
}

// TestLogsNameNobody lets a member log all it has to say, at its most
// talkative, and looks for what must not be in it.
func TestLogsNameNobody(t *testing.T) {
	redis := testservers.Redis(t)
	log := new(lockedBuffer)
	o := DefaultOptions()
	o.LogLevel, o.LogFormat = "debug", LogJSON
	m := startLogging(t, NewLogger(log, o), func(o *Options) { o.RedisURL, o.SightingsBurst = redis.URL(), 3 })
	a, b := m.register("secret-token-a", "devops", "a word of mine"), m.register("secret-token-b", "devops", "a word of mine")
	sock := a.connect("sighej.v1", "bearer."+a.access)
	sock.next("welcome")
	sock.send(wire.ClientFrame{Type: "ack", ID: "secret-token-a"})
	sock.send(wire.ClientFrame{Type: "sighting", Tokens: []string{"secret-token-a"}})
	_ = sock.conn.WriteMessage(2, []byte("secret-token-a"))
	a.hears(b.token)
	b.hears(a.token)
	for range 5 {
		a.hears(b.token)
	}
	m.call("POST", "/session", "", wire.CreateSession{BLEToken: a.token, Interests: []string{"devops"}})
	m.call("POST", "/session", "", `{"ble_token": "secret-token-a!", "interests": ["a word of mine", 7]}`)
	m.call("GET", "/ws/secret-token-a", a.access, nil)
	redis.Stop()
	a.hears(b.token)
	m.call("GET", "/session", a.access, nil)
	m.call("DELETE", "/session", a.access, nil)
	m.stop()
	text := log.String()
	if !strings.Contains(text, `"msg":"serving"`) {
		t.Error("nothing was logged:", text)
	}
	for _, secret := range []string{"secret-token", a.access, b.access, "devops", "a word of mine"} {
		if i := strings.Index(text, secret); i >= 0 {
			t.Errorf("%q is in the log: …%s…", secret, text[max(0, i-200):min(len(text), i+100)])
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}
