package probe

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// tableBound is room for some 800,000 sockets.
const tableBound = 128 << 20

// Listener returns the processes of this machine that take the connections made
// to base, in ascending order: the owners, maybe by inheritance, of the sockets
// that listen on its port. There are none if base's host is not a loopback
// address or "localhost", and none that this user may not see. In front of a
// container or behind a proxy it is the forwarder that listens.
func Listener(base *url.URL) (pids []int, err error) {
	addresses, err := dialled(base)
	if err != nil || addresses == nil {
		return nil, err
	}
	var all []listening
	for _, path := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		some, err := readTable(path)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		all = append(all, some...)
	}
	links := map[string]bool{}
	for _, at := range addresses {
		for _, inode := range reached(all, at) {
			links[fmt.Sprintf("socket:[%d]", inode)] = true
		}
	}
	return owners(links), nil
}

// readTable returns the sockets of a table that listen; none if the table is
// not there or may not be read.
func readTable(path string) ([]listening, error) {
	f, err := os.Open(path) //nolint:gosec // below /proc
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return parseTable(io.LimitReader(f, tableBound))
}

func parseTable(r io.Reader) (found []listening, err error) {
	lines := bufio.NewScanner(r)
	lines.Scan() // the headline
	for lines.Scan() {
		l, ok, err := parseSocket(lines.Text())
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, l)
		}
	}
	return found, lines.Err()
}

// owners returns the processes that have one of links open.
func owners(links map[string]bool) (pids []int) {
	if len(links) == 0 {
		return nil
	}
	entries, _ := os.ReadDir("/proc") // what may be read
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && opens(pid, links) {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

// opens tells whether the process has one of links open; a process that ends
// meanwhile or may not be read has none.
func opens(pid int, links map[string]bool) bool {
	folder := pathOf(pid, "fd")
	entries, _ := os.ReadDir(folder)
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		link, err := os.Readlink(folder + "/" + e.Name())
		return err == nil && strings.HasPrefix(link, "socket:") && links[link]
	})
}
