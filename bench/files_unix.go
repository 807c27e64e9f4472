//go:build unix

package bench

import (
	"fmt"
	"syscall"
)

// spareFiles are what a process opens besides its phones' sockets.
const spareFiles = 64

// enoughFiles refuses a run that would fail for want of file descriptors. Go has
// raised the soft limit to the hard one already.
func enoughFiles(files, workers int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return nil //nolint:nilerr // then the run will tell
	}
	need := uint64(files/workers + spareFiles) // #nosec G115 -- not negative
	if need <= uint64(limit.Cur) {
		return nil
	}
	enough := (uint64(files) / (uint64(limit.Cur) - spareFiles)) + 1
	return fmt.Errorf("%d open files are needed in a process, and the limit is %d: use --workers %d, or raise it (ulimit -n)",
		need, limit.Cur, enough)
}
