//go:build race

package cluster_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// init starts the tests anew with the races of libraries suppressed: the
// detector reads its options before any of our code runs.
func init() {
	if strings.Contains(os.Getenv("GORACE"), "suppressions=") {
		return
	}
	file, err := filepath.Abs(filepath.Join("testdata", "race.txt"))
	if err == nil {
		err = os.Setenv("GORACE", strings.TrimSpace(os.Getenv("GORACE")+" suppressions="+file))
	}
	if err == nil {
		err = syscall.Exec("/proc/self/exe", os.Args, os.Environ())
	}
	fmt.Fprintln(os.Stderr, "the tests cannot start:", err)
	os.Exit(1)
}
