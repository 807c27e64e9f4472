package admin

import (
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// After failures of one address within lockTime nothing more is looked at from
// there until lockTime after the first of them.
const (
	maxFailures = 10
	lockTime    = time.Minute
	maxLocks    = 10_000 // addresses that are remembered, about 1 MB
)

// lockout counts the wrong tokens that came from an address. IPv6 counts by /64,
// which is what one subscriber has. When there is no room for another address, all
// are forgotten: under such an attack the memory has its bound, and so has each
// address its pace.
//
// It is safe for concurrent use and does not block.
type lockout struct {
	mu     sync.Mutex
	failed map[netip.Prefix]failures
}

type failures struct {
	first time.Time
	n     int
}

// wait returns for how long nothing is looked at from an address; 0: it is.
func (l *lockout) wait(from netip.Addr, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.failed[network(from)]
	if left := f.first.Add(lockTime).Sub(now); f.n >= maxFailures && left > 0 {
		return left
	}
	return 0
}

// fail counts a wrong token.
func (l *lockout) fail(from netip.Addr, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := network(from)
	f, known := l.failed[at]
	if !known && len(l.failed) >= maxLocks {
		l.forget(now)
	}
	if now.Sub(f.first) >= lockTime {
		f = failures{first: now}
	}
	f.n++
	if l.failed == nil {
		l.failed = make(map[netip.Prefix]failures)
	}
	l.failed[at] = f
}

// forget makes room: what is over goes, and if that is nothing, all.
func (l *lockout) forget(now time.Time) {
	for at, f := range l.failed {
		if now.Sub(f.first) >= lockTime {
			delete(l.failed, at)
		}
	}
	if len(l.failed) >= maxLocks {
		clear(l.failed)
	}
}

func network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // the zero Prefix for the zero Addr
	return p
}

// peer is the address that a request comes from, as the socket has it.
func peer(r *http.Request) netip.Addr {
	ap, _ := netip.ParseAddrPort(r.RemoteAddr)
	return ap.Addr()
}
