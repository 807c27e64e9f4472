//go:build unix

package doctor

import "golang.org/x/sys/unix"

// OpenFiles returns how many files a member that this user starts may open; 0:
// as many as it likes. Go raises the soft limit to the hard one by itself.
func OpenFiles() uint64 {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Max == unix.RLIM_INFINITY {
		return 0
	}
	return uint64(limit.Max) // it is signed on some systems
}
