//go:build linux

package testservers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	postgresUser     = "sighej"
	postgresPassword = "not-checked" // every connection is trusted; present so that tests see whether one leaks
	postgresPatience = 30 * time.Second
)

// PostgresServer is a private PostgreSQL on loopback. Its methods are not safe
// for concurrent use, except for URL and NewDatabase.
type PostgresServer struct {
	bin       string
	dir       string // data, socket and log, readable by the account that the server runs as
	port      int
	account   *syscall.Credential // nil: the caller's own
	databases atomic.Int64
	process   *os.Process
	exited    chan struct{} // closed when process has ended
}

// Postgres starts a server and closes it when the test ends. It takes about
// two seconds: a package with several tests shares one through
// [StartPostgres] and takes a new database for each.
func Postgres(t testing.TB) *PostgresServer {
	t.Helper()
	p, err := StartPostgres()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// StartPostgres starts a server for a TestMain, which has to Close it. Should
// the test process be killed, the server goes with it.
func StartPostgres() (*PostgresServer, error) {
	p := &PostgresServer{}
	var err error
	if p.bin, err = postgresBinaries(); err != nil {
		return nil, err
	}
	if p.account, err = postgresAccount(); err != nil {
		return nil, err
	}
	if p.dir, err = os.MkdirTemp("", "sighej-pg-"); err != nil {
		return nil, fmt.Errorf("testservers: a directory for PostgreSQL: %w", err)
	}
	if err := p.create(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// URL returns the address of the server's first database.
func (p *PostgresServer) URL() string { return p.urlOf("postgres") }

// SocketURL returns the address of the server's first database through its
// Unix socket.
func (p *PostgresServer) SocketURL() string {
	u := url.URL{Scheme: "postgres", User: url.User(postgresUser), Path: "/postgres"}
	u.RawQuery = url.Values{"host": {p.dir}, "port": {strconv.Itoa(p.port)}}.Encode()
	return u.String()
}

// NewDatabase creates an empty database and returns its URL.
func (p *PostgresServer) NewDatabase(t testing.TB) string {
	t.Helper()
	name := "test" + strconv.FormatInt(p.databases.Add(1), 10)
	ctx, cancel := context.WithTimeout(t.Context(), postgresPatience)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.URL())
	if err != nil {
		t.Fatalf("testservers: %v", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatalf("testservers: %v", err)
	}
	return p.urlOf(name)
}

// Start starts a stopped server again, with its port and data, and returns
// when it accepts connections. On one that runs it does nothing.
func (p *PostgresServer) Start() error {
	if p.process != nil {
		return nil
	}
	var log bytes.Buffer
	cmd := p.command("postgres", "-D", p.dataDir(), "-k", p.dir, "-p", strconv.Itoa(p.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "synchronous_commit=off",
		"-c", "full_page_writes=off", "-c", "shared_buffers=16MB", "-c", "max_connections=60")
	cmd.Stderr = &log // complete once the process has been waited for
	cmd.WaitDelay = postgresPatience
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("testservers: start PostgreSQL: %w", err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	p.process, p.exited = cmd.Process, exited
	if err := p.awaitReady(); err != nil {
		p.Stop()
		return fmt.Errorf("%w\n%s", err, log.Bytes())
	}
	return nil
}

// Stop ends the server and all its connections; the data stays. It returns
// when the process has ended. Stopping twice does nothing.
func (p *PostgresServer) Stop() {
	if p.process == nil {
		return
	}
	_ = p.process.Signal(syscall.SIGINT) // PostgreSQL's fast shutdown; fails only when it has ended already
	select {
	case <-p.exited:
	case <-time.After(postgresPatience):
		_ = p.process.Kill()
		<-p.exited
	}
	p.process = nil
}

// Close stops the server and removes its data.
func (p *PostgresServer) Close() error {
	p.Stop()
	return os.RemoveAll(p.dir)
}

// create makes the data directory and starts on it. The port is only reserved
// by luck, so that a start that fails is tried on another one.
func (p *PostgresServer) create() error {
	if p.account != nil {
		if err := os.Chown(p.dir, int(p.account.Uid), int(p.account.Gid)); err != nil {
			return fmt.Errorf("testservers: hand the directory to PostgreSQL: %w", err)
		}
	}
	initdb := p.command("initdb", "-D", p.dataDir(), "-U", postgresUser, "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("testservers: initdb: %w\n%s", err, out)
	}
	var err error
	for range 3 {
		if p.port, err = FreePort(); err != nil {
			return err
		}
		if err = p.Start(); err == nil {
			return nil
		}
	}
	return err
}

func (p *PostgresServer) awaitReady() error {
	ctx, cancel := context.WithTimeout(context.Background(), postgresPatience)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := pgx.Connect(ctx, p.URL())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-again.C:
		case <-p.exited:
			return fmt.Errorf("testservers: PostgreSQL ended while it started: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("testservers: PostgreSQL does not get ready: %w", err)
		}
	}
}

// command runs a program of PostgreSQL as the server's account, in a directory
// that it may read, and has the kernel kill it when this process dies.
func (p *PostgresServer) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(p.bin, name), args...) //nolint:gosec // both come from this file and the directory listing
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: p.account}
	return cmd
}

func (p *PostgresServer) dataDir() string { return filepath.Join(p.dir, "data") }

func (p *PostgresServer) urlOf(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(postgresUser, postgresPassword),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// postgresBinaries returns the directory of the newest PostgreSQL that is
// installed the Debian way, else of the one on PATH.
func postgresBinaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	major := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	slices.SortFunc(found, func(a, b string) int { return major(b) - major(a) })
	if len(found) > 0 {
		return filepath.Dir(found[0]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("testservers: PostgreSQL is not installed; `make test` installs it")
	}
	return filepath.Dir(path), nil
}

// postgresAccount returns whom to run as: PostgreSQL refuses root.
func postgresAccount() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("testservers: PostgreSQL refuses root; `make test` installs the account to run it as: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("testservers: account postgres: %w", err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("testservers: account postgres: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
