package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

// Wave implements [persistence.Sessions].
func (s *Store) Wave(ctx context.Context, key sighej.SessionKey, nudge sighej.NudgeID, at time.Time) (persistence.Waved, error) {
	fields, err := s.fieldsOf(ctx, key.Token)
	if err != nil {
		return persistence.Waved{}, err
	}
	if fields[fieldID] != key.ID.String() {
		return persistence.Waved{}, errAbsent
	}
	pair, first, err := pairOf(fields, nudge)
	if err != nil {
		return persistence.Waved{}, err
	}
	get := redis.NewStringCmd(ctx, "get", pairKey(pair))
	switch err := s.lanes.do(ctx, get); {
	case errors.Is(err, redis.Nil):
		return persistence.Waved{}, nil // whom it was about has ended
	case err != nil:
		return persistence.Waved{}, err
	}
	m, err := s.seal.open(pair, []byte(get.Val()), key.ID)
	if err != nil || !m.blind {
		return persistence.Waved{}, err
	}
	return s.wave(ctx, key, pair, first, m, at)
}

func (s *Store) wave(ctx context.Context, key sighej.SessionKey, pair sighej.Pair, first sighej.NudgeID, m met, at time.Time) (persistence.Waved, error) {
	done, err := s.run(ctx, waveScript.with(2, sessionKey(key.Token), sessionKey(m.other.Session.Token),
		key.ID.String(), m.other.Session.ID.String(), fieldMatch+pair.String(), fieldBlock+pair.String(), fieldWave+pair.String(),
		fieldReveal+first.Reveal().String(), first.String(), fieldReveal+m.other.Nudge.Reveal().String(), m.other.Nudge.String(),
		at.UnixMilli(), encodeInterests(m.shared), persistence.MaxOutbox))
	switch {
	case err != nil:
		return persistence.Waved{}, err
	case done == 0:
		return persistence.Waved{}, errAbsent
	case done == 2:
		return persistence.Waved{Both: true, Peer: m.other.Session}, nil
	default:
		return persistence.Waved{}, nil
	}
}
