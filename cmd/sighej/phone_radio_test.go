//go:build linux

package main

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/bluez"
	"i80.dk/sighej/mobile/bluez/fakebluez"
	"i80.dk/sighej/mobile/phone/phonetest"
	"i80.dk/sighej/server"
	"i80.dk/sighej/wire"
)

// realServer runs one in this process until the test ends and returns its base.
func realServer(t *testing.T) string {
	t.Helper()
	o := server.DefaultOptions()
	o.ListenAddr, o.AdminListenAddr, o.DataDir = "127.0.0.1:0", "127.0.0.1:0", t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	listening, ended := make(chan server.Addresses, 1), make(chan error, 1)
	go func() {
		ended <- server.Run(ctx, o, "test", slog.New(slog.DiscardHandler), func(a server.Addresses) { listening <- a })
	}()
	t.Cleanup(cancel)
	select {
	case at := <-listening:
		return "http://" + at.Public
	case err := <-ended:
		t.Fatal("the server did not start:", err)
	}
	return ""
}

// onAir starts a phone with a radio of the bus.
func onAir(t *testing.T, bus *fakebluez.Bus, base, adapter, interests string) *program {
	t.Helper()
	env := []string{"DBUS_SYSTEM_BUS_ADDRESS=" + bus.Address}
	return startIn(t, env, "phone", "--base", base, "--radio", "bluez", "--adapter", adapter, "--interests", interests)
}

// airs has the adapters hear each other until lines that begin so have come, in
// whatever order.
func (p *program) airs(d *fakebluez.Daemon, wants ...string) {
	p.t.Helper()
	deadline, again := time.After(patienceOfTests), time.NewTicker(50*time.Millisecond)
	defer again.Stop()
	for len(wants) > 0 {
		select {
		case line, ok := <-p.lines:
			if !ok {
				p.t.Fatalf("stdout ended before %q; stderr: %s", wants, p.complaints())
			}
			wants = slices.DeleteFunc(wants, func(want string) bool { return strings.HasPrefix(line, want) })
		case <-again.C:
			d.Air(-50)
		case <-deadline:
			p.t.Fatalf("waited in vain for %q; stderr: %s", wants, p.complaints())
		}
	}
}

func TestTwoPhonesWithRadiosNudgeEachOther(t *testing.T) {
	bus := fakebluez.StartBus(t, "")
	d := fakebluez.StartDaemon(t, bus, "hci0", "hci1")
	base := realServer(t)
	one, other := onAir(t, bus, base, "hci0", "devops,hardstyle,chess"), onAir(t, bus, base, "hci1", "DevOps,hardstyle")
	for _, p := range []*program{one, other} {
		if line := p.line(); !strings.HasPrefix(line, "token: ") {
			t.Fatalf("line %q", line)
		}
	}
	d.Power("hci0", false)
	d.Power("hci0", true)
	d.Kill()
	d.Start()
	one.airs(d, "in range: 1 ", "nudge: Someone nearby shares your interest in devops and hardstyle")
	other.airs(d, "nudge: Someone nearby shares your interest in ")
	one.typeLine("/block")
	one.airs(d, "blocked")
	one.typeLine("/wave of-nobody")
	one.typeLine("/wave " + sighej.NewNudgeID().String()) // nobody's either, and no reason to end
	one.airs(d, "waved")
	one.typeLine("/close")
	one.airs(d, "closed")
	one.typeLine("/quit")
	other.signal()
	for _, p := range []*program{one, other} {
		if status, _ := p.exit(); status != 0 {
			t.Errorf("status %d, stderr %s", status, p.complaints())
		}
	}
	for _, name := range []string{"hci0", "hci1"} {
		if len(d.Sends(name)) != 0 || d.Scans(name) != nil {
			t.Errorf("%s goes on after the end", name)
		}
	}
	if set := d.Set(); len(set) != 0 {
		t.Errorf("properties of an adapter were set: %v", set)
	}
}

func TestPhoneWithoutARadioTellsWhy(t *testing.T) {
	bus := fakebluez.StartBus(t, "")
	s := phonetest.New(t, nil)
	p := onAir(t, bus, s.URL, "hci0", "devops")
	if status, _ := p.exit(); status != exitFailure || !strings.Contains(p.complaints(), bluez.ErrNoBlueZ.Error()) || len(s.Created()) != 0 {
		t.Errorf("status %d, stderr %q, %d sessions", status, p.complaints(), len(s.Created()))
	}
}

func TestARefusedPhoneWithARadioTellsWhyOnce(t *testing.T) {
	bus := fakebluez.StartBus(t, "")
	d := fakebluez.StartDaemon(t, bus, "hci0")
	s := phonetest.New(t, func(s *phonetest.Server) {
		s.RefuseSession = func(int) (int, wire.Problem) {
			return http.StatusUnprocessableEntity, wire.Problem{Code: string(sighej.CodeInvalid), Detail: "no such interest"}
		}
	})
	p := onAir(t, bus, s.URL, "hci0", "devops")
	status, rest := p.exit()
	if want := "sighej: no such interest (invalid)\n"; status != exitFailure || p.complaints() != want || len(rest) != 0 {
		t.Errorf("status %d, stdout %q, stderr %q", status, rest, p.complaints())
	}
	if len(d.Advertised()) != 0 {
		t.Error("it was on the air")
	}
}

func TestRadioFlags(t *testing.T) {
	for _, args := range [][]string{{"--radio", "bluez", "--token", "abc123"}, {"--adapter", "hci0"}, {"--radio", "fm"}} {
		status, _, errs := output(t, command(t, nil, append([]string{"phone", "--interests", "devops"}, args...)...))
		if status != exitUsage || !strings.Contains(errs, "--") {
			t.Errorf("%v: status %d, stderr %q", args, status, errs)
		}
	}
}
