package probe

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// listening is a socket that waits for connections.
type listening struct {
	at    netip.AddrPort
	inode uint64
}

// parseSocket parses a line of /proc/net/tcp or tcp6 (proc_pid_net(5)); ok is
// false for one of a socket that does not listen.
func parseSocket(line string) (l listening, ok bool, err error) {
	const local, state, inode = 1, 3, 9
	const listen = "0A"
	fields := strings.Fields(line)
	if len(fields) <= inode {
		return l, false, errors.New("the line breaks off")
	}
	if fields[state] != listen {
		return l, false, nil
	}
	if l.at, err = parseAddress(fields[local]); err != nil {
		return l, false, err
	}
	l.inode, err = strconv.ParseUint(fields[inode], 10, 64)
	return l, err == nil, err
}

// parseAddress parses ADDRESS:PORT in hexadecimal. The address is of words of 32
// bits in the machine's own order.
func parseAddress(text string) (netip.AddrPort, error) {
	host, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("the address %q: %w", text, err)
	}
	for word := range slices.Chunk(raw, 4) {
		if len(word) == 4 {
			binary.BigEndian.PutUint32(word, binary.NativeEndian.Uint32(word))
		}
	}
	addr, ok := netip.AddrFromSlice(raw)
	n, err := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil {
		return netip.AddrPort{}, fmt.Errorf("the address %q is none", text)
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(n)), nil
}

// dialled returns the addresses that base leads to, if they are of this machine
// for sure.
func dialled(base *url.URL) ([]netip.AddrPort, error) {
	hosts := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	if base.Hostname() != "localhost" {
		addr, err := netip.ParseAddr(base.Hostname())
		if err != nil || !addr.Unmap().IsLoopback() {
			return nil, nil
		}
		hosts = []netip.Addr{addr.Unmap()}
	}
	port, err := portOf(base)
	if err != nil {
		return nil, err
	}
	var at []netip.AddrPort
	for _, h := range hosts {
		at = append(at, netip.AddrPortFrom(h, port))
	}
	return at, nil
}

func portOf(base *url.URL) (uint16, error) {
	if base.Port() != "" {
		n, err := strconv.ParseUint(base.Port(), 10, 16)
		if err != nil {
			return 0, fmt.Errorf("the port of %s: %w", base.Redacted(), err)
		}
		return uint16(n), nil
	}
	n, err := net.LookupPort("tcp", base.Scheme)
	if err != nil {
		return 0, fmt.Errorf("the port of %s: %w", base.Redacted(), err)
	}
	return uint16(n), nil
}

// reached returns the inodes of the sockets that a connection to at comes to:
// those bound to the very address before those bound to all addresses, which
// get IPv4 over IPv6 last.
func reached(all []listening, at netip.AddrPort) []uint64 {
	for _, bound := range []netip.Addr{at.Addr(), unspecified(at.Addr()), netip.IPv6Unspecified()} {
		var inodes []uint64
		for _, l := range all {
			if l.at == netip.AddrPortFrom(bound, at.Port()) {
				inodes = append(inodes, l.inode)
			}
		}
		if inodes != nil {
			return inodes
		}
	}
	return nil
}

func unspecified(like netip.Addr) netip.Addr {
	if like.Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}
