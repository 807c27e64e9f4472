package actors

import (
	"context"

	"i80.dk/sighej"
)

var (
	errUnauthorized = sighej.Errorf(sighej.CodeUnauthorized, "the access token is missing or wrong")
	errForbidden    = sighej.Errorf(sighej.CodeForbidden, "the access token is another session's")
	errUnknown      = sighej.Errorf(sighej.CodeNotFound, "no live session has this token")
)

// identify finds the session that the caller proves to be its own.
func (s *System) identify(ctx context.Context, c sighej.Caller) (*snapshot, error) {
	if s.cfg.Beacon && c.Token != "" {
		return s.byToken(ctx, c.Token)
	}
	access, err := sighej.ParseAccessToken(string(c.Access))
	if err != nil {
		return nil, errUnauthorized
	}
	if c.Token == "" {
		return s.byAccess(ctx, access.Hash())
	}
	hash := access.Hash()
	snap, err := s.find(ctx, c.Token)
	switch {
	case err == nil && snap.session.Access.Equal(hash):
		return snap, nil
	case err != nil && sighej.CodeOf(err) != sighej.CodeNotFound:
		return nil, err
	}
	if _, err := s.byAccess(ctx, hash); err != nil {
		return nil, err
	}
	return nil, errForbidden
}

// byAccess finds the session that an access token belongs to.
func (s *System) byAccess(ctx context.Context, hash sighej.AccessHash) (*snapshot, error) {
	token, err := s.cfg.Store.Find(ctx, hash)
	if err == nil {
		var snap *snapshot
		if snap, err = s.find(ctx, token); err == nil && snap.session.Access.Equal(hash) {
			return snap, nil
		}
	}
	if err == nil || sighej.CodeOf(err) == sighej.CodeNotFound {
		return nil, errUnauthorized
	}
	return nil, err
}

// byToken finds a session by what everyone in range can hear.
func (s *System) byToken(ctx context.Context, token sighej.Token) (*snapshot, error) {
	snap, err := s.find(ctx, token)
	now := s.cfg.Now()
	if sighej.CodeOf(err) == sighej.CodeNotFound || err == nil && !snap.heardAs(token, now, now) {
		return nil, errUnknown
	}
	return snap, err
}
