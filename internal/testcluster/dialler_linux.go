package testcluster

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// dialler returns which of the processes owns the socket at a loopback address,
// 0 if none does.
func dialler(at netip.AddrPort, pids []int) int {
	inode := inodeOf(at)
	if inode == "" {
		return 0
	}
	for _, pid := range pids {
		if holds(pid, "socket:["+inode+"]") {
			return pid
		}
	}
	return 0
}

// inodeOf looks a socket up by its local address; "" if there is none. The
// tables are of proc_pid_net(5); a program that listens on IPv4 only may have
// been dialled through an IPv6 socket.
func inodeOf(local netip.AddrPort) string {
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		if inode := find(table, local); inode != "" {
			return inode
		}
	}
	return ""
}

func find(table string, local netip.AddrPort) string {
	const localField, inodeField = 1, 9
	f, err := os.Open(table) //nolint:gosec // below /proc
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) > inodeField && parseAddress(fields[localField]) == local && fields[inodeField] != "0" {
			return fields[inodeField]
		}
	}
	return ""
}

// parseAddress parses ADDRESS:PORT in hexadecimal, the address in words of 32
// bits of the machine's own order. What is none is the zero value.
func parseAddress(text string) netip.AddrPort {
	host, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	n, failed := strconv.ParseUint(port, 16, 16)
	if err != nil || failed != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}
	}
	for i := 0; i < len(raw); i += 4 {
		binary.BigEndian.PutUint32(raw[i:], binary.NativeEndian.Uint32(raw[i:]))
	}
	addr, ok := netip.AddrFromSlice(raw)
	if !ok {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(n))
}

// holds reports whether a process has that link among its files.
func holds(pid int, link string) bool {
	folder := filepath.Join("/proc", fmt.Sprint(pid), "fd")
	entries, _ := os.ReadDir(folder) // none of a process that has ended
	for _, e := range entries {
		if to, err := os.Readlink(filepath.Join(folder, e.Name())); err == nil && to == link {
			return true
		}
	}
	return false
}
