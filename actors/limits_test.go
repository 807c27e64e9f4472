package actors

import (
	"testing"
	"time"
)

func TestMeter(t *testing.T) {
	start := time.Unix(1_000_000, 0)
	type step struct {
		after            time.Duration
		n, want          int
		waitMilliseconds int64
	}
	for _, c := range []struct {
		name        string
		rate, burst int
		steps       []step
	}{
		{"off", 0, 0, []step{{0, 1 << 20, 1 << 20, 0}}},
		{"a burst and no more", 20, 100, []step{{0, 60, 60, 0}, {0, 60, 40, 50}, {0, 1, 0, 50}}},
		{"refills at the rate", 20, 100, []step{{0, 100, 100, 0}, {time.Second, 30, 20, 50}, {time.Hour, 101, 100, 50}}},
		{"burst below one is one", 1, 0, []step{{0, 2, 1, 1000}, {time.Second, 1, 1, 0}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m meter
			now := start
			for i, s := range c.steps {
				now = now.Add(s.after)
				got, wait := m.take(now, s.n, c.rate, c.burst)
				if got != s.want || wait.Milliseconds() != s.waitMilliseconds {
					t.Errorf("step %d: granted %d and wait %v, want %d and %d ms", i, got, wait, s.want, s.waitMilliseconds)
				}
			}
		})
	}
}

func TestHourlyForgetsAfterAnHour(t *testing.T) {
	var h hourly
	start := time.Unix(1_000_000, 0)
	for i := range 3 {
		h.add(start.Add(time.Duration(i) * 20 * time.Minute))
	}
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{40 * time.Minute, 3}, {time.Hour - time.Millisecond, 3}, {time.Hour, 2}, {2 * time.Hour, 0}} {
		if got := h.count(start.Add(c.after)); got != c.want {
			t.Errorf("after %v: %d, want %d", c.after, got, c.want)
		}
	}
}
