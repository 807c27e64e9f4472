//go:build linux

package testcluster

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
)

// Cut is what becomes of a link that is cut.
type Cut uint8

// The ways to cut a link.
const (
	// BlackHole keeps the connections and lets nothing through, as a network does
	// that drops packets. What is under way arrives after healing if both ends
	// still wait for it, as TCP has it.
	BlackHole Cut = iota + 1
	// Reset ends the connections and refuses new ones.
	Reset
)

// link is the way to one member: a TCP proxy in front of its listener, which can
// be cut for each of the others by itself.
type link struct {
	to       string // the name of the member
	target   string // where it listens
	listener net.Listener
	caller   func(netip.AddrPort) string // the name of the member that dialled

	mu     sync.Mutex
	change *sync.Cond // of what follows
	cuts   map[string]Cut
	conns  map[*flow]bool
	closed bool
	wg     sync.WaitGroup
}

// flow is one connection through a link.
type flow struct {
	from     string
	in, out  net.Conn
	finished bool
}

func newLink(to, address, target string, caller func(netip.AddrPort) string) (*link, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("testcluster: the link to %s: %w", to, err)
	}
	l := &link{to: to, target: target, listener: listener, caller: caller, cuts: map[string]Cut{}, conns: map[*flow]bool{}}
	l.change = sync.NewCond(&l.mu)
	l.wg.Go(l.accept)
	return l, nil
}

// cut cuts the link for what from dials; 0 heals it.
func (l *link) cut(from string, how Cut) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cuts[from] = how
	if how == Reset {
		for f := range l.conns {
			if f.from == from {
				f.abort()
			}
		}
	}
	l.change.Broadcast()
}

func (l *link) close() {
	_ = l.listener.Close()
	l.mu.Lock()
	l.closed = true
	for f := range l.conns {
		f.abort()
	}
	l.change.Broadcast()
	l.mu.Unlock()
	l.wg.Wait()
}

func (l *link) accept() {
	for {
		conn, err := l.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			l.wg.Go(func() { l.carry(conn) })
		}
	}
}

// carry serves one connection until it ends.
func (l *link) carry(in net.Conn) {
	remote, _ := netip.ParseAddrPort(in.RemoteAddr().String())
	f := &flow{from: l.caller(remote), in: in}
	if !l.admit(f) {
		f.abort() // nobody else knows it
		return
	}
	defer l.dismiss(f)
	out, err := net.Dial("tcp", l.target)
	if err != nil { // the member is down, which the dialler learns as if there were no proxy
		return
	}
	l.mu.Lock()
	f.out = out
	over := f.finished
	l.mu.Unlock()
	if over {
		_ = out.Close()
		return
	}
	var ways sync.WaitGroup
	ways.Go(func() { l.pass(f, out, in) })
	l.pass(f, in, out)
	ways.Wait()
}

func (l *link) admit(f *flow) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.cuts[f.from] == Reset {
		return false
	}
	l.conns[f] = true
	return true
}

func (l *link) dismiss(f *flow) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, f)
	f.end()
}

// pass carries one direction; the other ends with it.
func (l *link) pass(f *flow, to io.Writer, from io.Reader) {
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		f.end()
		l.change.Broadcast()
	}()
	chunk := make([]byte, 32<<10)
	for {
		n, err := from.Read(chunk)
		if n > 0 && l.open(f) {
			if _, failed := to.Write(chunk[:n]); failed != nil {
				return
			}
		}
		if err != nil {
			l.open(f) // an end is not heard through a black hole either
			return
		}
	}
}

// open waits while the link is a black hole, and reports whether the connection
// still stands then.
func (l *link) open(f *flow) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.cuts[f.from] == BlackHole && !f.finished && !l.closed {
		l.change.Wait()
	}
	return !f.finished && !l.closed
}

// end closes both halves; what was passed on still arrives. Only with the link's
// lock, as for abort.
func (f *flow) end() {
	f.finished = true
	for _, c := range []net.Conn{f.in, f.out} {
		if c != nil {
			_ = c.Close()
		}
	}
}

// abort ends both halves with a reset.
func (f *flow) abort() {
	for _, c := range []net.Conn{f.in, f.out} {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
	}
	f.end()
}

// Cut cuts the link on which one member speaks to another; what that one says to
// the first goes its own way. It works until [Cluster.Heal].
func (c *Cluster) Cut(from, to *Member, how Cut) { to.link.cut(from.Name, how) }

// CutBoth cuts the links between two members in both directions.
func (c *Cluster) CutBoth(one, other *Member, how Cut) {
	c.Cut(one, other, how)
	c.Cut(other, one, how)
}

// Heal makes all links whole.
func (c *Cluster) Heal() {
	for _, to := range c.Members {
		for _, from := range c.Members {
			to.link.cut(from.Name, 0)
		}
	}
}

// caller names the member whose process owns the socket at a loopback address.
func (c *Cluster) caller(at netip.AddrPort) string {
	c.coming.Lock() // the first members talk while others come
	members := slices.Clone(c.Members)
	c.coming.Unlock()
	pids := make([]int, len(members))
	for i, m := range members {
		pids[i] = m.PID()
	}
	if i := slices.Index(pids, dialler(at, pids)); i >= 0 && pids[i] != 0 {
		return members[i].Name
	}
	return ""
}
