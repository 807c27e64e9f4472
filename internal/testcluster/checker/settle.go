package checker

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"i80.dk/sighej/wire"
)

// Bounds of the end. A phone waits for up to 10 s before it connects again.
const (
	arriveWithin = 60 * time.Second
	look         = 100 * time.Millisecond
)

// Settle waits until all circles are through, has each pair meet once more and
// waits until all nudges have arrived that must. It returns what was not as
// promised, from the beginning. Nothing may be broken any more.
func (c *Crowd) Settle(ctx context.Context) []string {
	c.Rest()
	pairs := c.met()
	var meeting sync.WaitGroup
	slots := make(chan struct{}, 16)
	for _, m := range pairs {
		slots <- struct{}{}
		meeting.Go(func() {
			defer func() { <-slots }()
			c.hears(ctx, m)
		})
	}
	meeting.Wait()
	if missing := c.arrive(ctx, pairs); missing != "" {
		c.fault("after %v these nudges have not arrived: %s", arriveWithin, missing)
	}
	for _, m := range pairs {
		for _, p := range []*person{m.a, m.b} {
			if n := len(p.ids(m.label)); n > 1 {
				c.fault("%s has %d nudges about %s", p.name, n, m.label)
			}
		}
	}
	c.strays(pairs)
	return c.Faults()
}

// Rest waits until all circles are through that have come.
func (c *Crowd) Rest() { c.busy.Wait() }

func (c *Crowd) met() []*pair {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.pairs)
}

// arrive waits for the nudges of all pairs and names what is missing.
func (c *Crowd) arrive(ctx context.Context, pairs []*pair) string {
	deadline := time.Now().Add(arriveWithin)
	for {
		missing := c.missing(pairs)
		if len(missing) == 0 || time.Now().After(deadline) || ctx.Err() != nil {
			return strings.Join(missing, "; ")
		}
		wait(ctx, look)
	}
}

func (c *Crowd) missing(pairs []*pair) (missing []string) {
	for _, m := range pairs {
		for _, p := range []*person{m.a, m.b} {
			if len(p.ids(m.label)) == 0 {
				missing = append(missing, fmt.Sprintf("%s about %s (%s)", p.name, m.label, c.cfg.Home(p.Token())))
			}
		}
	}
	return missing
}

// strays finds nudges about what no two people have that met.
func (c *Crowd) strays(pairs []*pair) {
	expected := map[*person]map[string]bool{}
	for _, m := range pairs {
		for _, p := range []*person{m.a, m.b} {
			if expected[p] == nil {
				expected[p] = map[string]bool{}
			}
			expected[p][m.label] = true
		}
	}
	c.mu.Lock()
	people := slices.Clone(c.people)
	c.mu.Unlock()
	for _, p := range people {
		p.mu.Lock()
		for label := range p.nudges {
			if !expected[p][label] {
				defer c.fault("%s was nudged about %s without a match", p.name, label)
			}
		}
		p.mu.Unlock()
	}
}

// Made returns how many matches there are, and at least and at most how many
// sessions were made.
func (c *Crowd) Made() (matches, atLeast, atMost int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pairs), len(c.people), c.tries
}

// CheckStats compares the statistics of a member, at its operators' address, with
// what happened. It waits a little for counts that are under way.
func (c *Crowd) CheckStats(ctx context.Context, admin string) error {
	deadline := time.Now().Add(arriveWithin / 4)
	for {
		err := c.compare(ctx, admin)
		if err == nil || time.Now().After(deadline) || ctx.Err() != nil {
			return err
		}
		wait(ctx, look)
	}
}

func (c *Crowd) compare(ctx context.Context, admin string) error {
	var stats wire.Stats
	if err := c.get(ctx, admin, "/stats", &stats); err != nil {
		return err
	}
	matches, atLeast, atMost := c.Made()
	if n := int(stats.TotalMatchesToday); n != matches {
		return fmt.Errorf("%d matches are counted, not %d", n, matches)
	}
	if n := int(stats.TotalSessionsToday); n < atLeast || n > atMost {
		return fmt.Errorf("%d sessions are counted, not %d to %d", n, atLeast, atMost)
	}
	if n := int(stats.ActiveSessionsNow); n < atLeast || n > atMost {
		return fmt.Errorf("%d sessions are active, not %d to %d", n, atLeast, atMost)
	}
	return nil
}

// Recover looks at up to n sessions at home on a member until each was answered
// through another one, and returns how long that took.
func (c *Crowd) Recover(ctx context.Context, n int, victim string) (time.Duration, error) {
	began := time.Now()
	var there []*person
	c.mu.Lock()
	for _, p := range c.people {
		if len(there) < n && c.cfg.Home(p.Token()) == victim {
			there = append(there, p)
		}
	}
	c.mu.Unlock()
	edges := slices.DeleteFunc(slices.Clone(c.edges), func(edge string) bool { return edge == host(victim) })
	for i := 0; len(there) > 0; i++ {
		way, trip := through(ctx, edges[i%len(edges)])
		_, err := there[0].State(way)
		switch {
		case err == nil:
			there = there[1:]
			continue
		case ctx.Err() != nil:
			return 0, fmt.Errorf("%s is not served: %w", there[0].name, err)
		case trip.status != http.StatusServiceUnavailable && !trip.failed():
			return 0, fmt.Errorf("%s: %d %w", there[0].name, trip.status, err)
		}
		wait(ctx, look)
	}
	return time.Since(began), nil
}
