package memstore

import (
	"context"
	"hash/maphash"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

var (
	_ persistence.Sessions = (*Store)(nil)
	_ persistence.Counters = (*Store)(nil)
)

// Errors that tell nothing but their code.
var (
	errLive   = sighej.Errorf(sighej.CodeTokenLive, "the token belongs to a live session")
	errAbsent = sighej.Errorf(sighej.CodeNotFound, "there is no such live session")
)

// How many dead sessions are forgotten under one hold of a lock, at about 1 µs
// each.
const (
	sweepStep  = 512
	createStep = 16
)

// Store holds everything in memory. It is safe for concurrent use. Locks are
// taken in the order: shards by index, then an access shard or the counters.
type Store struct {
	seed     maphash.Seed
	shards   [256]shard
	access   [64]accessShard
	aliases  aliases
	counters counters
	lease    lease
}

// New returns an empty store.
func New() *Store {
	return &Store{seed: maphash.MakeSeed()}
}

// Create implements [persistence.Sessions].
func (s *Store) Create(_ context.Context, r persistence.Registration) error {
	now, session := time.Now(), r.Session
	if !session.Live(now) {
		return nil // an earlier try may have stored and counted it
	}
	sh := &s.shards[s.index(session.Token)]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	s.expire(sh, now, createStep)
	if old := sh.records[session.Token]; old != nil {
		switch {
		case !old.session.Live(now):
			s.forget(sh, old)
		case old.session.ID == session.ID:
			return nil // by an earlier try
		default:
			return errLive
		}
	}
	if s.aliases.of(session.Token, now) != nil {
		return errLive
	}
	rec := &record{session: session, open: r.Open}
	sh.add(rec)
	s.accessShard(session.Access).add(rec)
	s.counters.session(session.CreatedAt, r.Categories)
	return nil
}

// Load implements [persistence.Sessions].
func (s *Store) Load(_ context.Context, token sighej.Token) (persistence.State, error) {
	now := time.Now()
	if state, ok := s.load(token, now); ok {
		return state, nil
	}
	if session := s.aliases.of(token, now); session != nil {
		if state, ok := s.load(session.Token, now); ok && state.Session == session {
			return state, nil
		}
	}
	return persistence.State{}, errAbsent
}

// LoadAll implements [persistence.Sessions].
func (s *Store) LoadAll(ctx context.Context, tokens []sighej.Token) []persistence.Loaded {
	return persistence.LoadEach(ctx, tokens, s.Load)
}

func (s *Store) load(token sighej.Token, now time.Time) (persistence.State, bool) {
	sh := &s.shards[s.index(token)]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	rec := sh.live(token, now)
	if rec == nil {
		return persistence.State{}, false
	}
	return rec.state(), true
}

// Find implements [persistence.Sessions].
func (s *Store) Find(_ context.Context, access sighej.AccessHash) (sighej.Token, error) {
	session := s.accessShard(access).find(access)
	if session == nil || !session.Live(time.Now()) {
		return "", errAbsent
	}
	return session.Token, nil
}

// Delete implements [persistence.Sessions].
func (s *Store) Delete(_ context.Context, key sighej.SessionKey) error {
	sh := &s.shards[s.index(key.Token)]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if rec := sh.records[key.Token]; rec != nil && rec.session.ID == key.ID {
		s.forget(sh, rec)
	}
	return nil
}

// Ack implements [persistence.Sessions].
func (s *Store) Ack(_ context.Context, key sighej.SessionKey, ids []sighej.NudgeID) error {
	sh := &s.shards[s.index(key.Token)]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if rec := sh.liveAs(key, time.Now()); rec != nil {
		rec.ack(ids)
	}
	return nil
}

// Active implements [persistence.Sessions]. It forgets what has expired, so
// that counting takes microseconds.
func (s *Store) Active(context.Context) (int64, error) {
	now, n := time.Now(), 0
	for i := range s.shards {
		n += s.sweepShard(&s.shards[i], now)
	}
	return int64(n), nil
}

// Ping implements [persistence.Sessions]; it never fails.
func (s *Store) Ping(context.Context) error { return nil }

// Sweep gives back the memory of the sessions that have expired at now. Its work
// is proportional to their number; called about once a second it is short.
func (s *Store) Sweep(now time.Time) {
	for i := range s.shards {
		s.sweepShard(&s.shards[i], now)
	}
}

// sweepShard forgets all that has expired, a step at a time, and returns how
// many sessions are left.
func (s *Store) sweepShard(sh *shard, now time.Time) int {
	for {
		sh.mu.Lock()
		more := s.expire(sh, now, sweepStep)
		left := len(sh.records)
		sh.mu.Unlock()
		if !more {
			return left
		}
	}
}

// expire forgets at most limit expired sessions and reports whether it came to
// that limit. The shard is locked.
func (s *Store) expire(sh *shard, now time.Time, limit int) bool {
	for range limit {
		rec := sh.first()
		if rec == nil || rec.session.Live(now) {
			return false
		}
		s.forget(sh, rec)
	}
	return true
}

// forget removes a record everywhere. The shard is locked.
func (s *Store) forget(sh *shard, rec *record) {
	sh.remove(rec)
	s.accessShard(rec.session.Access).remove(rec)
	if rec.rotation != nil {
		s.aliases.forget(rec.session, rec.rotation.Token, rec.rotation.Former)
	}
}

func (s *Store) index(token sighej.Token) int {
	return int(maphash.String(s.seed, string(token)) % uint64(len(s.shards))) //nolint:gosec // below 256
}

func (s *Store) accessShard(h sighej.AccessHash) *accessShard {
	return &s.access[int(h[len(h)-1])%len(s.access)]
}
