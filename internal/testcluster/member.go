//go:build linux

package testcluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Bounds of what a member is waited for.
const (
	startPatience = 60 * time.Second
	stopPatience  = 20 * time.Second // a stop is promised within 10 s
	again         = 20 * time.Millisecond
)

// Member is one member: its addresses, which stay the same over all starts, and
// the process that is it now. Its methods are safe for concurrent use, but a
// member is started and ended by one caller at a time.
type Member struct {
	Name    string
	Public  string // host:port of phones
	Admin   string // of operators
	Cluster string // of the other members: the proxy's, which passes on to listen

	listen string
	binary string
	env    []string
	dir    string
	link   *link

	mu      sync.Mutex
	process *os.Process   // nil while it is down
	exited  chan struct{} // closed when process has ended
	status  error         // how it ended
}

// Base returns the URL of the member for phones.
func (m *Member) Base() string { return "http://" + m.Public }

// PID returns the process id, 0 while the member is down.
func (m *Member) PID() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.process == nil {
		return 0
	}
	return m.process.Pid
}

// Start starts the process, and does nothing while it runs. It does not wait
// until the member is ready.
func (m *Member) Start() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.process != nil {
		return nil
	}
	log, err := os.OpenFile(m.LogFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("testcluster: the log of %s: %w", m.Name, err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(m.binary, "serve") //nolint:gosec // the binary is the caller's
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = m.env, m.dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("testcluster: start %s: %w", m.Name, err)
	}
	exited := make(chan struct{})
	go func() {
		err := cmd.Wait()
		m.mu.Lock()
		if m.exited == exited {
			m.process, m.status = nil, err
		}
		m.mu.Unlock()
		close(exited)
	}()
	m.process, m.exited = cmd.Process, exited
	return nil
}

// Kill ends the process at once (kill -9) and returns when it has ended.
func (m *Member) Kill() error { return m.end(syscall.SIGKILL) }

// Stop asks the member to stop (SIGTERM) and returns when it has ended. It fails
// if that is not within its promise or not with status 0.
func (m *Member) Stop() error {
	if err := m.end(syscall.SIGTERM); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.status != nil {
		return fmt.Errorf("testcluster: %s ended with %w", m.Name, m.status)
	}
	return nil
}

// Freeze stops the process where it stands (SIGSTOP); it keeps its connections.
func (m *Member) Freeze() error { return m.signal(syscall.SIGSTOP) }

// Thaw ends a Freeze.
func (m *Member) Thaw() error { return m.signal(syscall.SIGCONT) }

func (m *Member) signal(s syscall.Signal) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.process == nil {
		return fmt.Errorf("testcluster: %s is down", m.Name)
	}
	return m.process.Signal(s)
}

func (m *Member) end(how syscall.Signal) error {
	m.mu.Lock()
	process, exited := m.process, m.exited
	m.mu.Unlock()
	if process == nil {
		return nil
	}
	_ = process.Signal(how)
	_ = process.Signal(syscall.SIGCONT)
	select {
	case <-exited:
		return nil
	case <-time.After(stopPatience):
		_ = process.Kill()
		<-exited
		return fmt.Errorf("testcluster: %s did not stop", m.Name)
	}
}

// AwaitReady returns once the member says that it may serve.
func (m *Member) AwaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	return await(ctx, m.Name+" to be ready", func() error { return m.ready(ctx) })
}

func (m *Member) ready(ctx context.Context) error {
	if m.PID() == 0 {
		return errors.New("it has ended")
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.Base()+"/ready", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	return nil
}

// LogFile returns where the member's log is, of all its starts.
func (m *Member) LogFile() string { return filepath.Join(m.dir, "log") }

// await calls done again and again until it succeeds or ctx ends.
func await(ctx context.Context, what string, done func() error) error {
	ticker := time.NewTicker(again)
	defer ticker.Stop()
	for {
		err := done()
		if err == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("testcluster: waiting for %s: %w", what, err)
		}
	}
}
