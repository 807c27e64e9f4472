//go:build linux

package testservers

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

const haproxyPatience = 15 * time.Second

// HAProxy starts a private HAProxy with that configuration file and environment,
// waits until it accepts connections at the address awaited, and ends it with the
// test. It needs about 0.1 s.
func HAProxy(t testing.TB, config string, env []string, awaited string) {
	t.Helper()
	// Debian's is beside the other daemons, where not everybody's PATH leads.
	program := "/usr/sbin/haproxy"
	if _, err := os.Stat(program); err != nil {
		if program, err = exec.LookPath("haproxy"); err != nil {
			t.Fatal("testservers: haproxy is not installed; `make test` installs it")
		}
	}
	var log bytes.Buffer
	cmd := exec.Command(program, "-db", "-f", config) //nolint:gosec // the file is the test's
	cmd.Env, cmd.Stdout, cmd.Stderr = env, &log, &log
	cmd.WaitDelay = haproxyPatience
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("testservers: start HAProxy: %v", err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
		if t.Failed() {
			t.Logf("log of HAProxy:\n%s", log.Bytes())
		}
	})
	if err := awaitDialable(awaited, exited); err != nil {
		t.Fatalf("%v", err)
	}
}

// awaitDialable polls until somebody listens, or exited is closed.
func awaitDialable(address string, exited <-chan struct{}) error {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(haproxyPatience)
	for {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-again.C:
		case <-exited:
			return errors.New("testservers: HAProxy ended while it started")
		case <-deadline:
			return fmt.Errorf("testservers: HAProxy does not get ready: %w", err)
		}
	}
}
