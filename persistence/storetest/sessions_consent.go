package storetest

import (
	"testing"

	"golang.org/x/sync/errgroup"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

// Nudges about a session that closes leave the outboxes of the others. Its own
// stay, and so does all else.
func (s sessions) withdraw(t *testing.T) {
	store := s.open(t)
	a, stays, gone := register(t, store), register(t, store), register(t, store)
	var peers []persistence.Registration
	var matches []sighej.Match
	for i := range 20 {
		peers = append(peers, register(t, store))
		m := matchOf(a, peers[i])
		if i%2 == 1 {
			m = matchOf(peers[i], a)
		}
		matches = append(matches, m)
		wantCommit(t, store, m, sighej.Committed)
	}
	other := matchOf(peers[0], stays)
	wantCommit(t, store, other, sighej.Committed)
	wantCommit(t, store, matchOf(gone, a), sighej.Committed)
	wantCode(t, "Delete", store.Delete(t.Context(), gone.Session.Key()), "")
	again := registration(long) // another session with the token of one that is gone
	again.Session.Token = gone.Session.Token
	create(t, store, again)
	wantCommit(t, store, matchOf(again, stays), sighej.Committed)
	wantCode(t, "Ack", store.Ack(t.Context(), peers[2].Session.Key(), []sighej.NudgeID{matches[2].B.Nudge}), "")

	wantCode(t, "SetOpen", store.SetOpen(t.Context(), a.Session.Key(), true), "")
	wantEqual(t, "nudges of a peer", len(load(t, store, peers[1].Session.Token).Outbox), 1)
	before := load(t, store, a.Session.Token)
	for range 2 {
		wantCode(t, "SetOpen", store.SetOpen(t.Context(), a.Session.Key(), false), "")
	}
	before.Open = false
	wantEqual(t, "who closed", load(t, store, a.Session.Token), before)
	for i, peer := range peers[1:] {
		state := load(t, store, peer.Session.Token)
		wantEqual(t, "outbox of a peer", state.Outbox, nil)
		wantEqual(t, "matches of a peer", len(state.MatchedAt), 1)
		wantCommit(t, store, matchOf(peer, a), sighej.Refused)
		wantCommit(t, store, matches[i+1], sighej.Committed) // tried again
		wantEqual(t, "outbox after a retry", load(t, store, peer.Session.Token).Outbox, nil)
	}
	wantEqual(t, "a nudge about somebody else", load(t, store, peers[0].Session.Token).Outbox, []sighej.Nudge{nudgeOf(other.A, other)})
	wantEqual(t, "another session of a token", len(load(t, store, again.Session.Token).Outbox), 1)

	wantCode(t, "SetOpen", store.SetOpen(t.Context(), a.Session.Key(), true), "")
	wantCommit(t, store, matchOf(peers[3], a), sighej.AlreadyMatched)
	wantEqual(t, "outbox once it is open again", load(t, store, peers[3].Session.Token).Outbox, nil)
}

// Whatever is matched while a session closes: once it is closed no nudge about it
// waits.
func (s sessions) closeRace(t *testing.T) {
	const rounds, each = 10, 12
	store := s.open(t)
	for range rounds {
		a := register(t, store)
		peers := make([]persistence.Registration, each)
		var group errgroup.Group
		for i := range peers {
			peers[i] = register(t, store)
			group.Go(func() error {
				_, err := store.Commit(t.Context(), matchOf(a, peers[i]))
				return err
			})
		}
		group.Go(func() error { return store.SetOpen(t.Context(), a.Session.Key(), false) })
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		for _, peer := range peers {
			wantEqual(t, "outbox", load(t, store, peer.Session.Token).Outbox, nil)
		}
	}
}
