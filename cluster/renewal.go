package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// errLate is why a member is fenced whose time ran out.
var errLate = errors.New("no renewal in time")

// Run keeps the lease until ctx ends, and then returns nil and lets the lease
// run out, or until the membership is over: nil after Leave, an error that wraps
// [ErrFenced] after a fencing. It returns once a call of the leases that is
// under way has come back. Call it once.
func (m *Membership) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var parts sync.WaitGroup
	defer parts.Wait()
	defer stop()
	parts.Go(func() { m.listen(ctx) })
	parts.Go(func() { m.renewals(ctx) })
	return m.guard(ctx)
}

// guard fences the member when its time is over, also while a renewal hangs.
func (m *Membership) guard(ctx context.Context) error {
	for {
		left := time.Duration(m.deadline.Load() - m.now())
		if left <= 0 {
			m.fence(errLate)
		}
		timer := time.NewTimer(left)
		select {
		case <-m.ended:
			timer.Stop()
			return m.reason()
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// fence ends the membership of a member that lost its lease or may have.
func (m *Membership) fence(why error) { m.end(fmt.Errorf("%w: %w", ErrFenced, why)) }

// renewals renews the lease each second, and whenever there is something to
// tell or to see.
func (m *Membership) renewals(ctx context.Context) {
	var r renewal
	timer := time.NewTimer(renewEvery)
	defer timer.Stop()
	for {
		select {
		case <-m.ended:
			return
		case <-ctx.Done():
			return
		case <-m.wake:
		case <-timer.C:
		}
		timer.Reset(r.once(ctx, m))
	}
}

// renewal is what one renewal leaves for the next.
type renewal struct{ failing bool }

// once renews the lease and returns when to do so again.
func (r *renewal) once(ctx context.Context, m *Membership) time.Duration {
	next, announce := m.next()
	sent := m.now()
	members, drain, err := m.cfg.Leases.Renew(ctx, next, leaseTerm, announce)
	switch {
	case ctx.Err() != nil:
		return renewEvery
	case errors.Is(err, ErrLost):
		m.fence(err)
		return renewEvery
	case err != nil:
		r.note(m, err)
		return retryAfter
	}
	r.note(m, nil)
	if !m.prolong(sent) {
		m.fence(errLate)
		return renewEvery
	}
	if drain {
		m.askOnce.Do(func() { close(m.asked) })
	}
	m.self.Store(&next)
	m.take(newView(members, m.View()))
	return renewEvery
}

// next returns what this member says of itself now, and whether the others have
// to be told at once.
func (m *Membership) next() (next Member, announce bool) {
	next = m.Self()
	next.Counts = m.cfg.Counts()
	next.Counts.Partitions = m.View().Share(next.ID)
	if m.draining.Load() {
		announce = next.State != Draining
		next.State = Draining
	}
	return next, announce
}

// prolong lets the member act for a lease less its margin from the moment that
// a successful renewal was sent. It refuses once the time before that is over:
// MayAct may have said so to somebody.
func (m *Membership) prolong(sent int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.over() || !m.MayAct() {
		return false
	}
	m.deadline.Store(sent + int64(leaseTerm-leaseMargin))
	return true
}

// take shows a view and logs who has come and gone.
func (m *Membership) take(v *View) {
	if v.Epoch() != m.View().Epoch() {
		m.cfg.Logger.Info("the cluster has changed", slog.Int("members", len(v.members)),
			slog.Int("partitions_here", v.Share(m.id)))
	}
	m.show(v)
}

// note logs the first of several failures in a row, and their end.
func (r *renewal) note(m *Membership, err error) {
	if err != nil && !r.failing {
		m.cfg.Logger.Warn("the lease cannot be renewed", slog.Any("error", err))
	}
	if err == nil && r.failing {
		m.cfg.Logger.Info("the lease is renewed again")
	}
	r.failing = err != nil
}

// listen looks at the leases whenever others say that they have changed.
// Without it a change is seen with the next renewal.
func (m *Membership) listen(ctx context.Context) {
	for {
		err := m.cfg.Leases.Watch(ctx, m.heard)
		if ctx.Err() != nil {
			return
		}
		m.cfg.Logger.Warn("changes of the cluster are seen late", slog.Any("error", err))
		select {
		case <-ctx.Done():
			return
		case <-time.After(renewEvery):
		}
	}
}

func (m *Membership) heard(n Notice) {
	if n.Refused != 0 {
		m.cfg.Logger.Warn("a member was refused: it speaks another protocol",
			slog.Int("its_protocol", n.Refused), slog.Int("protocol", m.cfg.Protocol))
		return
	}
	m.lookNow()
}
