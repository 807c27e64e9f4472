// Package testleaks fails tests that leave goroutines behind. It is patient where
// goleak gives up after half a second: on a busy machine, and with libraries
// that end a while after they were told to.
package testleaks

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

const patience = 20 * time.Second

// Main runs the tests of a package and exits. All of them together must leave
// nothing behind.
func Main(m interface{ Run() int }) {
	code := m.Run()
	if code == 0 {
		if err := find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// None fails t if a goroutine runs that options do not excuse.
func None(t testing.TB, options ...goleak.Option) {
	t.Helper()
	if err := find(options...); err != nil {
		t.Error(err)
	}
}

// find looks again until nothing is left or the patience is: goleak itself
// pauses between its looks.
func find(options ...goleak.Option) error {
	for deadline := time.Now().Add(patience); ; {
		if err := goleak.Find(options...); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}
