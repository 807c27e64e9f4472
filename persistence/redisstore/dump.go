package redisstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Entry is something that Redis holds.
type Entry struct {
	Database int
	Key      string   // "" for what belongs to no key
	Type     string   // as Redis calls it; "slowlog" for a command in its slow log
	Values   []string // all of them: members, scores, fields and what these hold
}

// Dump calls each with everything that whoever has got hold of this Redis can
// read: all keys of all databases with all values, and the slow log. What comes
// or goes meanwhile may be left out. A key of a type that it cannot read, and each
// failing, end it. The URL is as for [Open]; it changes nothing and blocks.
func Dump(ctx context.Context, url string, each func(Entry) error) error {
	silence()
	client, err := connect(url)
	if err != nil {
		return fmt.Errorf("redisstore: %w", err)
	}
	defer func() { _ = client.Close() }()
	if err := dump(ctx, client, each); err != nil {
		return fmt.Errorf("redisstore: reading all of redis: %w", err)
	}
	return nil
}

func dump(ctx context.Context, client redis.UniversalClient, each func(Entry) error) error {
	info, err := client.Info(ctx, "keyspace").Result()
	if err != nil {
		return err
	}
	one, ok := client.(*redis.Client)
	if !ok {
		return fmt.Errorf("%T is no single server", client)
	}
	for _, db := range databases(info) {
		conn := one.Conn()
		err := conn.Select(ctx, db).Err()
		if err == nil {
			err = dumpDatabase(ctx, conn, db, each)
		}
		_ = conn.Close()
		if err != nil {
			return err
		}
	}
	return dumpSlowLog(ctx, client, each)
}

// databases returns which are not empty.
func databases(info string) (numbers []int) {
	for line := range strings.Lines(info) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), ":")
		if n, err := strconv.Atoi(strings.TrimPrefix(name, "db")); err == nil {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

func dumpDatabase(ctx context.Context, conn *redis.Conn, db int, each func(Entry) error) error {
	keys := conn.Scan(ctx, 0, "", 1000).Iterator()
	for keys.Next(ctx) {
		kind, err := conn.Type(ctx, keys.Val()).Result()
		if err != nil {
			return err
		}
		if kind == "none" { // gone meanwhile
			continue
		}
		values, err := everything(ctx, conn, keys.Val(), kind)
		if err != nil {
			return fmt.Errorf("a %s: %w", kind, err)
		}
		if err := each(Entry{Database: db, Key: keys.Val(), Type: kind, Values: values}); err != nil {
			return err
		}
	}
	return keys.Err()
}

// everything returns all that a key holds.
func everything(ctx context.Context, conn *redis.Conn, key, kind string) ([]string, error) {
	read := map[string][]any{
		"string": {"mget", key}, // like GET, but no error when it is gone meanwhile
		"hash":   {"hgetall", key},
		"list":   {"lrange", key, 0, -1},
		"set":    {"smembers", key},
		"zset":   {"zrange", key, 0, -1, "withscores"},
		"stream": {"xrange", key, "-", "+"},
	}[kind]
	if read == nil {
		return nil, fmt.Errorf("redis has a type that cannot be read here")
	}
	answer, err := conn.Do(ctx, read...).Result()
	return texts(nil, answer), err
}

// texts appends what an answer is made of.
func texts(all []string, answer any) []string {
	switch v := answer.(type) {
	case nil:
	case string:
		all = append(all, v)
	case []any:
		for _, item := range v {
			all = texts(all, item)
		}
	case map[any]any:
		for name, value := range v {
			all = texts(texts(all, name), value)
		}
	default:
		all = append(all, fmt.Sprint(v))
	}
	return all
}

func dumpSlowLog(ctx context.Context, client redis.UniversalClient, each func(Entry) error) error {
	log, err := client.SlowLogGet(ctx, -1).Result()
	if err != nil {
		return err
	}
	for _, command := range log {
		if err := each(Entry{Type: "slowlog", Values: command.Args}); err != nil {
			return err
		}
	}
	return nil
}
