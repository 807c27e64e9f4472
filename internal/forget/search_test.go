package forget_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"i80.dk/sighej/internal/forget"
	"i80.dk/sighej/internal/testservers"
)

var planted = forget.Secret{Name: "the planted one", Value: []byte("knitting socks at night")}

// search searches one place and reports whether the planted secret was found.
func search(t *testing.T, d forget.Deployment) bool {
	t.Helper()
	r, err := d.Search(t.Context(), []forget.Secret{forget.Text("another one", "nobody has this"), planted})
	if err != nil {
		t.Fatal(err)
	}
	if r.Found("another one") || r.Clean() == r.Found(planted.Name) {
		t.Errorf("found %+v", r.Findings)
	}
	text, err := json.Marshal(r)
	if err != nil || bytes.Contains(text, planted.Value) {
		t.Errorf("the report tells the secret: %s %v", text, err)
	}
	return !r.Clean()
}

func file(t *testing.T, content []byte) forget.Deployment {
	name := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return forget.Deployment{Files: []string{name}}
}

func TestEveryFormIsFound(t *testing.T) {
	v := planted.Value
	sum := sha256.Sum256(v)
	for name, text := range map[string]string{
		"itself":                    "a line about " + string(v) + "!",
		"hex":                       hex.EncodeToString(v),
		"large hex":                 strings.ToUpper(hex.EncodeToString(v)),
		"base64":                    base64.StdEncoding.EncodeToString(v),
		"base64 after a byte":       base64.RawURLEncoding.EncodeToString(append([]byte("x"), v...)),
		"base64 after two":          base64.RawURLEncoding.EncodeToString(append(append([]byte("xy"), v...), "and more"...)),
		"a plain hash":              string(sum[:]),
		"a plain hash in hex":       "interests_hash " + hex.EncodeToString(sum[:]),
		"a plain hash in base64":    base64.RawURLEncoding.EncodeToString(sum[:]),
		"at the end of a piece":     strings.Repeat(".", 1<<20-5) + string(v),
		"at the end of the second":  strings.Repeat(".", 2<<20-7) + string(v) + strings.Repeat(".", 1<<20),
		"at the end of a long file": strings.Repeat(".", 5<<20) + string(v),
	} {
		if !search(t, file(t, []byte(text))) {
			t.Errorf("%s is not found", name)
		}
	}
	if search(t, file(t, bytes.Repeat([]byte("knitting socks at nigh."), 1<<16))) {
		t.Error("found where it is not")
	}
}

func TestEveryPlaceIsSearched(t *testing.T) {
	t.Run("Redis", func(t *testing.T) {
		r := startRedis(t)
		d := forget.Deployment{RedisURL: r.URL()}
		if search(t, d) {
			t.Error("found in an empty Redis")
		}
		for _, command := range [][]any{
			{"set", "text", planted.Value},
			{"hset", "hash", planted.Value, 1},
			{"hset", "hash", "field", planted.Value},
			{"zadd", "partition:7", 1, planted.Value},
			{"set", "session:" + string(planted.Value), 1},
		} {
			r.FlushAll(t)
			ask(t, r, command...)
			if !search(t, d) {
				t.Errorf("not found after %s %s", command[0], command[1])
			}
		}
		r.FlushAll(t)
		ask(t, r, "config", "set", "slowlog-log-slower-than", 0)
		ask(t, r, "exists", planted.Value)
		ask(t, r, "config", "set", "slowlog-log-slower-than", -1)
		if !search(t, d) {
			t.Error("not found in the slow log")
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		p := testservers.Postgres(t)
		d := forget.Deployment{DatabaseURL: p.URL()}
		if search(t, d) {
			t.Error("found in an empty database")
		}
		conn, err := pgx.Connect(t.Context(), p.URL())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(t.Context()) }()
		if _, err := conn.Exec(t.Context(), `CREATE TABLE x (v BYTEA); INSERT INTO x VALUES ('`+string(planted.Value)+`')`); err != nil {
			t.Fatal(err)
		}
		if !search(t, d) {
			t.Error("not found")
		}
	})
	t.Run("pages", func(t *testing.T) {
		text := "nothing"
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer admin" {
				w.WriteHeader(http.StatusUnauthorized)
			}
			_, _ = w.Write([]byte(text))
		}))
		defer server.Close()
		d := forget.Deployment{Pages: forget.AdminPages(server.URL + "/"), AdminToken: "admin"}
		if search(t, d) {
			t.Error("found where it is not")
		}
		text = string(planted.Value)
		if !search(t, d) {
			t.Error("not found")
		}
		d.AdminToken = "wrong"
		if _, err := d.Search(t.Context(), []forget.Secret{planted}); err == nil {
			t.Error("a page that could not be read counts as searched")
		}
	})
}

// What stays is told as soon as it has stayed for too long, and what goes is no
// trace.
func TestATraceMayStayForAWhile(t *testing.T) {
	d := file(t, planted.Value)
	r, err := d.AwaitNothing(t.Context(), []forget.Secret{planted}, time.Millisecond)
	if err != forget.ErrTraces || r.Clean() || !strings.Contains(written(t, r), "FOUND  the planted one") { //nolint:errorlint // it comes bare
		t.Error(err, r)
	}
	gone := make(chan error, 1)
	go func() { gone <- os.Remove(d.Files[0]) }()
	r, err = d.AwaitNothing(t.Context(), []forget.Secret{planted}, time.Minute)
	if err != nil || !r.Clean() || !strings.Contains(written(t, r), "nothing was found\nsha256 "+r.Digest()) || <-gone != nil {
		t.Error(err, r)
	}
}

func written(t *testing.T, r *forget.Report) string {
	var b strings.Builder
	if _, err := r.WriteTo(&b); err != nil {
		t.Error(err)
	}
	return b.String()
}

func TestTheDigestIsOfTheWholeReport(t *testing.T) {
	digest := func(d forget.Deployment, s ...forget.Secret) string {
		r, err := d.Search(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		r.Began = time.Time{}
		return r.Digest()
	}
	empty, full := file(t, nil), file(t, planted.Value)
	full.Files[0], empty.Files[0] = empty.Files[0], full.Files[0]
	all := []string{digest(empty, planted), digest(full, planted), digest(empty, planted, forget.Text("more", "more and more"))}
	slices.Sort(all)
	if len(slices.Compact(all)) != 3 {
		t.Error("reports of different searches have one digest")
	}
	if _, err := empty.Search(t.Context(), []forget.Secret{forget.Text("short", "abc")}); err == nil {
		t.Error("a secret that is found by chance is accepted")
	}
}

func TestExcept(t *testing.T) {
	a := []forget.Secret{forget.Text("a1", "common thing"), forget.Text("a2", "own thing")}
	own := forget.Except(a, []forget.Secret{forget.Text("b", "common thing")})
	if len(own) != 1 || own[0].Name != "a2" {
		t.Errorf("%+v", own)
	}
}

// A trial against another Redis than the member's would prove nothing.
func TestATrialThatSeesNothingFails(t *testing.T) {
	_, d := deployments["alone"](t, 60)
	members, _ := deployments["alone"](t, 60)
	d.RedisURL = startRedis(t).URL()
	if _, err := (forget.Trial{Base: members[0].Base(), Deployment: d}).Run(t.Context()); err != forget.ErrBlind { //nolint:errorlint // it comes bare
		t.Error(err)
	}
}
