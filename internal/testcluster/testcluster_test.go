//go:build linux

package testcluster

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"time"
)

// echoes starts a link to a server that sends back what it gets, and returns the
// link and a way to dial it. Who dials is told by the test.
func echoes(t *testing.T, who func() string) (*link, func() net.Conn) {
	t.Helper()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			conn, err := server.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(conn, conn); _ = conn.Close() }()
		}
	}()
	l, err := newLink("b", "127.0.0.1:0", server.Addr().String(), func(netip.AddrPort) string { return who() })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.close(); _ = server.Close() })
	return l, func() net.Conn {
		conn, err := net.Dial("tcp", l.listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
}

// echoed sends a byte and reports whether it comes back in time.
func echoed(t *testing.T, conn net.Conn, within time.Duration) error {
	t.Helper()
	if _, err := conn.Write([]byte{1}); err != nil {
		return err
	}
	_ = conn.SetReadDeadline(time.Now().Add(within))
	_, err := conn.Read(make([]byte, 1))
	return err
}

func TestBlackHole(t *testing.T) {
	l, dial := echoes(t, func() string { return "a" })
	conn := dial()
	if err := echoed(t, conn, time.Minute); err != nil {
		t.Fatal(err)
	}
	l.cut("c", BlackHole) // another's
	if err := echoed(t, conn, time.Minute); err != nil {
		t.Error("a link is cut that is not:", err)
	}
	l.cut("a", BlackHole)
	if err := echoed(t, conn, 100*time.Millisecond); err == nil {
		t.Error("the link is not cut")
	}
	l.cut("a", 0)
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Error("what was under way is lost:", err)
	}
}

func TestReset(t *testing.T) {
	l, dial := echoes(t, func() string { return "a" })
	conn := dial()
	if err := echoed(t, conn, time.Minute); err != nil {
		t.Fatal(err)
	}
	l.cut("a", Reset)
	if err := echoed(t, conn, time.Minute); err == nil {
		t.Error("the connection lives on")
	}
	if conn, err := net.Dial("tcp", l.listener.Addr().String()); err == nil { // the reset may come as early as that
		if echoed(t, conn, time.Minute) == nil {
			t.Error("a new connection is let through")
		}
		_ = conn.Close()
	}
	l.cut("a", 0)
	if err := echoed(t, dial(), time.Minute); err != nil {
		t.Error("the link is not healed:", err)
	}
}
