package redisstore

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"i80.dk/sighej"
)

// Errors that tell nothing but their code.
var (
	errLive   = sighej.Errorf(sighej.CodeTokenLive, "the token belongs to a live session")
	errAbsent = sighej.Errorf(sighej.CodeNotFound, "there is no such live session")
	errFull   = sighej.Errorf(sighej.CodeOverloaded, "too many calls wait for the session store").After(time.Second)
	errClosed = sighej.Errorf(sighej.CodeUnavailable, "the session store is closed")
)

// fault gives an error of the client library its code. Nothing but the name of
// an error that Redis answers with is kept: its text can quote the command, and
// so a token.
func fault(err error) error {
	if err == nil {
		return nil
	}
	if own, ok := errors.AsType[*sighej.Error](err); ok {
		return own
	}
	if answer, ok := errors.AsType[redis.Error](err); ok {
		name := strings.TrimSuffix(strings.SplitN(answer.Error(), " ", 2)[0], ":")
		if passing(name) || redis.IsMaxClientsError(err) {
			return sighej.Errorf(sighej.CodeUnavailable, "the session store is not ready: Redis answers %s", name).After(time.Second)
		}
		return sighej.Errorf(sighej.CodeInternal, "the session store failed: Redis answers %s", name)
	}
	return sighej.Errorf(sighej.CodeUnavailable, "the session store is away: %w", err).After(time.Second)
}

// passing reports whether the state of Redis that has this name ends without a
// change of ours: it starts, has lost its primary, is full or its operator
// locked us out.
func passing(name string) bool {
	return slices.Contains([]string{
		"LOADING", "READONLY", "MASTERDOWN", "OOM", "MISCONF", "NOREPLICAS", "BUSY", "TRYAGAIN", "CLUSTERDOWN",
		"NOSCRIPT", "NOAUTH", "WRONGPASS", "NOPERM",
	}, name)
}

// late is the fault of a call that its caller waited for no longer.
func late(ctx context.Context) error { return fault(context.Cause(ctx)) }
