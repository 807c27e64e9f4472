//go:build unix

package ws

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// errNothing: no bytes right now.
var errNothing = errors.New("nothing to read")

// descriptor returns the file descriptor behind c, or nil.
func descriptor(c net.Conn) syscall.RawConn {
	shows, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := shows.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// readable reports, without waiting, whether a read would find bytes, the end or
// an error.
func readable(fd uintptr) bool {
	p := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}} //nolint:gosec // a descriptor
	n, err := unix.Poll(p[:], 0)
	return n > 0 || err != nil
}

// readSome reads once and does not wait; errNothing when it would have to.
func readSome(fd uintptr, b []byte) (int, error) {
	for {
		n, err := unix.Read(int(fd), b) //nolint:gosec // a descriptor
		switch err {
		case nil:
			return n, nil
		case unix.EAGAIN:
			return 0, errNothing
		case unix.EINTR:
		default:
			return 0, err
		}
	}
}

// writeSome writes once, as much as there is room for, which may be nothing.
func writeSome(fd uintptr, b []byte) (int, error) {
	for {
		n, err := unix.Write(int(fd), b) //nolint:gosec // a descriptor
		switch err {
		case nil:
			return n, nil
		case unix.EAGAIN:
			return 0, nil
		case unix.EINTR:
		default:
			return 0, err
		}
	}
}
