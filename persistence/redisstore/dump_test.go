package redisstore_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/persistence/redisstore"
)

func TestDumpTellsEverything(t *testing.T) {
	private := testservers.Redis(t)
	options, err := redis.ParseURL(private.URL())
	if err != nil {
		t.Fatal(err)
	}
	options.DB = 3
	options.Protocol = 2
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	for _, command := range [][]any{
		{"config", "set", "slowlog-log-slower-than", 0},
		{"set", "text", "needle-1"},
		{"hset", "hash", "needle-2", "needle-3"},
		{"rpush", "list", "needle-4"},
		{"sadd", "set", "needle-5"},
		{"zadd", "sorted", 123456, "needle-6"},
		{"xadd", "stream", "*", "needle-7", "needle-8"},
		{"set", "needle-9", ""},
		{"config", "set", "slowlog-log-slower-than", -1},
	} {
		if err := client.Do(t.Context(), command...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	var all, slow []string
	err = redisstore.Dump(t.Context(), private.URL(), func(e redisstore.Entry) error {
		if e.Type == "slowlog" {
			slow = append(slow, e.Values...)
			return nil
		}
		if e.Database != 3 {
			t.Errorf("%+v", e)
		}
		all = append(append(all, e.Key), e.Values...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, needle := range strings.Fields("needle-1 needle-2 needle-3 needle-4 needle-5 needle-6 123456 needle-7 needle-8 needle-9") {
		if !slices.Contains(all, needle) {
			t.Errorf("%s is not among %q", needle, all)
		}
	}
	if !slices.Contains(slow, "needle-3") {
		t.Errorf("the slow log is left out: %q", slow)
	}
	enough := errors.New("enough")
	if err := redisstore.Dump(t.Context(), private.URL(), func(redisstore.Entry) error { return enough }); !errors.Is(err, enough) {
		t.Error(err)
	}
}
