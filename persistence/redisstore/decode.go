package redisstore

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

// corrupt is the fault of a value that no store of ours wrote. It does not
// quote it.
func corrupt(what string) error {
	return sighej.Errorf(sighej.CodeInternal, "the session store holds garbage: %s", what)
}

// decodeState reads the hash of a session. It takes only what encodeSession and
// the scripts write; a field whose name it does not know is left to a newer
// release.
func decodeState(token sighej.Token, fields map[string]string) (persistence.State, error) {
	session, err := decodeSession(token, fields)
	if err != nil {
		return persistence.State{}, err
	}
	state := persistence.State{Session: session, Open: fields[fieldOpen] == "1"}
	if state.Rotation, err = decodeRotation(fields[fieldToken], fields[fieldFormer], fields[fieldFormerUntil]); err != nil {
		return persistence.State{}, err
	}
	if open := fields[fieldOpen]; open != encodeOpen(state.Open) {
		return persistence.State{}, corrupt(fieldOpen)
	}
	for name, value := range fields {
		switch {
		case strings.HasPrefix(name, fieldMatch):
			at, err := decodeMatch(value)
			if err != nil {
				return persistence.State{}, err
			}
			state.MatchedAt = append(state.MatchedAt, at)
		case strings.HasPrefix(name, fieldBlock):
			pair, err := sighej.ParsePair(name[len(fieldBlock):])
			if err != nil {
				return persistence.State{}, corrupt("a block")
			}
			state.Blocked = append(state.Blocked, pair)
		case strings.HasPrefix(name, fieldNudge):
			n, err := decodeNudge(name[len(fieldNudge):], value)
			if err != nil {
				return persistence.State{}, err
			}
			state.Outbox = append(state.Outbox, n)
		case strings.HasPrefix(name, fieldReveal):
			n, err := decodeReveal(name[len(fieldReveal):], value)
			if err != nil {
				return persistence.State{}, err
			}
			state.Outbox = append(state.Outbox, n)
		}
	}
	slices.SortFunc(state.MatchedAt, time.Time.Compare)
	slices.SortFunc(state.Outbox, func(a, b sighej.Nudge) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return bytes.Compare(a.ID[:], b.ID[:])
	})
	return state, nil
}

func decodeSession(token sighej.Token, fields map[string]string) (*sighej.Session, error) {
	s := &sighej.Session{Token: token}
	var err error
	if s.ID, err = sighej.ParseSessionID(fields[fieldID]); err != nil || s.ID.String() != fields[fieldID] {
		return nil, corrupt(fieldID)
	}
	if s.CreatedAt, err = time.Parse(timeFormat, fields[fieldCreatedAt]); err != nil || s.CreatedAt.Location() != time.UTC {
		return nil, corrupt(fieldCreatedAt)
	}
	if s.ExpiresAt, err = decodeTime(fields[fieldExpiresAt]); err != nil {
		return nil, corrupt(fieldExpiresAt)
	}
	access := fields[fieldAccess]
	if len(access) != hex.EncodedLen(len(s.Access)) {
		return nil, corrupt(fieldAccess)
	}
	if _, err = hex.Decode(s.Access[:], []byte(access)); err != nil {
		return nil, corrupt(fieldAccess)
	}
	if s.Interests, err = decodeInterests(fields[fieldInterests]); err != nil {
		return nil, err
	}
	return s, nil
}

// decodeRotation reads the tokens that a session has taken; "" for none.
func decodeRotation(token, former, until string) (r sighej.Rotation, err error) {
	if token == "" && former == "" && until == "" {
		return sighej.Rotation{}, nil
	}
	if !sighej.ValidToken(token) || !sighej.ValidToken(former) {
		return sighej.Rotation{}, corrupt(fieldToken)
	}
	r.Token, r.Former = sighej.Token(token), sighej.Token(former)
	if r.Until, err = decodeTime(until); err != nil {
		return sighej.Rotation{}, corrupt(fieldFormerUntil)
	}
	return r, nil
}

func decodeMatch(value string) (time.Time, error) {
	id, ms, _ := strings.Cut(value, " ")
	if _, err := sighej.ParseNudgeID(id); err != nil {
		return time.Time{}, corrupt("a match")
	}
	at, err := decodeTime(ms)
	if err != nil {
		return time.Time{}, corrupt("a match")
	}
	return at, nil
}

func decodeNudge(id, value string) (n sighej.Nudge, err error) {
	ms, shared, found := strings.Cut(value, " ")
	if n.ID, err = sighej.ParseNudgeID(id); err != nil || !found {
		return sighej.Nudge{}, corrupt("a nudge")
	}
	if n.At, err = decodeTime(ms); err != nil {
		return sighej.Nudge{}, corrupt("a nudge")
	}
	if n.Shared, err = decodeInterests(shared); err != nil {
		return sighej.Nudge{}, corrupt("a nudge")
	}
	return n, nil
}

func decodeReveal(id, value string) (sighej.Nudge, error) {
	ms, rest, _ := strings.Cut(value, " ")
	of, shared, found := strings.Cut(rest, " ")
	hidden, err := sighej.ParseNudgeID(of)
	if err != nil || !found {
		return sighej.Nudge{}, corrupt("a reveal")
	}
	n, err := decodeNudge(id, ms+" "+shared)
	n.Reveals = hidden
	return n, err
}

// decodeTime reads Unix milliseconds in their canonical form.
func decodeTime(s string) (time.Time, error) {
	ms, err := strconv.ParseInt(s, 10, 64)
	if err != nil || strconv.FormatInt(ms, 10) != s {
		return time.Time{}, corrupt("a time")
	}
	return time.UnixMilli(ms).UTC(), nil
}
