package forget

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// How long a trace may stay.
const (
	AfterDelete = time.Second
	AfterExpiry = 5 * time.Second
)

// Trial has a deployment take two phones in and forget them.
type Trial struct {
	Base       string // of the public listener, as in http://127.0.0.1:8000
	Deployment Deployment
	Expire     bool             // let the second phone expire instead of having it forgotten
	Step       func(did string) // told what is going on; nil: nobody
}

// Result is what came of a trial: one report a search, all of them clean but the
// first.
type Result struct {
	Alive   *Report // while both lived: that the search finds what there is
	Deleted *Report // after the first was forgotten
	Over    *Report // after the second was, or had expired
}

// ErrTraces says that something was left. The reports tell what.
var ErrTraces = errors.New("something was left of a session that is over")

// ErrBlind says that nothing was found of living sessions: this is not the Redis in
// which they are kept.
var ErrBlind = errors.New("nothing was found of two living sessions: this is not the Redis that keeps them")

// Run runs the trial. What it returns beside an error has been done before it. It
// blocks for about a second, or until the second phone has expired.
func (t Trial) Run(ctx context.Context) (r Result, err error) {
	step := t.Step
	if step == nil {
		step = func(string) {}
	}
	first, second, err := t.match(ctx)
	if err != nil {
		return r, err
	}
	step("two phones were registered, one of them rotated its token, and they were matched")
	own, all, err := t.know(ctx, first, second)
	if err != nil {
		return r, err
	}
	if r.Alive, err = t.Deployment.Search(ctx, all); err != nil {
		return r, err
	}
	if t.Deployment.RedisURL != "" && !r.Alive.Found(second.name+": token") {
		return r, ErrBlind
	}
	step(fmt.Sprintf("%d traces of them were found while they lived", len(r.Alive.Findings)+r.Alive.More))
	if err := first.forget(ctx); err != nil {
		return r, err
	}
	step("the first was forgotten: DELETE /session")
	if r.Deleted, err = t.Deployment.AwaitNothing(ctx, own, AfterDelete); err != nil {
		return r, err
	}
	within := AfterDelete
	if t.Expire {
		step("waiting for the second to expire, " + second.created.ExpiresAt.Format(time.RFC3339))
		within = AfterExpiry
		err = sleepUntil(ctx, second.created.ExpiresAt)
	} else {
		err = second.forget(ctx)
	}
	if err != nil {
		return r, err
	}
	step("the second is over, too")
	r.Over, err = t.Deployment.AwaitNothing(ctx, all, within)
	return r, err
}

// match registers two phones, has one of them rotate its token, and matches them.
// Their nudges wait.
func (t Trial) match(ctx context.Context) (first, second *probe, err error) {
	common := invented()
	if first, err = register(ctx, "first phone", t.Base, common); err != nil {
		return nil, nil, err
	}
	if second, err = register(ctx, "second phone", t.Base, common); err != nil {
		return nil, nil, err
	}
	return first, second, first.sees(ctx, second)
}

// know returns what is the first phone's own, and all secrets of both.
func (t Trial) know(ctx context.Context, first, second *probe) (own, all []Secret, err error) {
	a, b := first.secrets(), second.secrets()
	if t.Deployment.RedisURL != "" {
		for _, x := range []struct {
			p    *probe
			into *[]Secret
		}{{first, &a}, {second, &b}} {
			kept, err := Kept(ctx, t.Deployment.RedisURL, x.p.token)
			if err != nil {
				return nil, nil, err
			}
			for _, s := range kept {
				*x.into = append(*x.into, Secret{x.p.name + ": " + s.Name, s.Value})
			}
		}
	}
	if err := first.rotate(ctx); err != nil {
		return nil, nil, err
	}
	a = append(a, Text(first.name+": token after rotation", first.token))
	return Except(a, b), append(a, b...), nil
}

// AwaitNothing searches until nothing is found. It returns [ErrTraces] with the
// report when a search that began more than within after the call still finds
// something.
func (d Deployment) AwaitNothing(ctx context.Context, secrets []Secret, within time.Duration) (*Report, error) {
	const pause = 50 * time.Millisecond
	for start := time.Now(); ; {
		late := time.Since(start) > within
		r, err := d.Search(ctx, secrets)
		switch {
		case err != nil || r.Clean():
			return r, err
		case late:
			return r, ErrTraces
		}
		if err := sleepUntil(ctx, time.Now().Add(pause)); err != nil {
			return r, err
		}
	}
}

func sleepUntil(ctx context.Context, at time.Time) error {
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
