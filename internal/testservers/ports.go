package testservers

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Ports below the ones that the kernel gives to outgoing connections, so that
// none of those takes the port of a server that is down for a moment.
const (
	firstPort = 12_000
	lastPort  = 32_000
)

// ports were given out by this process.
var ports struct {
	mu   sync.Mutex
	used map[int]bool
}

// FreePort returns a loopback port that nobody listens on, each once. No outgoing
// connection takes it.
func FreePort() (int, error) {
	ports.mu.Lock()
	defer ports.mu.Unlock()
	if ports.used == nil {
		ports.used = map[int]bool{}
	}
	var err error
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort) //nolint:gosec // no secret
		if ports.used[port] {
			continue
		}
		if err = Vacant(port); err == nil {
			ports.used[port] = true
			return port, nil
		}
	}
	return 0, fmt.Errorf("testservers: no free port: %w", err)
}

// Vacant returns nil if nobody listens on a loopback port.
func Vacant(port int) error {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return l.Close()
}

// rebindWithin is far longer than it takes a forked process to become another program.
const rebindWithin = 10 * time.Second

// Rebind starts what listens where this process has just stopped listening. It
// tries again while the address is in use: a process that is being forked holds
// the old listener until it is another program.
func Rebind(start func() error) error {
	for deadline := time.Now().Add(rebindWithin); ; runtime.Gosched() {
		err := start()
		if !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(deadline) {
			return err
		}
	}
}
