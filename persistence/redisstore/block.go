package redisstore

import (
	"context"
	"strings"

	"i80.dk/sighej"
)

// Block implements [persistence.Sessions].
func (s *Store) Block(ctx context.Context, key sighej.SessionKey, nudge sighej.NudgeID) (sighej.Pair, error) {
	fields, err := s.fields(ctx, key.Token)
	if err != nil {
		return sighej.Pair{}, err
	}
	pair, err := pairOf(fields, nudge)
	if err != nil {
		return sighej.Pair{}, err
	}
	done, err := s.run(ctx, blockScript.with(1, sessionKey(key.Token), key.ID.String(),
		fieldMatch+pair.String(), fieldBlock+pair.String(), fieldNudge+nudge.String()))
	if err == nil && done == 0 {
		err = errAbsent
	}
	return pair, err
}

// Pair implements [persistence.Sessions].
func (s *Store) Pair(a, b sighej.SessionKey) sighej.Pair { return s.pairs.of(a, b) }

// pairOf returns the pair of which a session got that nudge: its matches say so,
// as long as it lives.
func pairOf(fields map[string]string, nudge sighej.NudgeID) (sighej.Pair, error) {
	id := nudge.String() + " "
	for name, value := range fields {
		pair, isMatch := strings.CutPrefix(name, fieldMatch)
		if !isMatch || !strings.HasPrefix(value, id) {
			continue
		}
		p, err := sighej.ParsePair(pair)
		if err != nil {
			return sighej.Pair{}, corrupt("a match")
		}
		return p, nil
	}
	return sighej.Pair{}, errAbsent
}
