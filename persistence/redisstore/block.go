package redisstore

import (
	"context"
	"strings"

	"i80.dk/sighej"
)

// Block implements [persistence.Sessions].
func (s *Store) Block(ctx context.Context, key sighej.SessionKey, nudge sighej.NudgeID) (sighej.Pair, error) {
	fields, err := s.fieldsOf(ctx, key.Token)
	if err != nil {
		return sighej.Pair{}, err
	}
	pair, first, err := pairOf(fields, nudge)
	if err != nil {
		return sighej.Pair{}, err
	}
	done, err := s.run(ctx, blockScript.with(1, sessionKey(key.Token), key.ID.String(),
		fieldMatch+pair.String(), fieldBlock+pair.String(), fieldNudge+first.String(), fieldReveal+first.Reveal().String()))
	if err == nil && done == 0 {
		err = errAbsent
	}
	return pair, err
}

// Pair implements [persistence.Sessions].
func (s *Store) Pair(a, b sighej.SessionKey) sighej.Pair { return s.pairs.of(a, b) }

// pairOf returns the pair of which a session got that nudge, or the reveal of it,
// and the first nudge of it: its matches say so, as long as it lives.
func pairOf(fields map[string]string, nudge sighej.NudgeID) (pair sighej.Pair, first sighej.NudgeID, err error) {
	for name, value := range fields {
		text, isMatch := strings.CutPrefix(name, fieldMatch)
		if !isMatch {
			continue
		}
		id, _, _ := strings.Cut(value, " ")
		if first, err = sighej.ParseNudgeID(id); err != nil {
			return sighej.Pair{}, sighej.NudgeID{}, corrupt("a match")
		}
		if first != nudge && (fields[fieldWave+text] != "2" || first.Reveal() != nudge) {
			continue
		}
		if pair, err = sighej.ParsePair(text); err != nil {
			return sighej.Pair{}, sighej.NudgeID{}, corrupt("a match")
		}
		return pair, first, nil
	}
	return sighej.Pair{}, sighej.NudgeID{}, errAbsent
}
