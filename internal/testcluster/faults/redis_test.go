//go:build linux

package faults

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"i80.dk/sighej/internal/testcluster"
)

var errAnswers = errors.New("it does")

// Redis is stopped, or dies, and comes back with its data.
func TestRedisRestart(t *testing.T) {
	w := begin(t, testcluster.Config{})
	for _, away := range in([]time.Duration{0, 2 * time.Second}, []time.Duration{0, time.Second, 2 * time.Second, 8 * time.Second}) {
		w.Redis.Kill()
		if away > 0 {
			w.eventually("a member without Redis is not ready", recovery, func() error {
				if w.status(w.Members[0], "/ready") == http.StatusOK {
					return errAnswers
				}
				return nil
			})
			if status := w.status(w.Members[0], "/health"); status != http.StatusOK {
				t.Errorf("GET /health without Redis: %d", status)
			}
		}
		w.wait(away)
		w.must(w.Redis.Start())
		w.whole()
		w.wait(settled())
	}
	w.end()
}

// Redis hangs for longer than the members' leases.
func TestRedisFrozen(t *testing.T) {
	w := begin(t, testcluster.Config{})
	for range in(1, 5) {
		w.Redis.Pause()
		w.wait(5 * time.Second)
		w.Redis.Resume()
		w.whole()
		w.wait(settled())
	}
	w.end()
}

// Redis answers late: everything takes longer and nothing fails.
func TestRedisSlow(t *testing.T) {
	w := begin(t, testcluster.Config{ProxyRedis: true})
	w.Expect(func(_, _, _ string) bool { return false })
	w.must(w.Slow(200 * time.Millisecond))
	w.wait(in(4*time.Second, 20*time.Second))
	w.must(w.Quick(t.Context()))
	w.Expect(nil)
	w.end()
}

// The connections to Redis are lost again and again.
func TestRedisResets(t *testing.T) {
	w := begin(t, testcluster.Config{ProxyRedis: true})
	before := w.ids()
	for range in(10, 60) {
		w.must(w.Sever())
		w.wait(300 * time.Millisecond)
	}
	w.whole()
	if now := w.ids(); now != before {
		t.Errorf("the members were %s and are %s", before, now)
	}
	w.end()
}

// Redis is full and refuses to write, also the leases.
func TestRedisFull(t *testing.T) {
	w := begin(t, testcluster.Config{})
	for range in(1, 3) {
		w.must(w.Store().ConfigSet(t.Context(), "maxmemory", "1").Err())
		w.wait(in(3*time.Second, 8*time.Second))
		w.must(w.Store().ConfigSet(t.Context(), "maxmemory", "0").Err())
		w.whole()
		w.wait(settled())
	}
	w.end()
}
