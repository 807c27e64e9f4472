//go:build linux

// Package fakebluez is a stand-in for BlueZ, for tests: it has the objects, calls
// and signals that package bluez uses, on a private bus, and knows no Bluetooth.
// What one of its adapters advertises, the others hear when a test says so. It
// writes down what it was asked for.
package fakebluez

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
)

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=%s/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/><allow receive_sender="*"/>
    %s
  </policy>
</busconfig>`

// Bus is a private dbus-daemon.
type Bus struct {
	Address string
	Stop    func() // ends it and waits; once the test has ended it has been called
}

// StartBus starts one. policy is XML that ends the bus's policy, as in a deny.
func StartBus(t testing.TB, policy string) *Bus {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "bus.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, busConfig, dir, policy), 0o600); err != nil {
		t.Fatal(err)
	}
	alive := context.WithoutCancel(t.Context())                                                                                // those on the bus leave it in clean-ups
	daemon := exec.CommandContext(alive, "dbus-daemon", "--config-file="+config, "--nofork", "--nopidfile", "--print-address") //nolint:gosec // a file of ours
	out, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatalf("this needs a D-Bus daemon: install the package dbus-daemon (%v)", err)
	}
	b := &Bus{}
	stopped := false
	b.Stop = func() {
		if !stopped {
			stopped = true
			_ = daemon.Process.Kill()
			_ = daemon.Wait()
		}
	}
	t.Cleanup(b.Stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal("dbus-daemon told no address: ", err)
	}
	b.Address = strings.TrimSpace(line)
	return b
}

func (b *Bus) connect(t testing.TB) *dbus.Conn {
	t.Helper()
	conn, err := dbus.Connect(b.Address)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}
