package cluster

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// leaveWithin bounds the farewell of a member that live did not make.
const leaveWithin = time.Second

// Run is in the cluster until ctx ends, as one incarnation after the other.
//
// It calls live with each: live spawns what others address, calls Join, serves
// until its ctx has ended and stops what it started. That ctx ends with ctx, and
// with the cause [ErrFenced] when the member is fenced. After a fencing Run
// waits until the leases answer, gives back what is left of the old one, and
// calls live with the next incarnation. In every other case it leaves the
// cluster, if live has not, and returns what live returned. A live that returns
// an error other than for its ctx ends Run.
func Run(ctx context.Context, cfg Config, at Endpoint, live func(context.Context, *Incarnation) error) error {
	cfg = cfg.withDefaults()
	for {
		fenced, err := runOnce(ctx, cfg, at, live)
		if fenced == "" || err != nil {
			return err
		}
		for cfg.Leases.Release(ctx, fenced) != nil {
			if !wait(ctx, renewEvery) {
				return nil
			}
		}
	}
}

// runOnce is one incarnation. It returns the id of a member that was fenced.
func runOnce(ctx context.Context, cfg Config, at Endpoint, live func(context.Context, *Incarnation) error) (fenced string, err error) {
	i, err := Open(cfg, at)
	if err != nil {
		return "", err
	}
	defer i.Close()
	scope, end := context.WithCancelCause(ctx)
	defer end(nil)
	i.parts.Go(func() {
		select {
		case <-i.fenced:
			end(ErrFenced)
		case <-scope.Done():
		}
	})
	err = live(scope, i)
	if ctx.Err() == nil && context.Cause(scope) == ErrFenced { //nolint:errorlint // the cause that was set above
		if errors.Is(err, context.Canceled) || errors.Is(err, ErrFenced) {
			err = nil
		}
		cfg.Logger.Error("the member was fenced; it comes back under another id",
			slog.String("member", i.System.ID), slog.Any("error", i.membership.reason()))
		return i.System.ID, err
	}
	i.leave(ctx)
	return "", err
}

// leave tells the others that this member goes, unless they know.
func (i *Incarnation) leave(ctx context.Context) {
	if i.membership == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveWithin)
	defer cancel()
	if err := i.membership.Leave(ctx); err != nil {
		i.cfg.Logger.Warn("the others learn late that this member has left", slog.Any("error", err))
	}
}
