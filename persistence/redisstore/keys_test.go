package redisstore_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

func keys(t testing.TB, client *redis.Client) []string {
	t.Helper()
	all, err := client.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

func ttl(t testing.TB, client *redis.Client, key string) time.Duration {
	t.Helper()
	left, err := client.PTTL(t.Context(), key).Result()
	if err != nil {
		t.Fatal(err)
	}
	return left
}

func TestDeleteLeavesOnlyTheCounts(t *testing.T) {
	store, client := openEmpty(t), connect(t)
	a, b := register(t, store), register(t, store)
	commit(t, store, matchOf(a, b), sighej.Committed)
	for _, r := range []persistence.Registration{a, b} {
		if err := store.Delete(t.Context(), r.Session.Key()); err != nil {
			t.Fatal(err)
		}
	}
	wantOnlyCounts(t, client)
}

func TestExpiryLeavesOnlyTheCounts(t *testing.T) {
	store, client := openEmpty(t), connect(t)
	stays := register(t, store)
	for range 20 {
		r := registration(100 * time.Millisecond)
		if err := store.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Commit(t.Context(), matchOf(r, stays)); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "they expire", func() bool {
		n, err := store.Active(t.Context())
		return err == nil && n == 1
	})
	if err := store.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Load(t.Context(), stays.Session.Token); err != nil || got.Session.ID != stays.Session.ID {
		t.Errorf("the live one: %v", err)
	}
	if n, err := store.Active(t.Context()); n != 1 || err != nil {
		t.Errorf("%d active, %v", n, err)
	}
	if err := store.Delete(t.Context(), stays.Session.Key()); err != nil {
		t.Fatal(err)
	}
	wantOnlyCounts(t, client)
}

func wantOnlyCounts(t *testing.T, client *redis.Client) {
	t.Helper()
	for _, key := range keys(t, client) {
		if !strings.HasPrefix(key, "stats:") {
			t.Errorf("there is still %q", key)
		}
	}
}

func TestEverythingExpires(t *testing.T) {
	store, client := openEmpty(t), connect(t)
	a, b := register(t, store), register(t, store)
	m := matchOf(a, b)
	m.At = time.Date(2027, 1, 3, 0, 0, 0, 0, time.UTC)
	commit(t, store, m, sighej.Committed)
	if err := store.SetOpen(t.Context(), a.Session.Key(), false); err != nil {
		t.Fatal(err)
	}
	if err := store.AddSightings(t.Context(), "2027-01-01", "member-1", 1, 5); err != nil {
		t.Fatal(err)
	}
	if err := store.Seed(t.Context(), persistence.Totals{Day: "2027-01-02"}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Lease(t.Context(), "member-1", time.Minute); err != nil {
		t.Fatal(err)
	}
	limits := map[string]time.Duration{
		"session": time.Hour, "access": time.Hour, "pair": time.Hour, "stats": 8 * 24 * time.Hour, "lease": time.Minute,
	}
	seen := make(map[string]int)
	for _, key := range keys(t, client) {
		kind, _, _ := strings.Cut(key, ":")
		seen[kind]++
		if left, limit := ttl(t, client, key), limits[kind]; kind != "partition" && (left <= 0 || left > limit) {
			t.Errorf("a key of kind %s lives for %v, want at most %v", kind, left, limit)
		}
	}
	for kind, want := range map[string]int{"session": 2, "access": 2, "pair": 1, "stats": 4, "lease": 1} {
		if seen[kind] != want {
			t.Errorf("%d keys of kind %s, want %d", seen[kind], kind, want)
		}
	}
}

// Who the two of a match are is not to be read, and is gone with the first of them. Seen
// failing with seal giving back the plain text.
func TestPairsAreSealed(t *testing.T) {
	store, client := openEmpty(t), connect(t)
	a, b := registration(time.Hour), registration(time.Minute)
	for _, r := range []persistence.Registration{a, b} {
		if err := store.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	m := matchOf(a, b)
	commit(t, store, m, sighej.Committed)
	key := "pair:" + store.Pair(a.Session.Key(), b.Session.Key()).String()
	sealed, err := client.Get(t.Context(), key).Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, side := range []sighej.Side{m.A, m.B} {
		for _, secret := range []string{string(side.Session.Token), string(side.Session.ID[:]), side.Session.ID.String(), string(side.Nudge[:])} {
			if strings.Contains(sealed, secret) {
				t.Errorf("%q can be read", secret)
			}
		}
	}
	if left := ttl(t, client, key); left <= 0 || left > time.Minute {
		t.Errorf("it lives for %v", left)
	}
	if err := client.Set(t.Context(), key, sealed[:len(sealed)-1]+"?", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := store.SetOpen(t.Context(), a.Session.Key(), false); err != nil {
		t.Errorf("what nobody can read holds consent up: %v", err)
	}
}

func TestSeedsFields(t *testing.T) {
	store, client := openEmpty(t), connect(t)
	r := registration(time.Hour)
	r.Session.CreatedAt = time.Date(2027, 1, 1, 9, 30, 0, 5e6, time.UTC)
	if err := store.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	got, err := client.HGetAll(t.Context(), "session:"+string(r.Session.Token)).Result()
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{
		"session_id":          r.Session.ID.String(),
		"interests_hash":      r.Digest(),
		"interest_categories": `["music","tech"]`,
		"created_at":          "2027-01-01T09:30:00.005Z",
		"access_hash":         hex.EncodeToString(r.Session.Access[:]),
		"open":                "1",
		"expires_at":          fmt.Sprint(r.Session.ExpiresAt.UnixMilli()),
	} {
		if got[field] != want {
			t.Errorf("%s is %q, want %q", field, got[field], want)
		}
	}
	var categories []string
	if err := json.Unmarshal([]byte(got["interest_categories"]), &categories); err != nil {
		t.Error(err)
	}
}

// A copy of the database tells neither who was matched with whom nor what
// opens a session. (That it holds no labels is by type: the store gets none.)
func TestAtRest(t *testing.T) {
	store, client := openEmpty(t), connect(t)
	a, b := registration(time.Hour), registration(time.Hour)
	access := sighej.NewAccessToken()
	a.Session.Access = access.Hash()
	for _, r := range []persistence.Registration{a, b} {
		if err := store.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	commit(t, store, matchOf(a, b), sighej.Committed)
	all := dump(t, client)
	if strings.Contains(all, string(access)) {
		t.Error("the access token is at rest")
	}
	ofA, err := client.HGetAll(t.Context(), "session:"+string(a.Session.Token)).Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{string(b.Session.Token), b.Session.ID.String(), hex.EncodeToString(b.Session.ID[:])} {
		if strings.Contains(fmt.Sprint(ofA), secret) {
			t.Error("a session names its peer")
		}
	}
	shape := regexp.MustCompile(`^m:[A-Za-z0-9_-]{22}$`)
	matches := 0
	for field := range ofA {
		if shape.MatchString(field) {
			matches++
		}
	}
	if matches != 1 {
		t.Errorf("%d match fields of the agreed form in %v", matches, ofA)
	}
}

// dump is all keys and values as text.
func dump(t testing.TB, client *redis.Client) string {
	t.Helper()
	var all strings.Builder
	for _, key := range keys(t, client) {
		var value any
		var err error
		switch kind := client.Type(t.Context(), key).Val(); kind {
		case "hash":
			value, err = client.HGetAll(t.Context(), key).Result()
		case "zset":
			value, err = client.ZRangeWithScores(t.Context(), key, 0, -1).Result()
		case "string":
			value, err = client.Get(t.Context(), key).Result()
		default:
			err = fmt.Errorf("a key of type %s", kind)
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&all, key, value)
	}
	return all.String()
}
