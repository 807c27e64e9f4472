package redisstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

// Create implements [persistence.Sessions].
func (s *Store) Create(ctx context.Context, r persistence.Registration) error {
	if err := s.knowTime(ctx); err != nil {
		return err
	}
	fields, err := encodeSession(r)
	if err != nil {
		return err
	}
	session := r.Session
	args := make([]any, 0, 10+len(fields)+len(r.Categories))
	args = append(args,
		sessionKey(session.Token), accessKey(session.Access),
		partitionKey(sighej.Partition(session.Token)), statsKey(persistence.DayOf(session.CreatedAt)),
		string(session.Token), session.ID.String(), session.ExpiresAt.UnixMilli(), statsTTL, len(fields))
	args = append(append(args, fields...), fieldSessions)
	for _, category := range r.Categories {
		args = append(args, fieldCategory+category)
	}
	done, err := s.run(ctx, createScript.with(4, args...))
	if err == nil && done == 0 {
		return errLive
	}
	return err
}

// Load implements [persistence.Sessions]. What has expired Redis no longer
// tells, at the same millisecond as to every other call.
func (s *Store) Load(ctx context.Context, token sighej.Token) (persistence.State, error) {
	fields, err := s.fields(ctx, token)
	if err != nil {
		return persistence.State{}, err
	}
	id, own := fields[fieldID], fields[fieldOf]
	if own == "" {
		return decodeState(token, fields)
	}
	if !sighej.ValidToken(own) {
		return persistence.State{}, corrupt(fieldOf)
	}
	if fields, err = s.fields(ctx, sighej.Token(own)); err != nil {
		return persistence.State{}, err
	}
	if fields[fieldID] != id {
		return persistence.State{}, errAbsent
	}
	return decodeState(sighej.Token(own), fields)
}

func (s *Store) fields(ctx context.Context, token sighej.Token) (map[string]string, error) {
	cmd := redis.NewMapStringStringCmd(ctx, "hgetall", sessionKey(token))
	if err := s.lanes.do(ctx, cmd); err != nil {
		return nil, err
	}
	if len(cmd.Val()) == 0 {
		return nil, errAbsent
	}
	return cmd.Val(), nil
}

// Find implements [persistence.Sessions].
func (s *Store) Find(ctx context.Context, access sighej.AccessHash) (sighej.Token, error) {
	cmd := redis.NewStringCmd(ctx, "get", accessKey(access))
	switch err := s.lanes.do(ctx, cmd); {
	case errors.Is(err, redis.Nil):
		return "", errAbsent
	case err != nil:
		return "", err
	case !sighej.ValidToken(cmd.Val()):
		return "", corrupt("the token of an access token")
	}
	return sighej.Token(cmd.Val()), nil
}

// Rotate implements [persistence.Sessions].
func (s *Store) Rotate(ctx context.Context, key sighej.SessionKey, token sighej.Token, grace time.Duration) (sighej.Rotation, error) {
	cmd := rotateScript.with(2, sessionKey(key.Token), sessionKey(token),
		key.ID.String(), string(key.Token), string(token), grace.Milliseconds(), sessionPrefix)
	if err := s.lanes.do(ctx, cmd); err != nil {
		return sighej.Rotation{}, err
	}
	answer, err := cmd.Slice()
	if err != nil || len(answer) == 0 {
		return sighej.Rotation{}, corrupt("the answer of a script")
	}
	switch done, _ := answer[0].(int64); {
	case done == 0:
		return sighej.Rotation{}, errAbsent
	case done == 2:
		return sighej.Rotation{}, errLive
	case len(answer) != 3:
		return sighej.Rotation{}, corrupt("the answer of a script")
	}
	former, _ := answer[1].(string)
	until, _ := answer[2].(string)
	if former == "" {
		return sighej.Rotation{}, nil // it was asked for the session's own token, which it never left
	}
	return decodeRotation(string(token), former, until)
}

// Delete implements [persistence.Sessions].
func (s *Store) Delete(ctx context.Context, key sighej.SessionKey) error {
	partition := partitionKey(sighej.Partition(key.Token))
	_, err := s.run(ctx, deleteScript.with(2, sessionKey(key.Token), partition, key.ID.String(), string(key.Token), accessPrefix, sessionPrefix, pairPrefix))
	return err
}

// Commit implements [persistence.Sessions].
func (s *Store) Commit(ctx context.Context, m sighej.Match) (sighej.Outcome, error) {
	a, b := m.A.Session, m.B.Session
	if a.Token == b.Token {
		return sighej.Refused, nil
	}
	pair := s.pairs.of(a, b)
	name := pair.String()
	outcome, err := s.run(ctx, commitScript.with(4,
		sessionKey(a.Token), sessionKey(b.Token), statsKey(persistence.DayOf(m.At)), pairPrefix+name,
		a.ID.String(), b.ID.String(), fieldMatch+name, m.A.Nudge.String(), m.B.Nudge.String(),
		m.At.UnixMilli(), encodeInterests(shown(m)), persistence.MaxOutbox, statsTTL, fieldBlock+name, s.seal.close(pair, &m)))
	switch {
	case err != nil:
		return sighej.Refused, err
	case outcome == 1:
		return sighej.Committed, nil
	case outcome == 2:
		return sighej.AlreadyMatched, nil
	default:
		return sighej.Refused, nil
	}
}

// shown is what the first nudges of a match show.
func shown(m sighej.Match) []sighej.InterestHash {
	if m.Blind {
		return nil
	}
	return m.Shared
}

// Ack implements [persistence.Sessions].
func (s *Store) Ack(ctx context.Context, key sighej.SessionKey, ids []sighej.NudgeID) error {
	for some := range slices.Chunk(ids, persistence.MaxOutbox) { // Lua's stack is bounded
		args := make([]any, 0, 2+2*len(some))
		args = append(args, sessionKey(key.Token), key.ID.String())
		for _, id := range some {
			text := id.String()
			args = append(args, fieldNudge+text, fieldReveal+text)
		}
		if _, err := s.run(ctx, ackScript.with(1, args...)); err != nil {
			return err
		}
	}
	return nil
}

// run executes a script and returns the number that it answers with.
func (s *Store) run(ctx context.Context, cmd *redis.Cmd) (int64, error) {
	if err := s.lanes.do(ctx, cmd); err != nil {
		return 0, err
	}
	n, err := cmd.Int64()
	if err != nil {
		return 0, corrupt("the answer of a script")
	}
	return n, nil
}
