//go:build !unix

package ws

import (
	"errors"
	"net"
	"syscall"
)

var (
	errNothing = errors.New("nothing to read")
	errNoFile  = errors.New("no file descriptors here")
)

// descriptor returns nil: without file descriptors every connection is served
// as one over TLS is, by a goroutine with a buffer of its own.
func descriptor(net.Conn) syscall.RawConn { return nil }

func readable(uintptr) bool                  { return true }
func readSome(uintptr, []byte) (int, error)  { return 0, errNoFile }
func writeSome(uintptr, []byte) (int, error) { return 0, errNoFile }
