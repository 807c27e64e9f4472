package testcluster

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// Ports below the ones that the kernel gives to outgoing connections, so that
// none of those takes the port of a member that is down for a moment.
const (
	firstPort = 12_000
	lastPort  = 32_000
)

// ports were given out by this process.
var ports struct {
	mu   sync.Mutex
	used map[int]bool
}

// freePort returns a loopback port that nobody listens on, each once.
func freePort() (int, error) {
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
		if err = vacant(port); err == nil {
			ports.used[port] = true
			return port, nil
		}
	}
	return 0, fmt.Errorf("testcluster: no free port: %w", err)
}

// wanted returns port if it is free and not 0, else a free one.
func wanted(port int) (int, error) {
	if port != 0 && vacant(port) == nil {
		return port, nil
	}
	return freePort()
}

func vacant(port int) error {
	l, err := net.Listen("tcp", loopback(port))
	if err != nil {
		return err
	}
	return l.Close()
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
