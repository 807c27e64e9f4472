package storetest

import (
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

func blindMatch(t test, store Store, a, b persistence.Registration) sighej.Match {
	t.Helper()
	m := matchOf(a, b)
	m.Blind = true
	wantCommit(t, store, m, sighej.Committed)
	return m
}

func wave(t test, store Store, side sighej.Side, at time.Time) persistence.Waved {
	t.Helper()
	waved, err := store.Wave(t.Context(), side.Session, side.Nudge, at)
	if err != nil {
		t.Fatalf("Wave: %v", err)
	}
	return waved
}

func revealOf(side sighej.Side, m sighej.Match, at time.Time) sighej.Nudge {
	return sighej.Nudge{ID: side.Nudge.Reveal(), At: at, Shared: m.Shared, Reveals: side.Nudge}
}

func (s sessions) blind(t *testing.T) {
	store := s.open(t)
	a, b := register(t, store), register(t, store)
	m := blindMatch(t, store, a, b)
	wantCommit(t, store, m, sighej.Committed) // tried again
	hidden := sighej.Nudge{ID: m.A.Nudge, At: m.At}
	wantEqual(t, "outbox", load(t, store, a.Session.Token).Outbox, []sighej.Nudge{hidden})
	wantEqual(t, "one who waved", wave(t, store, m.A, m.At), persistence.Waved{})
	wantEqual(t, "outbox of who waved", load(t, store, a.Session.Token).Outbox, []sighej.Nudge{hidden})
	hidden.ID = m.B.Nudge
	wantEqual(t, "outbox of who has not", load(t, store, b.Session.Token).Outbox, []sighej.Nudge{hidden})
}

// The second wave reveals to both, once, whatever is tried again; each reveal can
// be acknowledged, counted and withdrawn as any nudge.
func (s sessions) wave(t *testing.T) {
	store := s.open(t)
	for _, acked := range []bool{false, true} {
		a, b := register(t, store), register(t, store)
		m := blindMatch(t, store, a, b)
		at := m.At.Add(time.Minute)
		if acked {
			wantCode(t, "Ack", store.Ack(t.Context(), m.A.Session, []sighej.NudgeID{m.A.Nudge}), "")
			wantCode(t, "Ack", store.Ack(t.Context(), m.B.Session, []sighej.NudgeID{m.B.Nudge}), "")
		}
		wave(t, store, m.A, m.At)
		want := persistence.Waved{Both: true, Peer: a.Session.Key()}
		wantEqual(t, "the second wave", wave(t, store, m.B, at), want)
		wantEqual(t, "tried again", wave(t, store, m.B, at.Add(time.Hour)), want)
		want.Peer = b.Session.Key()
		wantEqual(t, "the first one again", wave(t, store, m.A, at.Add(time.Hour)), want)
		for _, side := range []sighej.Side{m.A, m.B} {
			pending := []sighej.Nudge{{ID: side.Nudge, At: m.At}, revealOf(side, m, at)}
			if acked {
				pending = pending[1:]
			}
			wantEqual(t, "outbox", load(t, store, side.Session.Token).Outbox, pending)
		}
		wantCode(t, "Ack", store.Ack(t.Context(), m.A.Session, []sighej.NudgeID{m.A.Nudge, m.A.Nudge.Reveal()}), "")
		wantEqual(t, "outbox", load(t, store, a.Session.Token).Outbox, nil)
		wave(t, store, m.A, at)
		wantEqual(t, "outbox after another wave", load(t, store, a.Session.Token).Outbox, nil)
		if acked {
			block(t, store, b, m.B.Nudge.Reveal())
		} else {
			wantCode(t, "SetOpen", store.SetOpen(t.Context(), m.A.Session, false), "")
		}
		wantEqual(t, "outbox of the other", load(t, store, b.Session.Token).Outbox, nil)
		wantMatches(t, store, m.At, map[bool]int64{false: 1, true: 2}[acked])
	}
}

// While one of the two is closed, blocked, over or not blind, a wave shows nothing.
func (s sessions) waveInVain(t *testing.T) {
	store := s.open(t)
	for what, spoil := range map[string]func(m sighej.Match){
		"who waved first closed":  func(m sighej.Match) { wantCode(t, "SetOpen", store.SetOpen(t.Context(), m.A.Session, false), "") },
		"who waves closed":        func(m sighej.Match) { wantCode(t, "SetOpen", store.SetOpen(t.Context(), m.B.Session, false), "") },
		"who waved first blocked": func(m sighej.Match) { _, _ = store.Block(t.Context(), m.A.Session, m.A.Nudge) },
		"who waves blocked":       func(m sighej.Match) { _, _ = store.Block(t.Context(), m.B.Session, m.B.Nudge) },
		"who waved first is gone": func(m sighej.Match) { wantCode(t, "Delete", store.Delete(t.Context(), m.A.Session), "") },
	} {
		a, b := register(t, store), register(t, store)
		m := blindMatch(t, store, a, b)
		wave(t, store, m.A, m.At)
		spoil(m)
		wantEqual(t, what, wave(t, store, m.B, m.At), persistence.Waved{})
		for _, n := range load(t, store, b.Session.Token).Outbox {
			if len(n.Shared) > 0 {
				t.Errorf("%s: it is revealed", what)
			}
		}
	}
	a, b := register(t, store), register(t, store)
	m := matchOf(a, b)
	wantCommit(t, store, m, sighej.Committed)
	for range 2 {
		wantEqual(t, "not blind", wave(t, store, m.A, m.At), persistence.Waved{})
		wantEqual(t, "not blind", wave(t, store, m.B, m.At), persistence.Waved{})
	}
	wantEqual(t, "outbox", load(t, store, a.Session.Token).Outbox, []sighej.Nudge{nudgeOf(m.A, m)})
	for _, nudge := range []sighej.NudgeID{sighej.NewNudgeID(), m.B.Nudge} {
		_, err := store.Wave(t.Context(), m.A.Session, nudge, m.At)
		wantCode(t, "Wave at a nudge of nobody's or another's", err, sighej.CodeNotFound)
	}
	wantCode(t, "Delete", store.Delete(t.Context(), m.A.Session), "")
	_, err := store.Wave(t.Context(), m.A.Session, m.A.Nudge, m.At)
	wantCode(t, "Wave of a session that is gone", err, sighej.CodeNotFound)

	a, b = register(t, store), register(t, store)
	m = blindMatch(t, store, a, b)
	wave(t, store, m.A, m.At)
	wantCode(t, "SetOpen", store.SetOpen(t.Context(), m.A.Session, false), "")
	wave(t, store, m.B, m.At)
	wantCode(t, "SetOpen", store.SetOpen(t.Context(), m.A.Session, true), "")
	if !wave(t, store, m.A, m.At).Both {
		t.Error("waved again, both open: it is not revealed")
	}
}

func (s sessions) waveRace(t *testing.T) {
	store := s.open(t)
	for range 20 {
		a, b := register(t, store), register(t, store)
		m := blindMatch(t, store, a, b)
		var group errgroup.Group
		var both atomic.Int32
		for _, side := range []sighej.Side{m.A, m.B} {
			group.Go(func() error {
				waved, err := store.Wave(t.Context(), side.Session, side.Nudge, m.At)
				if waved.Both {
					both.Add(1)
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		if both.Load() == 0 {
			t.Error("neither was told")
		}
		for _, r := range []persistence.Registration{a, b} {
			wantEqual(t, "nudges", len(load(t, store, r.Session.Token).Outbox), 2)
		}
	}
}
