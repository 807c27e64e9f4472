package cluster

import (
	"context"
	"maps"
	"sync"
	"time"
)

var _ Leases = (*StaticLeases)(nil)

// StaticLeases are leases in memory: for several members in one process, or for
// a cluster that consists of this member alone.
type StaticLeases struct {
	mu    sync.Mutex
	held  map[string]staticLease
	heard map[chan Notice]struct{}
}

type staticLease struct {
	member Member
	ends   time.Time
	drain  bool // asked for
}

// noticeQueue is how many notices wait for one watcher; what comes then is
// dropped, as notices may be.
const noticeQueue = 16

// NewStaticLeases returns leases that nobody holds yet.
func NewStaticLeases() *StaticLeases {
	return &StaticLeases{held: map[string]staticLease{}, heard: map[chan Notice]struct{}{}}
}

// Acquire implements [Leases].
func (l *StaticLeases) Acquire(ctx context.Context, m Member, term time.Duration) ([]Member, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.sweep()
	for _, other := range l.held {
		if other.member.ID != m.ID && !m.understands(other.member) {
			l.tell(Notice{Refused: m.Protocol})
			return nil, &ProtocolError{Own: m.Protocol, Cluster: other.member.Protocol}
		}
		if other.member.ID != m.ID && other.member.Realm != m.Realm {
			return nil, ErrRealm
		}
	}
	l.held[m.ID] = staticLease{member: m, ends: time.Now().Add(term)}
	l.tell(Notice{})
	return l.members(), nil
}

// Renew implements [Leases].
func (l *StaticLeases) Renew(ctx context.Context, m Member, term time.Duration, announce bool) (members []Member, drain bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	l.sweep()
	lease, held := l.held[m.ID]
	if !held {
		return nil, false, ErrLost
	}
	l.held[m.ID] = staticLease{m, time.Now().Add(term), lease.drain}
	if announce {
		l.tell(Notice{})
	}
	return l.members(), lease.drain, nil
}

// AskToDrain implements [Leases].
func (l *StaticLeases) AskToDrain(ctx context.Context, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	l.sweep()
	lease, held := l.held[id]
	if !held {
		return ErrNoMember
	}
	lease.drain = true
	l.held[id] = lease
	l.tell(Notice{})
	return nil
}

// Release implements [Leases].
func (l *StaticLeases) Release(ctx context.Context, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, held := l.held[id]; held {
		delete(l.held, id)
		l.tell(Notice{})
	}
	return nil
}

// Watch implements [Leases].
func (l *StaticLeases) Watch(ctx context.Context, heard func(Notice)) error {
	notices := make(chan Notice, noticeQueue)
	l.mu.Lock()
	l.heard[notices] = struct{}{}
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.heard, notices)
		l.mu.Unlock()
	}()
	for {
		select {
		case n := <-notices:
			heard(n)
		case <-ctx.Done():
			return nil
		}
	}
}

// sweep ends the leases whose time is over. As all that follow it, it is called
// with mu held.
func (l *StaticLeases) sweep() {
	now, before := time.Now(), len(l.held)
	maps.DeleteFunc(l.held, func(_ string, h staticLease) bool { return !now.Before(h.ends) })
	if len(l.held) < before {
		l.tell(Notice{})
	}
}

func (l *StaticLeases) tell(n Notice) {
	for notices := range l.heard {
		select {
		case notices <- n:
		default:
		}
	}
}

func (l *StaticLeases) members() []Member {
	members := make([]Member, 0, len(l.held))
	for _, h := range l.held {
		members = append(members, h.member)
	}
	return members
}
