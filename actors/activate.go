package actors

import (
	"context"
	"errors"
	"hash/maphash"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"i80.dk/sighej"
	"i80.dk/sighej/actors/actorpb"
	"i80.dk/sighej/persistence"
)

// found is what came of looking for a session.
type found struct {
	snap *snapshot
	err  error // instead
}

// find returns the live session that has that token or is, or was, heard by it,
// activating it if the store has it. One that is heard by a token of this member
// may live on another. It blocks; CodeNotFound when there is none.
func (s *System) find(ctx context.Context, token sighej.Token) (*snapshot, error) {
	f := s.findAll(ctx, token)[0]
	return f.snap, f.err
}

// findAll is find for several, which the store is asked for all at once.
func (s *System) findAll(ctx context.Context, tokens ...sighej.Token) []found {
	now := s.cfg.Now()
	all := make([]found, len(tokens))
	var missing []int
	var asked []sighej.Token
	for i, token := range tokens {
		if snap, ok := s.present(token, now); ok {
			all[i].snap = snap
			continue
		}
		missing, asked = append(missing, i), append(asked, token)
	}
	if len(asked) == 0 {
		return all
	}
	for j, l := range s.cfg.Store.LoadAll(ctx, asked) {
		f := &all[missing[j]]
		if f.err = l.Err; l.Err == nil {
			f.snap, f.err = s.loaded(asked[j], l.State)
		}
	}
	return all
}

// present returns the live session of a token, if it takes no store to tell.
func (s *System) present(token sighej.Token, now time.Time) (*snapshot, bool) {
	if snap, ok := s.active(token, now); ok && snap.live(now) {
		return snap, true
	}
	return s.astray(token, now)
}

// loaded makes a session that the store has for a token what this member has of it.
func (s *System) loaded(token sighej.Token, state persistence.State) (*snapshot, error) {
	if own := state.Session.Token; own != token {
		switch address, here := s.home(own); {
		case here:
		case address == "":
			return nil, errMoving
		default:
			return s.remember(token, state, address), nil
		}
	}
	return s.activate(state, s.cfg.Lexicon.Restore(state.Session.Interests), true)
}

var spawnSeed = maphash.MakeSeed()

// activate makes the session an actor, unless it is one already. An actor that
// still holds the token for a session that is over goes first. Shared tells that
// another member may have acted for the session, or may yet.
func (s *System) activate(state persistence.State, set interestSet, shared bool) (*snapshot, error) {
	token := state.Session.Token
	mu := &s.spawning[maphash.String(spawnSeed, string(token))%uint64(len(s.spawning))]
	mu.Lock()
	defer mu.Unlock()
	if old, ok := s.index.Load(token); ok {
		if old.session.ID == state.Session.ID {
			return old, nil
		}
		if err := s.stop(old.pid); err != nil {
			return nil, err
		}
	}
	snap := &snapshot{session: state.Session, set: set}
	snap.closed.Store(!state.Open)
	snap.guarded.Store(len(state.Blocked) > 0)
	pid, err := s.spawn(token)
	if err != nil {
		return nil, err
	}
	snap.pid = pid
	s.alias(snap, state.Rotation) // before the actor can take another token
	s.send(pid, &begin{snap, state, shared})
	s.index.Store(token, snap)
	s.tally.activated.Add(1)
	if _, here := s.home(token); !here { // it has moved meanwhile, and Rehome may not have found it
		s.send(pid, &leave{closeMoved})
	}
	return snap, nil
}

// actorPrefix keeps the names of sessions apart from the actor library's own,
// such as "deadletter", which is a well-formed token.
const actorPrefix = "~"

func (s *System) spawn(token sighej.Token) (*actor.PID, error) {
	name := actorPrefix + string(token)
	pid, err := s.actors.Root.SpawnNamed(s.sessions, name)
	if errors.Is(err, actor.ErrNameExists) { // it has left the index and is about to stop
		if err = s.stop(pid); err == nil {
			pid, err = s.actors.Root.SpawnNamed(s.sessions, name)
		}
	}
	if err != nil {
		return nil, sighej.Errorf(sighej.CodeInternal, "activating a session: %w", err)
	}
	return pid, nil
}

// stop ends an actor and waits until its name is free.
func (s *System) stop(pid *actor.PID) error {
	if err := s.actors.Root.StopFuture(pid).Wait(); err != nil && !errors.Is(err, actor.ErrDeadLetter) {
		return sighej.Errorf(sighej.CodeUnavailable, "ending a session: %w", err).After(time.Second)
	}
	return nil
}

// refresh makes a session look into the store for nudges, if it is active: here,
// or where it has moved.
func (s *System) refresh(token sighej.Token) {
	if snap, ok := s.index.Load(token); ok {
		s.send(snap.pid, refresh{})
		return
	}
	if address, here := s.home(token); !here && address != "" {
		s.links.note(address, &actorpb.Item{Kind: &actorpb.Item_Refresh{Refresh: &actorpb.Refresh{Token: string(token)}}})
	}
}
