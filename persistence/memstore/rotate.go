package memstore

import (
	"context"
	"sync"
	"time"

	"i80.dk/sighej"
)

// aliases are the tokens that sessions are heard by beside their own. A lock of
// a shard may be held when theirs is taken, not the other way round.
type aliases struct {
	mu sync.RWMutex
	to map[sighej.Token]alias
}

type alias struct {
	session *sighej.Session
	until   time.Time
}

// of returns the session that is heard by a token, or nil.
func (a *aliases) of(token sighej.Token, now time.Time) *sighej.Session {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if to, ok := a.to[token]; ok && now.Before(to.until) {
		return to.session
	}
	return nil
}

func (a *aliases) set(token sighej.Token, session *sighej.Session, until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.to == nil {
		a.to = map[sighej.Token]alias{}
	}
	a.to[token] = alias{session, until}
}

// forget removes what a session was heard by.
func (a *aliases) forget(session *sighej.Session, tokens ...sighej.Token) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, token := range tokens {
		if a.to[token].session == session {
			delete(a.to, token)
		}
	}
}

// Rotate implements [persistence.Sessions].
func (s *Store) Rotate(_ context.Context, key sighej.SessionKey, token sighej.Token, grace time.Duration) (sighej.Rotation, error) {
	i, j := s.index(key.Token), s.index(token)
	s.lockBoth(i, j)
	defer s.unlockBoth(i, j)
	now := time.Now()
	rec := s.shards[i].liveAs(key, now)
	if rec == nil {
		return sighej.Rotation{}, errAbsent
	}
	session, before := rec.session, rec.rotated()
	present := session.Present(before)
	switch {
	case token == present:
		return before, nil // by an earlier try
	case s.shards[j].live(token, now) != nil || s.aliases.of(token, now) != nil:
		return sighej.Rotation{}, errLive
	}
	if before.Former != "" {
		s.aliases.forget(session, before.Former)
	}
	rec.rotation = &sighej.Rotation{Token: token, Former: present, Until: now.Add(grace).UTC().Truncate(time.Millisecond)}
	s.aliases.set(token, session, session.ExpiresAt)
	if present != session.Token {
		s.aliases.set(present, session, rec.rotation.Until)
	}
	return *rec.rotation, nil
}
