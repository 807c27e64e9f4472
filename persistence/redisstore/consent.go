package redisstore

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"

	"i80.dk/sighej"
)

// maxCloses is how often closing a session is begun anew because it was matched
// meanwhile.
const maxCloses = 32

// SetOpen implements [persistence.Sessions]. Whom a session has met is sealed from
// the script, so that is looked up first.
func (s *Store) SetOpen(ctx context.Context, key sighej.SessionKey, open bool) error {
	for range maxCloses {
		var known matches
		if !open {
			var err error
			if known, err = s.matchesOf(ctx, key); err != nil {
				return err
			}
		}
		keys := []any{sessionKey(key.Token)}
		args := []any{key.ID.String(), encodeOpen(open), known.count}
		for _, other := range known.others {
			keys = append(keys, sessionKey(other.Session.Token))
			args = append(args, other.Session.ID.String(), fieldNudge+other.Nudge.String(), fieldReveal+other.Nudge.Reveal().String())
		}
		switch done, err := s.run(ctx, setOpenScript.with(len(keys), append(keys, args...)...)); {
		case err != nil:
			return err
		case done == 0:
			return errAbsent
		case done == 1:
			return nil
		}
	}
	return errFull
}

// matches is whom a session has met, as far as they are known to be live.
type matches struct {
	count  int
	others []sighej.Side
}

func (s *Store) matchesOf(ctx context.Context, key sighej.SessionKey) (known matches, err error) {
	fields, err := s.fieldsOf(ctx, key.Token)
	if err != nil {
		return matches{}, err
	}
	if fields[fieldID] != key.ID.String() {
		return matches{}, errAbsent
	}
	var pairs []sighej.Pair
	args := []any{"mget"}
	for name := range fields {
		if text, isMatch := strings.CutPrefix(name, fieldMatch); isMatch {
			pair, err := sighej.ParsePair(text)
			if err != nil {
				return matches{}, corrupt("a match")
			}
			pairs = append(pairs, pair)
			args = append(args, pairKey(pair))
		}
	}
	if len(pairs) == 0 {
		return matches{}, nil
	}
	cmd := redis.NewSliceCmd(ctx, args...)
	if err := s.lanes.do(ctx, cmd); err != nil {
		return matches{}, err
	}
	return s.unsealed(pairs, cmd.Val(), key.ID), nil
}

// unsealed reads what Redis holds of pairs. Of one that has no key any more the
// other side has ended; one that was sealed under an earlier INTEREST_KEY nobody
// reads any more, and it ends with its sessions.
func (s *Store) unsealed(pairs []sighej.Pair, sealed []any, own sighej.SessionID) matches {
	known := matches{count: len(pairs)}
	for i, value := range sealed {
		text, ok := value.(string)
		if !ok {
			continue
		}
		if met, err := s.seal.open(pairs[i], []byte(text), own); err == nil {
			known.others = append(known.others, met.other)
		}
	}
	return known
}
