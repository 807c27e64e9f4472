//go:build race && linux

package testraces

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

//go:embed suppressions.txt
var suppressions []byte

const (
	option = "suppressions="
	name   = "sighej-races-"
)

// init starts the tests anew with the suppressions: the detector reads its
// options before any of our code runs.
func init() {
	if others, file, told := strings.Cut(os.Getenv("GORACE"), option); told {
		if strings.HasPrefix(filepath.Base(file), name) { // the detector has read it; a child makes its own
			_ = os.Remove(file)
			_ = os.Setenv("GORACE", strings.TrimSpace(others))
		}
		return
	}
	err := restart()
	fmt.Fprintln(os.Stderr, "testraces: the tests cannot start:", err)
	os.Exit(1)
}

func restart() error {
	file, err := os.CreateTemp("", name)
	if err != nil {
		return err
	}
	if _, err := file.Write(suppressions); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := os.Setenv("GORACE", strings.TrimSpace(os.Getenv("GORACE")+" "+option+file.Name())); err != nil {
		return err
	}
	return syscall.Exec("/proc/self/exe", os.Args, os.Environ())
}
