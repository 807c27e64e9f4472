package redisstore

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"i80.dk/sighej"
)

func TestDropLate(t *testing.T) {
	now := time.Now()
	gone := make(chan struct{})
	close(gone)
	waiting := func(since time.Duration, gone chan struct{}) *call {
		return &call{
			cmds: []redis.Cmder{redis.NewStatusCmd(context.Background(), "ping")}, since: now.Add(-since),
			gone: gone, done: make(chan struct{}),
		}
	}
	fresh, old, abandoned, last := waiting(0, nil), waiting(maxWait+1, nil), waiting(0, gone), waiting(maxWait, nil)
	kept := dropLate([]*call{fresh, old, abandoned, last}, now)
	if len(kept) != 2 || kept[0] != fresh || kept[1] != last {
		t.Errorf("kept %d calls", len(kept))
	}
	for _, c := range []*call{old, abandoned} {
		select {
		case <-c.done:
		default:
			t.Error("a dropped call was not answered")
		}
	}
	if sighej.CodeOf(old.err) != sighej.CodeOverloaded {
		t.Errorf("the late call: %v, want code overloaded", old.err)
	}
}

// answer is an error that Redis answers with.
type answer string

func (a answer) Error() string { return string(a) }
func (answer) RedisError()     {}

// Redis quotes commands in some errors, and so tokens.
func TestFault(t *testing.T) {
	for text, want := range map[string]struct {
		code    sighej.Code
		message string
	}{
		"LOADING Redis is loading the dataset in memory":                             {sighej.CodeUnavailable, "the session store is not ready: Redis answers LOADING"},
		"OOM command not allowed when used memory > 'maxmemory'. script: SECRET":     {sighej.CodeUnavailable, "the session store is not ready: Redis answers OOM"},
		"READONLY You can't write against a read only replica.":                      {sighej.CodeUnavailable, "the session store is not ready: Redis answers READONLY"},
		"ERR max number of clients reached":                                          {sighej.CodeUnavailable, "the session store is not ready: Redis answers ERR"},
		"NOPERM No permissions to access the key session:SECRET":                     {sighej.CodeUnavailable, "the session store is not ready: Redis answers NOPERM"},
		"WRONGTYPE Operation against a key holding the wrong kind of value":          {sighej.CodeInternal, "the session store failed: Redis answers WRONGTYPE"},
		"ERR unknown command 'evalsha', with args beginning with: 'session:SECRET' ": {sighej.CodeInternal, "the session store failed: Redis answers ERR"},
	} {
		err := fault(answer(text))
		if sighej.CodeOf(err) != want.code || err.Error() != want.message {
			t.Errorf("%s: %s, %q", text, sighej.CodeOf(err), err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := late(ctx); sighej.CodeOf(err) != sighej.CodeUnavailable {
		t.Errorf("a context that has ended: %v", err)
	}
}
