//go:build linux

package testcluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/cluster"
)

// wholeWithin bounds the wait for equal maps; joining is promised within 2 s, and
// a killed member is out of the map within 6.
const wholeWithin = 60 * time.Second

// View returns the members as Redis has them, whatever each of them has seen of
// that yet.
func (c *Cluster) View(ctx context.Context) (*cluster.View, error) {
	ids, err := c.store.ZRange(ctx, "members", 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("testcluster: list the members: %w", err)
	}
	var members []cluster.Member
	for _, id := range ids {
		record, err := c.store.Get(ctx, "member:"+id).Result()
		if err != nil {
			return nil, fmt.Errorf("testcluster: read member %s: %w", id, err)
		}
		var m cluster.Member
		if err := json.Unmarshal([]byte(record), &m); err != nil {
			return nil, fmt.Errorf("testcluster: read member %s: %w", id, err)
		}
		members = append(members, m)
	}
	return cluster.NewView(members), nil
}

// AwaitWhole waits until all members that run are ready and have the same map, of
// themselves and nobody else.
func (c *Cluster) AwaitWhole(ctx context.Context) error {
	for _, m := range c.Members {
		if m.PID() != 0 {
			if err := m.AwaitReady(ctx); err != nil {
				return err
			}
		}
	}
	return c.AwaitMap(ctx)
}

// AwaitMap waits until the members that run have the same map, of themselves and
// nobody else: each has told, with its newest renewal, of as many partitions as
// that map gives it.
func (c *Cluster) AwaitMap(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, wholeWithin)
	defer cancel()
	return await(ctx, "equal maps", func() error {
		view, err := c.View(ctx)
		if err != nil {
			return err
		}
		return c.agrees(view)
	})
}

func (c *Cluster) agrees(view *cluster.View) error {
	var there, running []string
	for _, m := range view.Members() {
		if m.State != cluster.Up || m.Counts.Partitions != view.Share(m.ID) {
			return fmt.Errorf("%s is %s and takes itself for the owner of %d partitions, not %d", m.Address, m.State, m.Counts.Partitions, view.Share(m.ID))
		}
		there = append(there, m.Address)
	}
	for _, m := range c.Members {
		if m.PID() != 0 {
			running = append(running, m.Cluster)
		}
	}
	slices.Sort(there)
	slices.Sort(running)
	if !slices.Equal(there, running) {
		return fmt.Errorf("%d members in the map, %d running", len(there), len(running))
	}
	return nil
}

// Home returns the member on which, by a view, the session with that token lives;
// nil: on none that this cluster knows.
func (c *Cluster) Home(view *cluster.View, token sighej.Token) *Member {
	owner, found := view.Owner(sighej.Partition(token))
	i := slices.IndexFunc(c.Members, func(m *Member) bool { return m.Cluster == owner.Address })
	if !found || i < 0 {
		return nil
	}
	return c.Members[i]
}
