//go:build !linux

package probe

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"runtime"

	"i80.dk/sighej/bench/report"
)

// Machine describes the computer that this process runs on, without processor
// and memory: for those it knows Linux only.
func Machine() report.Machine { return portable() }

// Self returns this process without figures: for those it knows Linux only.
func Self() Process { return Process{PID: os.Getpid()} }

// Listener returns none: it knows Linux only.
func Listener(*url.URL) (pids []int, err error) { return nil, nil }

func readHost() Host { return Host{} }

// process is one that nothing can be known of.
type process struct{}

func openProcess(pid int) (*process, error) {
	return nil, fmt.Errorf("process %d: processes can be watched on Linux only, not on %s", pid, runtime.GOOS)
}

func (*process) read(context.Context, bool) Process { return Process{Missed: true} }
