package progress

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// pty returns the two ends of a terminal: what a program writes to, and what a
// person sees.
func pty(t *testing.T) (program, person *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	control(t, person, func(fd int) (err error) { n, err = unix.IoctlGetInt(fd, unix.TIOCGPTN); return err })
	control(t, person, func(fd int) error { return unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0) })
	if program, err = os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = program.Close(), person.Close() })
	return program, person
}

// control asks for something of f, whose deadlines [os.File.Fd] would end.
func control(t *testing.T, f *os.File, ask func(fd int) error) {
	t.Helper()
	raw, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var refused error
	if err := raw.Control(func(fd uintptr) { refused = ask(int(fd)) }); err != nil || refused != nil {
		t.Fatal(err, refused)
	}
}

func resize(t *testing.T, f *os.File, columns uint16) {
	t.Helper()
	control(t, f, func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns})
	})
}

// The width is the terminal's own, and follows it.
func TestWidthOfTheTerminal(t *testing.T) {
	program, person := pty(t)
	v := newVT(t, 80)
	p := New(program, Options{Terminal: true})
	for _, c := range []struct {
		columns uint16
		want    string
	}{
		{80, "measure  ━━━━━━━━────────  0:30/1:00  12,345/s  p50/p99 0.85/12.0 ms"},
		{40, "measure  ━━━━────  0:30/1:00  12,345/s"},
	} {
		resize(t, person, c.columns)
		v.width = int(c.columns)
		p.Phase("measure", 60_000, Milliseconds)
		p.shown = time.Time{}
		p.Update(Status{Done: 30_000, Rate: 12345, P50: 850 * time.Microsecond, P99: 12 * time.Millisecond})
		p.Note("seen")
		see(t, person, v, "seen\r\n")
		see(t, person, v, wrap)
		lines := v.lines()
		if d := cmp.Diff(c.want, lines[len(lines)-1]); d != "" {
			t.Errorf("%d columns: %s", c.columns, d)
		}
	}
	p.Close()
	see(t, person, v, showCursor)
	v.clean()
}

// see shows v what was written until the text until.
func see(t *testing.T, person *os.File, v *vt, until string) {
	t.Helper()
	if err := person.SetReadDeadline(time.Now().Add(15 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var seen []byte
	for one := make([]byte, 1); !strings.HasSuffix(string(seen), until); seen = append(seen, one[0]) {
		if _, err := person.Read(one); err != nil {
			t.Fatalf("no %q after %q: %v", until, seen, err)
		}
	}
	_, _ = v.Write(seen)
}
