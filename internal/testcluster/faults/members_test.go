//go:build linux

package faults

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"i80.dk/sighej/internal/testcluster"
)

// recovery bounds the wait for what is promised within 6 s; a machine that is busy
// with other things may take longer.
const recovery = 20 * time.Second

// A member is killed while the phones use it, again and again.
func TestKill(t *testing.T) {
	w := begin(t, testcluster.Config{})
	for i := range in(2, 20) {
		victim := w.Members[rand.IntN(len(w.Members))]
		w.wait(rand.N(time.Second))
		w.refresh()
		w.Expect(func(edge, own, peer string) bool { return among(victim, edge, own, peer) })
		w.must(victim.Kill())
		w.recovered(i, victim)
		w.Expect(nil)
		w.must(victim.Start())
		w.whole()
	}
	w.end()
}

// recovered waits until the sessions of a member that is gone are served by the
// others.
func (w *town) recovered(i int, victim *testcluster.Member) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), recovery)
	defer cancel()
	took, err := w.Recover(ctx, 20, victim.Base())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Logf("%d: %s is gone; its sessions were served after %v", i+1, victim.Name, took.Round(10*time.Millisecond))
}

func among(m *testcluster.Member, bases ...string) bool {
	for _, base := range bases {
		if base == m.Base() {
			return true
		}
	}
	return false
}

// All members are restarted in order, one after the other, and no request fails
// that is repeated once.
func TestRollingRestart(t *testing.T) {
	w := begin(t, testcluster.Config{})
	for _, m := range w.Members {
		began := time.Now()
		w.must(m.Stop())
		t.Logf("%s stopped within %v", m.Name, time.Since(began).Round(10*time.Millisecond))
		w.must(m.Start())
		w.whole()
		w.wait(2 * settled()) // whoever was told to come again has come before the next member goes
	}
	w.end()
	if failed := w.Stubborn(); len(failed) > 0 {
		t.Errorf("%d requests failed that were repeated once:\n%s", len(failed), strings.Join(failed, "\n"))
	}
}
