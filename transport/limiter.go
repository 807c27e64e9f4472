package transport

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxAddresses bounds the memory of an [AddressLimiter]: about 30 MB.
const maxAddresses = 100_000

// AddressLimiter gives each client address a bucket of tokens that refills
// steadily. IPv6 counts by /64, which is what one subscriber has.
//
// It remembers 100,000 addresses. One that was away until its bucket filled
// again is forgotten, for it would start full anyway. When there is no room
// left, the address that was away longest is forgotten early and starts afresh
// with a full bucket: under such an attack the limit gives way, never the memory.
//
// It is safe for concurrent use and does not block.
type AddressLimiter struct {
	every rate.Limit
	burst int
	fill  time.Duration // until an empty bucket is full
	room  int

	mu     sync.Mutex
	known  map[netip.Addr]*list.Element
	recent list.List // of *bucket, the latest in front
}

type bucket struct {
	addr   netip.Addr
	tokens *rate.Limiter
	seen   time.Time
}

// NewAddressLimiter allows each address burst calls at once and perMinute a
// minute in the long run. With perMinute 0 or less it returns nil, which allows
// everything; a burst below 1 counts as 1.
func NewAddressLimiter(perMinute, burst int) *AddressLimiter {
	if perMinute <= 0 {
		return nil
	}
	burst = max(burst, 1)
	gap := time.Minute / time.Duration(perMinute)
	return &AddressLimiter{
		every: rate.Limit(float64(perMinute) / 60),
		burst: burst,
		fill:  max(gap*time.Duration(burst), time.Second),
		room:  maxAddresses,
		known: make(map[netip.Addr]*list.Element),
	}
}

// Allow takes a token from the address's bucket. With none left it takes nothing
// and returns the time until there is one.
func (l *AddressLimiter) Allow(addr netip.Addr) (wait time.Duration, ok bool) {
	if l == nil {
		return 0, true
	}
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	tokens := l.bucket(subscriber(addr), now).tokens
	r := tokens.ReserveN(now, 1)
	if wait := r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return wait, false
	}
	return 0, true
}

// Exhausted reports whether the address has no token left, and the time until
// there is one. It takes none.
func (l *AddressLimiter) Exhausted(addr netip.Addr) (wait time.Duration, out bool) {
	if l == nil {
		return 0, false
	}
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.known[subscriber(addr)]
	if !ok {
		return 0, false
	}
	missing := 1 - e.Value.(*bucket).tokens.TokensAt(now)
	if missing <= 0 {
		return 0, false
	}
	return time.Duration(missing / float64(l.every) * float64(time.Second)), true
}

// bucket returns the address's bucket and marks it as the latest used.
func (l *AddressLimiter) bucket(addr netip.Addr, now time.Time) *bucket {
	l.forget(now)
	if e, ok := l.known[addr]; ok {
		l.recent.MoveToFront(e)
		b := e.Value.(*bucket)
		b.seen = now
		return b
	}
	if l.recent.Len() >= l.room {
		l.drop(l.recent.Back())
	}
	b := &bucket{addr: addr, tokens: rate.NewLimiter(l.every, l.burst), seen: now}
	l.known[addr] = l.recent.PushFront(b)
	return b
}

// forget drops up to two of the addresses that were away long enough: twice as
// fast as new ones can come.
func (l *AddressLimiter) forget(now time.Time) {
	for range 2 {
		e := l.recent.Back()
		if e == nil || now.Sub(e.Value.(*bucket).seen) < l.fill {
			return
		}
		l.drop(e)
	}
}

func (l *AddressLimiter) drop(e *list.Element) {
	delete(l.known, e.Value.(*bucket).addr)
	l.recent.Remove(e)
}

// subscriber is what one client can be told from another by.
func subscriber(addr netip.Addr) netip.Addr {
	if addr = addr.Unmap(); addr.Is6() {
		if p, err := addr.WithZone("").Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return addr
}
