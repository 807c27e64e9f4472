//go:build linux

package testcluster

import (
	"testing"
	"time"
)

func TestSmoke(t *testing.T) {
	t0 := time.Now()
	c, err := Start(t.Context(), Config{Binary: "/tmp/faults-bin/sighej", Postgres: true, ProxyRedis: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Log("whole after", time.Since(t0))
	c.Logs(t.Output(), 20)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}
