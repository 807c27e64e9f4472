package phones

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// latePort makes the kernel choose a port when it knows where the connection
// leads, not when its address is bound: then it searches through all ports in
// use, a millisecond each time once there are thousands.
func latePort(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1) // without it all works, slower
	})
}
