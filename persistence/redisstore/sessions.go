package redisstore

import (
	"context"
	"errors"
	"slices"
	"strconv"
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
	loaded := s.LoadAll(ctx, []sighej.Token{token})[0]
	return loaded.State, loaded.Err
}

// LoadAll implements [persistence.Sessions]. Those that are heard by another token
// than their own take a second round trip.
func (s *Store) LoadAll(ctx context.Context, tokens []sighej.Token) []persistence.Loaded {
	answers := make([]persistence.Loaded, len(tokens))
	var aliases []int
	var owns []sighej.Token
	all := s.fields(ctx, tokens)
	for i, token := range tokens {
		f := &all[i]
		own := f.values[fieldOf]
		switch {
		case f.err != nil:
			answers[i].Err = f.err
		case own == "":
			answers[i].State, answers[i].Err = decodeState(token, f.values)
		case !sighej.ValidToken(own):
			answers[i].Err = corrupt(fieldOf)
		default:
			aliases, owns = append(aliases, i), append(owns, sighej.Token(own))
		}
	}
	for j, f := range s.fields(ctx, owns) {
		i := aliases[j]
		switch {
		case f.err != nil:
			answers[i].Err = f.err
		case f.values[fieldID] != all[i].values[fieldID]:
			answers[i].Err = errAbsent
		default:
			answers[i].State, answers[i].Err = decodeState(owns[j], f.values)
		}
	}
	return answers
}

// fields is what a key of a session holds.
type fields struct {
	values map[string]string
	err    error // instead
}

// fieldsOf returns what the key of a session holds.
func (s *Store) fieldsOf(ctx context.Context, token sighej.Token) (map[string]string, error) {
	f := s.fields(ctx, []sighej.Token{token})[0]
	return f.values, f.err
}

// fields is fieldsOf for several, in one round trip.
func (s *Store) fields(ctx context.Context, tokens []sighej.Token) []fields {
	if len(tokens) == 0 {
		return nil
	}
	cmds := make([]redis.Cmder, len(tokens))
	for i, token := range tokens {
		cmds[i] = redis.NewMapStringStringCmd(ctx, "hgetall", sessionKey(token))
	}
	answers := make([]fields, len(tokens))
	failed := s.lanes.doAll(ctx, cmds)
	for i, cmd := range cmds {
		a := &answers[i]
		if a.err = failed; failed != nil {
			continue
		}
		if a.err = answered(cmd); a.err != nil {
			continue
		}
		if a.values = cmd.(*redis.MapStringStringCmd).Val(); len(a.values) == 0 {
			a.err = errAbsent
		}
	}
	return answers
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
	name, at := pair.String(), strconv.FormatInt(m.At.UnixMilli(), 10)
	idA, idB := m.A.Nudge.String(), m.B.Nudge.String()
	outcome, err := s.run(ctx, commitScript.with(4,
		sessionKey(a.Token), sessionKey(b.Token), statsKey(persistence.DayOf(m.At)), pairPrefix+name,
		a.ID.String(), b.ID.String(), name, idA+" "+at, idB+" "+at, fieldNudge+idA, fieldNudge+idB,
		at+" "+encodeInterests(shown(m)), persistence.MaxOutbox, statsTTL, s.seal.close(pair, &m)))
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
