package testcluster

import (
	"net"
	"net/netip"
	"os"
	"testing"
)

// A socket is found with the process that holds it, and with no other.
func TestDialler(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	at := netip.MustParseAddrPort(conn.LocalAddr().String())
	if pid := dialler(at, []int{os.Getppid(), os.Getpid()}); pid != os.Getpid() {
		t.Errorf("the socket is of process %d, not %d", pid, os.Getpid())
	}
	if pid := dialler(at, []int{os.Getppid()}); pid != 0 {
		t.Errorf("the socket is of process %d, which has not dialled", pid)
	}
}
