package server

import (
	"bufio"
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// terminal is a `sighej phone` in a process of its own.
type terminal struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string
}

func startPhone(t *testing.T, p *process, args ...string) *terminal {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, cmd: exec.Command(binary, append([]string{"phone", "--base", p.base()}, args...)...), lines: make(chan string, 16)}
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := x.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	x.cmd.Stderr = &log
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(x.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			x.lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		_ = x.cmd.Process.Kill()
		err := x.cmd.Wait()
		if t.Failed() {
			t.Logf("a phone ended with %v and said: %.4000s", err, log.String())
		}
	})
	return x
}

// line returns what is printed next behind the prefix.
func (x *terminal) line(prefix string) string {
	x.t.Helper()
	select {
	case line, more := <-x.lines:
		if !more {
			x.t.Fatal("the phone has ended, want ", prefix)
		}
		rest, ok := strings.CutPrefix(line, prefix)
		if !ok {
			x.t.Fatalf("%q was printed, want %q…", line, prefix)
		}
		return rest
	case <-time.After(15 * time.Second):
		x.t.Fatal("nothing was printed, want ", prefix)
	}
	return ""
}

// TestTwoTerminals is the README's first example.
func TestTwoTerminals(t *testing.T) {
	p := startProcess(t)
	first := startPhone(t, p, "--interests", "devops,hardstyle,chess")
	second := startPhone(t, p, "--interests", "DevOps,hardstyle", "--sight", first.line("token: "))
	if token := second.line("token: "); len(token) != 22 {
		t.Error("token:", token)
	}
	printed := []string{second.line(""), second.line("")} // in either order
	slices.Sort(printed)
	if want := []string{"match: DevOps, hardstyle", "nudge: Someone nearby shares your interest in DevOps and hardstyle."}; !slices.Equal(printed, want) {
		t.Errorf("%q", printed)
	}
	if got := first.line("nudge: "); got != "Someone nearby shares your interest in devops and hardstyle." {
		t.Error(got)
	}
	for _, x := range []*terminal{first, second} {
		if err := x.cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "both forget their sessions", func() bool {
		_, stats := p.exchange("GET", "http://"+p.addr.Admin+"/stats", "", nil)
		return stats["active_sessions_now"] == 0.0
	})
}
