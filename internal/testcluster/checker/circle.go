package checker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Each of the four people of a circle shares one label with each of the others.
const (
	circleSize  = 4
	circlePairs = circleSize * (circleSize - 1) / 2
)

// Mingle lets circles come until ctx ends; those that are there go on, see
// [Crowd.Settle]. It blocks.
func (c *Crowd) Mingle(ctx context.Context) {
	ticker := time.NewTicker(c.cfg.Circle)
	defer ticker.Stop()
	for n := 0; ; n++ {
		c.busy.Add(1)
		c.wg.Go(func() {
			defer c.busy.Done()
			c.circle(c.phones, n)
		})
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// circle is four people who come, meet and stay.
func (c *Crowd) circle(ctx context.Context, n int) {
	labels := make([][]string, circleSize)
	var meetings []*pair
	var ends [][2]int
	for i := range circleSize {
		for j := i + 1; j < circleSize; j++ {
			label := c.labels[(n*circlePairs+len(ends))%len(c.labels)]
			labels[i], labels[j] = append(labels[i], label), append(labels[j], label)
			meetings, ends = append(meetings, &pair{label: label}), append(ends, [2]int{i, j})
		}
	}
	people := make([]*person, circleSize)
	var coming sync.WaitGroup
	for i := range people {
		coming.Go(func() { people[i] = c.join(ctx, fmt.Sprintf("phone %d.%d", n, i), labels[i]) })
	}
	coming.Wait()
	for k, m := range meetings {
		if m.a, m.b = people[ends[k][0]], people[ends[k][1]]; m.a == nil || m.b == nil {
			return
		}
	}
	rand.Shuffle(len(meetings), func(i, j int) { meetings[i], meetings[j] = meetings[j], meetings[i] }) //nolint:gosec // no secret
	var meeting sync.WaitGroup
	for _, m := range meetings {
		c.mu.Lock()
		c.pairs = append(c.pairs, m)
		stranger := c.people[rand.IntN(len(c.people))] //nolint:gosec // no secret
		c.mu.Unlock()
		meeting.Go(func() { c.meet(ctx, m) })
		if !slices.Contains(people, stranger) {
			meeting.Go(func() { c.passes(ctx, people[rand.IntN(circleSize)], stranger) }) //nolint:gosec // no secret
		}
		wait(ctx, rand.N(2*c.cfg.Circle)) //nolint:gosec // no secret
	}
	meeting.Wait()
	c.looks(ctx, people[rand.IntN(circleSize)]) //nolint:gosec // no secret
}

// meet lets two people hear each other, often both at once.
func (c *Crowd) meet(ctx context.Context, m *pair) {
	var both sync.WaitGroup
	switch rand.IntN(4) { //nolint:gosec // no secret
	case 0:
		both.Go(func() { c.hears(ctx, m) })
	case 1:
		both.Go(func() { c.hearsBySocket(ctx, m) })
	}
	both.Go(func() { c.hears(ctx, m) })
	both.Wait()
}

// passes lets two people hear each other who share nothing; when the catalogue
// has come round they might.
func (c *Crowd) passes(ctx context.Context, p, stranger *person) {
	if !slices.ContainsFunc(p.labels, func(label string) bool { return slices.Contains(stranger.labels, label) }) {
		c.hears(ctx, &pair{a: p, b: stranger})
	}
}
