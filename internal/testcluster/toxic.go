//go:build linux

package testcluster

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"i80.dk/sighej/internal/testservers"
)

// toxic is the proxy between the members and Redis.
type toxic struct{ proxy *toxiproxy.Proxy }

func newToxic(upstream string) (*toxic, error) {
	port, err := testservers.FreePort() // it is closed and opened again
	if err != nil {
		return nil, err
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	t := &toxic{toxiproxy.NewProxy(server, "redis", loopback(port), upstream)}
	if err := t.proxy.Start(); err != nil {
		return nil, fmt.Errorf("testcluster: the proxy of Redis: %w", err)
	}
	return t, nil
}

func (t *toxic) address() string { return t.proxy.Listen }

func (t *toxic) close() error {
	t.proxy.Stop()
	return nil
}

// Slow makes Redis answer the members late by delay, until [Cluster.Quick].
// It needs Config.ProxyRedis, as do the next two.
func (c *Cluster) Slow(delay time.Duration) error {
	_, err := c.toxic.proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(
		`{"name":"late","type":"latency","stream":"downstream","attributes":{"latency":%d}}`, delay.Milliseconds())))
	return err
}

// Quick ends Slow.
func (c *Cluster) Quick(ctx context.Context) error {
	return c.toxic.proxy.Toxics.RemoveToxic(ctx, "late")
}

// Sever ends all connections of the members to Redis; new ones are taken at once.
func (c *Cluster) Sever() error {
	c.toxic.proxy.Stop()
	return testservers.Rebind(c.toxic.proxy.Start)
}
