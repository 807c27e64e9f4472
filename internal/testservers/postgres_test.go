//go:build linux

package testservers

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestPostgresKeepsItsDataAndPort(t *testing.T) {
	p := Postgres(t)
	url := p.NewDatabase(t)
	if other := p.NewDatabase(t); other == url {
		t.Fatalf("the same database twice: %s", url)
	}
	if _, err := ask(t, url, "CREATE TABLE kept AS SELECT 42 AS n"); err != nil {
		t.Fatal(err)
	}
	p.Stop()
	p.Stop()
	if _, err := ask(t, url, "SELECT 1"); err == nil {
		t.Error("a stopped server answers")
	}
	for range 2 {
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := ask(t, url, "SELECT n FROM kept"); err != nil || n != 42 {
		t.Errorf("after the restart: %d, %v", n, err)
	}
}

func ask(t *testing.T, url, sql string) (n int, err error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if err := conn.QueryRow(t.Context(), sql).Scan(&n); !errors.Is(err, pgx.ErrNoRows) {
		return n, err
	}
	return n, nil
}

// A test process that is killed must not leave a server behind. This test runs
// itself again as that process.
func TestPostgresEndsWithAKilledTest(t *testing.T) {
	const role = "SIGHEJ_TEST_TO_KILL"
	if os.Getenv(role) != "" {
		p := Postgres(t)
		fmt.Printf("started %d %s\n", p.process.Pid, p.dir)
		select {}
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestPostgresEndsWithAKilledTest$")
	cmd.Env = append(os.Environ(), role+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	defer func() { _ = cmd.Process.Kill() }()
	pid := started(t, bufio.NewScanner(out))
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	deadline := time.NewTimer(postgresPatience)
	defer deadline.Stop()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for running(pid) {
		select {
		case <-again.C:
		case <-deadline.C:
			t.Fatal("the server outlived its test")
		}
	}
}

// started reads the line that tells of the server, and sees to its directory.
func started(t *testing.T, lines *bufio.Scanner) (pid int) {
	t.Helper()
	for lines.Scan() {
		rest, found := strings.CutPrefix(lines.Text(), "started ")
		if !found {
			continue
		}
		number, dir, _ := strings.Cut(rest, " ")
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		pid, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		return pid
	}
	t.Fatal("the process to kill started no server")
	return 0
}

// running is false for a process that has ended, waited for or not.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ESRCH)
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}
