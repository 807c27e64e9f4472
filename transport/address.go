package transport

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ClientAddr is the address that a request comes from as far as it can be
// known: that of the peer, or, when the peer is a trusted proxy, the nearest
// address in X-Forwarded-For that is none. What a client writes into that header
// itself stands further left and is never reached. It is the zero Addr for a
// peer without an IP address.
func ClientAddr(r *http.Request, trusted []netip.Prefix) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := peer.Addr().Unmap()
	for _, hop := range slices.Backward(hops(r, addr, trusted)) {
		next, ok := parseHop(hop)
		if !ok {
			return addr
		}
		addr = next
		if !within(addr, trusted) {
			return addr
		}
	}
	return addr
}

// hops returns what a trusted peer says about who came before it.
func hops(r *http.Request, peer netip.Addr, trusted []netip.Prefix) []string {
	if !within(peer, trusted) {
		return nil
	}
	all := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	if all == "" {
		return nil
	}
	return strings.Split(all, ",")
}

// parseHop reads an address, which some proxies write with the port.
func parseHop(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Unmap(), true
	}
	a, err := netip.ParseAddrPort(s)
	return a.Addr().Unmap(), err == nil
}

func within(addr netip.Addr, prefixes []netip.Prefix) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(addr.WithZone("")) })
}
