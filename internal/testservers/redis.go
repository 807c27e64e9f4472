//go:build linux

package testservers

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	redisPatience = 15 * time.Second // for a start or an end
	redisAnswer   = 5 * time.Second
)

// RedisServer is a private Redis on loopback with an append-only file. Its
// methods are not safe for concurrent use, except for URL and FlushAll.
type RedisServer struct {
	dir     string
	port    int
	process *os.Process   // nil while it is stopped
	exited  chan struct{} // closed when process has ended
}

// Redis starts a server and closes it when the test ends. It takes about 0.1 s.
func Redis(t testing.TB) *RedisServer {
	t.Helper()
	r, err := StartRedis()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// StartRedis starts a server for a TestMain, which has to Close it. Should the
// test process be killed, the server goes with it.
func StartRedis() (*RedisServer, error) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return nil, errors.New("testservers: redis-server is not installed; `make test` installs it")
	}
	dir, err := os.MkdirTemp("", "sighej-redis-")
	if err != nil {
		return nil, fmt.Errorf("testservers: a directory for Redis: %w", err)
	}
	r := &RedisServer{dir: dir}
	for range 3 { // a free port is only reserved by luck
		if r.port, err = FreePort(); err != nil {
			break
		}
		if err = r.Start(); err == nil {
			return r, nil
		}
	}
	return nil, errors.Join(err, r.Close())
}

// URL returns the server's address for a client.
func (r *RedisServer) URL() string { return "redis://" + r.address() }

// Start starts a stopped or killed server again, with its port and data, and
// returns when it answers. Each write is in the kernel's hands before it is
// answered, as with appendfsync always, and no test waits for a busy disk; with
// everysec a write may be answered up to 2 s before it is in the file.
func (r *RedisServer) Start() error {
	var log bytes.Buffer
	cmd := exec.Command("redis-server", "--bind", "127.0.0.1", "--port", strconv.Itoa(r.port), "--dir", r.dir, //nolint:gosec // all from this file
		"--save", "", "--appendonly", "yes", "--appendfsync", "no", "--loglevel", "warning")
	cmd.Stdout, cmd.Stderr = &log, &log // complete once the process has been waited for
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("testservers: start Redis: %w", err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	r.process, r.exited = cmd.Process, exited
	if err := r.awaitReady(); err != nil {
		r.Kill()
		return fmt.Errorf("%w\n%s", err, log.Bytes())
	}
	return nil
}

// Stop ends the server in an orderly way: all data is in its file. It returns
// when the process has ended. Stopping twice does nothing.
func (r *RedisServer) Stop() { r.end(syscall.SIGTERM) }

// Kill ends the server at once, as a crash of its process does: what it has
// answered survives, since the kernel has the writes.
func (r *RedisServer) Kill() { r.end(syscall.SIGKILL) }

// Pause makes the server hang: it keeps its connections and answers nothing.
func (r *RedisServer) Pause() { r.signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (r *RedisServer) Resume() { r.signal(syscall.SIGCONT) }

// FlushAll empties the server.
func (r *RedisServer) FlushAll(t testing.TB) {
	t.Helper()
	if err := r.ask("FLUSHALL", "+OK"); err != nil {
		t.Fatal(err)
	}
}

// Close stops the server and removes its data.
func (r *RedisServer) Close() error {
	r.Kill()
	return os.RemoveAll(r.dir)
}

func (r *RedisServer) end(how syscall.Signal) {
	if r.process == nil {
		return
	}
	r.signal(how)
	r.Resume()
	select {
	case <-r.exited:
	case <-time.After(redisPatience):
		r.signal(syscall.SIGKILL)
		<-r.exited
	}
	r.process = nil
}

// signal reaches nobody when the process has ended already, and then there is
// nothing to do.
func (r *RedisServer) signal(s syscall.Signal) {
	if r.process != nil {
		_ = r.process.Signal(s)
	}
}

func (r *RedisServer) awaitReady() error {
	deadline := time.After(redisPatience)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		err := r.ask("PING", "+PONG") // an error while it loads its data
		if err == nil {
			// Not another one's server, which was quicker to take the port.
			err = r.ask("INFO server", "process_id:"+strconv.Itoa(r.process.Pid))
		}
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-r.exited:
			return fmt.Errorf("testservers: Redis ended while it started: %w", err)
		case <-deadline:
			return fmt.Errorf("testservers: Redis does not get ready: %w", err)
		}
	}
}

// ask sends an inline command on a connection of its own and reads until a line
// is the one that is wanted.
func (r *RedisServer) ask(command, want string) error {
	conn, err := net.DialTimeout("tcp", r.address(), redisAnswer)
	if err != nil {
		return fmt.Errorf("testservers: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(redisAnswer)); err != nil {
		return fmt.Errorf("testservers: %w", err)
	}
	if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
		return fmt.Errorf("testservers: %w", err)
	}
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		if line := lines.Text(); line == want {
			return nil
		} else if strings.HasPrefix(line, "-") {
			return fmt.Errorf("testservers: Redis answers %s with %s", command, line)
		}
	}
	return fmt.Errorf("testservers: Redis answers %s without %s: %w", command, want, cmp.Or(lines.Err(), io.EOF))
}

func (r *RedisServer) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(r.port)) }
