package probe

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"i80.dk/sighej/internal/testleaks"
)

// The real processes of the tests are this test binary, started again with a
// part to play. They say what they did in a line and end with their standard
// input.
const part = "SIGHEJ_PROBE_PART"

func TestMain(m *testing.M) {
	play, ok := map[string]func() any{"burn": burn, "hold": hold, "share": share, "listen": listen, "wait": wait}[os.Getenv(part)]
	if !ok {
		testleaks.Main(m)
	}
	fmt.Println(play())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// burn uses CPU, as a user and in the kernel, and tells how much.
func burn() any {
	null, err := os.Open("/dev/zero")
	if err != nil {
		panic(err)
	}
	buffer := make([]byte, 1<<20)
	for used() < 400*time.Millisecond {
		_, _ = null.Read(buffer)
		for i := range buffer {
			buffer[i] = byte(i)
		}
	}
	return used().Seconds()
}

func used() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

const held = 96 << 20

// hold touches memory and keeps it.
func hold() any {
	touch(syscall.Mmap(-1, 0, held, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON))
	return "ready"
}

// share does so with the memory of the file that this variable names.
func share() any {
	f, err := os.OpenFile(os.Getenv(shared), os.O_RDWR, 0)
	if err != nil {
		panic(err)
	}
	touch(syscall.Mmap(int(f.Fd()), 0, held, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED))
	return "ready"
}

const shared = "SIGHEJ_PROBE_SHARED"

func touch(memory []byte, err error) {
	if err != nil {
		panic(err)
	}
	for i := 0; i < len(memory); i += 4096 {
		memory[i] = 1
	}
}

func wait() any { return "ready" }

// listen takes a free port and tells its address.
func listen() any {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	return l.Addr()
}

// child is a process that has played its part and waits.
type child struct {
	*exec.Cmd
	said string
}

// begin starts a child under a name of its own.
func begin(t *testing.T, name, plays string) child {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, program)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := child{Cmd: exec.Command(program)}
	c.Env, c.Stderr = append(os.Environ(), part+"="+plays), os.Stderr
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = c.Wait() // does no harm once the test has waited
	})
	if c.said, err = bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatal("the child said nothing: ", err)
	}
	c.said = strings.TrimSpace(c.said)
	return c
}

// kill ends a child and returns what the kernel counted.
func (c child) kill(t *testing.T) *syscall.Rusage {
	t.Helper()
	c.slay(t)
	_ = c.Wait() // killed
	return c.ProcessState.SysUsage().(*syscall.Rusage)
}

func (c child) slay(t *testing.T) {
	t.Helper()
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
}

// eventually polls until ok, for at most twenty seconds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatal("in vain: ", what)
		}
		time.Sleep(5 * time.Millisecond) // between two polls
	}
}
