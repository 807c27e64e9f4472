//go:build unix

package ws

import (
	"net"
	"testing"
)

// asked calls f with the descriptor of c.
func asked(t *testing.T, c net.Conn, f func(fd uintptr)) {
	t.Helper()
	raw := descriptor(c)
	if raw == nil {
		t.Fatal("it shows no descriptor")
	}
	if err := raw.Control(f); err != nil {
		t.Fatal(err)
	}
}

// An idle connection is not readable, or it would keep a reader busy; one with
// bytes or at its end is.
func TestReadable(t *testing.T) {
	here, there := pair(t)
	asked(t, here, func(fd uintptr) {
		if readable(fd) {
			t.Error("readable though idle")
		}
		if n, err := readSome(fd, make([]byte, 8)); n != 0 || err != errNothing { //nolint:errorlint // as it comes
			t.Errorf("read %d, %v", n, err)
		}
	})
	_, _ = there.Write([]byte("hello"))
	eventually(t, "it to be readable", func() (ok bool) {
		asked(t, here, func(fd uintptr) { ok = readable(fd) })
		return ok
	})
	asked(t, here, func(fd uintptr) {
		if n, err := readSome(fd, make([]byte, 8)); n != 5 || err != nil {
			t.Errorf("read %d, %v", n, err)
		}
	})
	_ = there.Close()
	eventually(t, "its end to be readable", func() (ok bool) {
		asked(t, here, func(fd uintptr) { ok = readable(fd) })
		return ok
	})
}

// A write takes what there is room for and waits for no more.
func TestWriteSome(t *testing.T) {
	here, _ := pair(t)
	asked(t, here, func(fd uintptr) {
		for {
			n, err := writeSome(fd, make([]byte, 1<<20))
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				return
			}
		}
	})
}
