package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Config is what a member is made of. Leases and Protocol are required.
type Config struct {
	Leases   Leases
	Version  string        // of the program, for people
	Protocol int           // that it speaks to other members, from 1 up
	Accepts  int           // the lowest protocol that it understands; default: Protocol
	Realm    string        // a fingerprint of what all members must have in common; those of another one are refused
	Counts   func() Counts // its sessions and connections, asked before each renewal; must be quick; default: none
	Logger   *slog.Logger  // default: none
}

func (c Config) withDefaults() Config {
	if c.Accepts == 0 {
		c.Accepts = c.Protocol
	}
	if c.Counts == nil {
		c.Counts = func() Counts { return Counts{} }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// ErrFenced is the end of a member that could not renew its lease in time.
var ErrFenced = errors.New("the member is fenced")

var errLeft = errors.New("the member has left")

// Membership is one member's place in the cluster, under one id, from Join
// until it leaves or is fenced; then it is over for good. All methods are safe
// for concurrent use.
type Membership struct {
	cfg      Config
	id       string
	started  time.Time // its monotonic reading is what deadline counts from
	deadline atomic.Int64
	changed  atomic.Int64 // when the view did last, counted from started
	draining atomic.Bool
	self     atomic.Pointer[Member]
	current  atomic.Pointer[sight]
	wake     chan struct{} // asks for a renewal now
	asked    chan struct{} // closed when somebody asks this member to drain
	askOnce  sync.Once

	mu    sync.Mutex // orders what ends the membership and what goes on with it
	err   error      // why it is over
	ended chan struct{}
}

// sight is a view and the news that it is outdated.
type sight struct {
	view    *View
	changed chan struct{} // closed when another placement takes this one's place
}

// Join takes a lease for a new member with that id, which must never have been
// used, and address, host:port, which the others can reach. It blocks for one
// call of the leases. A member whose protocol does not fit is refused with a
// *[ProtocolError], one of another realm with [ErrRealm]. The member is in the cluster for as long as Run runs.
func Join(ctx context.Context, cfg Config, id, address string) (*Membership, error) {
	cfg = cfg.withDefaults()
	m := &Membership{cfg: cfg, id: id, started: time.Now(), wake: make(chan struct{}, 1), asked: make(chan struct{}), ended: make(chan struct{})}
	m.current.Store(&sight{NewView(nil), make(chan struct{})})
	self := Member{
		ID: id, Address: address, Version: cfg.Version, Protocol: cfg.Protocol, Accepts: cfg.Accepts, Realm: cfg.Realm,
		Joined: m.started.UTC().Truncate(time.Millisecond), State: Up, Counts: cfg.Counts(),
	}
	if err := self.check(); err != nil {
		return nil, fmt.Errorf("cluster: join: %w", err)
	}
	members, err := cfg.Leases.Acquire(ctx, self, leaseTerm)
	if err != nil {
		return nil, fmt.Errorf("cluster: join: %w", err)
	}
	m.self.Store(&self)
	m.deadline.Store(int64(leaseTerm - leaseMargin)) // counted from m.started, which was before the call
	m.show(NewView(members))
	cfg.Logger.Info("in the cluster", slog.String("member", id), slog.String("address", address), slog.Int("members", len(members)))
	return m, nil
}

// MayAct reports whether this member certainly holds its lease: it may act for
// the partitions it owns. Once it has turned false while Run runs, it stays so.
// It is one load and one reading of the clock, and asks nobody.
func (m *Membership) MayAct() bool { return m.now() < m.deadline.Load() }

// Unsettled returns how long another member may still go by an older view than
// this one and take a partition of this one for its own: until it has renewed its
// lease, or lost it. 0: all go by the present view. It never blocks.
func (m *Membership) Unsettled() time.Duration {
	return max(0, leaseTerm-time.Duration(m.now()-m.changed.Load()))
}

// now is the time since the start on the monotonic clock, in nanoseconds.
func (m *Membership) now() int64 { return int64(time.Since(m.started)) }

// View returns the newest view. It has no members once the membership is over.
func (m *Membership) View() *View { return m.current.Load().view }

// ID returns this member's id.
func (m *Membership) ID() string { return m.id }

// Home returns the address of the member that owns a partition, and whether that
// is this one. No address: nobody owns it at the moment. It neither blocks nor
// allocates.
func (m *Membership) Home(partition int) (address string, here bool) {
	owner := m.View().owner(partition)
	if owner == nil {
		return "", false
	}
	return owner.Address, owner.ID == m.id
}

// Self returns what this member last told the others.
func (m *Membership) Self() Member { return *m.self.Load() }

// Asked returns a channel that is closed when somebody has asked this member to
// drain and leave, see [Leases.AskToDrain]. It is for the caller to do so.
func (m *Membership) Asked() <-chan struct{} { return m.asked }

// Ended returns a channel that is closed when the membership is over.
func (m *Membership) Ended() <-chan struct{} { return m.ended }

// Watch calls changed with the views before and after each change of the
// members or their states, first with one without members and the current one.
// Changes that come while changed runs arrive as one. It blocks until ctx ends
// or the membership is over; the last view then has no members. It never holds
// the membership up.
func (m *Membership) Watch(ctx context.Context, changed func(before, after *View)) {
	seen := NewView(nil)
	for {
		now := m.current.Load()
		if now.view.Epoch() != seen.Epoch() {
			changed(seen, now.view)
			seen = now.view
		}
		if len(now.view.members) == 0 && m.over() {
			return
		}
		select {
		case <-now.changed:
		case <-m.ended:
		case <-ctx.Done():
			return
		}
	}
}

// Drain makes this member own nothing from now on, while it stays listed, and
// returns once the leases say so to everybody. It needs Run. It fails when ctx
// ends, or the membership, before that.
func (m *Membership) Drain(ctx context.Context) error {
	m.draining.Store(true)
	m.lookNow()
	for {
		now := m.current.Load()
		if self, there := now.view.Member(m.id); there && self.State == Draining {
			return nil
		}
		select {
		case <-now.changed:
		case <-m.ended:
			return fmt.Errorf("cluster: drain: %w", cmp.Or(m.reason(), errLeft))
		case <-ctx.Done():
			return fmt.Errorf("cluster: drain: %w", ctx.Err())
		}
	}
}

// Leave ends the membership: this member may not act any more, its lease is
// given back and the others are told. Run returns nil. Leaving again, or after a
// fencing, only gives back what may be left of the lease. When it fails, the
// lease runs out by itself.
func (m *Membership) Leave(ctx context.Context) error {
	m.end(nil)
	if err := m.cfg.Leases.Release(ctx, m.id); err != nil {
		return fmt.Errorf("cluster: leave: %w", err)
	}
	return nil
}

// end makes the membership over, unless it is.
func (m *Membership) end(why error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.over() {
		return
	}
	m.deadline.Store(0)
	m.err = why
	m.replace(NewView(nil))
	close(m.ended)
}

// show makes a view the current one, unless the membership is over.
func (m *Membership) show(v *View) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.over() {
		m.replace(v)
	}
}

func (m *Membership) replace(v *View) {
	old := m.current.Load()
	if v.Epoch() == old.view.Epoch() {
		m.current.Store(&sight{v, old.changed})
		return
	}
	m.changed.Store(m.now())
	m.current.Store(&sight{v, make(chan struct{})})
	close(old.changed)
}

func (m *Membership) over() bool {
	select {
	case <-m.ended:
		return true
	default:
		return false
	}
}

// reason returns why the membership is over: nil when it left, or is not.
func (m *Membership) reason() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

// lookNow asks for a renewal, and so for the newest list.
func (m *Membership) lookNow() {
	select {
	case m.wake <- struct{}{}:
	default: // asked for already
	}
}
