//go:build linux

package faults

import (
	"context"
	"net/http"
	"testing"
	"time"

	"i80.dk/sighej/internal/testcluster"
)

// A member is frozen for longer than its lease. When it wakes it has missed that
// sessions were closed and forgotten on another member, and must not tell what it
// knew.
func TestFreeze(t *testing.T) {
	w := begin(t, testcluster.Config{})
	for range in(1, 3) {
		for _, victim := range w.Members[:in(1, len(w.Members))] {
			w.freeze(victim)
		}
	}
	w.end()
}

func (w *town) freeze(victim *testcluster.Member) {
	w.t.Helper()
	w.refresh()
	other := w.Members[0]
	if other == victim {
		other = w.Members[1]
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	closed, err := w.Stranger(ctx, victim.Base())
	w.must(err)
	gone, err := w.Stranger(ctx, victim.Base())
	w.must(err)
	w.must(closed.SetOpen(ctx, other.Base(), false))
	w.must(closed.SetOpen(ctx, other.Base(), true)) // both are in the victim's memory, as open
	w.Expect(func(edge, own, peer string) bool { return among(victim, edge, own, peer) })
	w.must(victim.Freeze())
	began := time.Now()
	w.must(closed.SetOpen(ctx, other.Base(), false)) // as soon as it lives elsewhere
	w.must(gone.Forget(ctx, other.Base()))
	w.t.Logf("%s is frozen; its sessions were changed elsewhere after %v", victim.Name, time.Since(began).Round(10*time.Millisecond))
	w.wait(8*time.Second - time.Since(began))
	w.Expect(nil)
	stale := make(chan string, 1)
	ask := make(chan struct{})
	go func() { // from before it wakes: the first answers are the interesting ones
		defer close(stale)
		close(ask)
		for range 40 {
			if status, open := closed.Look(ctx, victim.Base()); status == http.StatusOK && open {
				stale <- "a session that was closed is open"
				return
			}
			if status, _ := gone.Look(ctx, victim.Base()); status != http.StatusUnauthorized && status != http.StatusServiceUnavailable && status != 0 {
				stale <- "a session that was forgotten is told " + http.StatusText(status)
				return
			}
		}
	}()
	<-ask
	w.wait(50 * time.Millisecond)
	w.must(victim.Thaw())
	if told, bad := <-stale; bad {
		w.t.Errorf("%s woke and %s", victim.Name, told)
	}
	w.whole()
	if status, open := closed.Look(ctx, victim.Base()); status != http.StatusOK || open {
		w.t.Errorf("after all a closed session is told %d, open: %v", status, open)
	}
}

// A member that was frozen for less than its lease goes on as the same.
func TestShortFreeze(t *testing.T) {
	w := begin(t, testcluster.Config{})
	before := w.ids()
	for _, victim := range w.Members[:in(1, 3)] {
		w.must(victim.Freeze())
		w.wait(2500 * time.Millisecond)
		w.must(victim.Thaw())
		w.wait(settled())
	}
	w.whole()
	if now := w.ids(); now != before {
		t.Errorf("the members were %s and are %s", before, now)
	}
	w.end()
}

func (w *town) ids() (ids string) {
	w.t.Helper()
	view, err := w.View(w.t.Context())
	w.must(err)
	for _, m := range view.Members() {
		ids += m.ID + " "
	}
	return ids
}
