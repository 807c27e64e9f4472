package phonetest

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
)

// air is a network in memory: a listener and the way to it. Nothing of it is
// known to the operating system, so that a test in a synctest bubble has all of
// the time to itself.
type air struct {
	coming chan net.Conn
	closed chan struct{}
	once   sync.Once

	refused atomic.Int64

	mu    sync.Mutex
	cut   bool
	flown []net.Conn // both ends
}

func newAir() *air { return &air{coming: make(chan net.Conn), closed: make(chan struct{})} }

var errCut = errors.New("phonetest: the network is unreachable")

// DialContext connects to the server, whatever the address.
func (a *air) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	a.mu.Lock()
	if a.cut {
		a.mu.Unlock()
		a.refused.Add(1)
		return nil, errCut
	}
	near, far := net.Pipe()
	a.flown = append(a.flown, near, far)
	a.mu.Unlock()
	select {
	case a.coming <- far:
		return near, nil
	case <-a.closed:
		return nil, errCut
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (a *air) set(cut bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cut = cut
	if cut {
		for _, c := range a.flown {
			_ = c.Close()
		}
		a.flown = nil
	}
}

// Accept is the listener's.
func (a *air) Accept() (net.Conn, error) {
	select {
	case c := <-a.coming:
		return c, nil
	case <-a.closed:
		return nil, net.ErrClosed
	}
}

// Close is the listener's.
func (a *air) Close() error {
	a.once.Do(func() { close(a.closed) })
	return nil
}

// Addr is the listener's.
func (a *air) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80} }
