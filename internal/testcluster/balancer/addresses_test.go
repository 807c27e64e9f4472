//go:build linux

package balancer

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"i80.dk/sighej"
)

// few lets an address register twice, at each member.
var few = map[string]string{"TRUSTED_PROXIES": "127.0.0.1", "REGISTRATIONS_BURST": "2", "REGISTRATIONS_PER_MINUTE": "1"}

// client registers from an address of its own; all of 127.0.0.0/8 is loopback.
type client struct {
	http.Client
	base      string
	forwarded string // what it claims in X-Forwarded-For; "": nothing
	greeting  string // what it sends before HTTP
}

func from(t *testing.T, address, base string) *client {
	c := &client{base: base}
	dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), 0))}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, to)
		if err == nil && c.greeting != "" {
			_, err = io.WriteString(conn, c.greeting)
		}
		return conn, err
	}}
	c.Transport = transport
	t.Cleanup(transport.CloseIdleConnections)
	return c
}

// register returns the status of the answer.
func (c *client) register(t *testing.T) int {
	t.Helper()
	body := fmt.Sprintf(`{"ble_token": %q, "interests": ["chess"]}`, sighej.NewToken())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.base+"/session", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if c.forwarded != "" {
		req.Header.Set("X-Forwarded-For", c.forwarded)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// exhaust registers until every member has refused.
func (c *client) exhaust(t *testing.T) {
	t.Helper()
	taken, refused := 0, 0
	for range 200 {
		switch status := c.register(t); status {
		case http.StatusCreated:
			taken, refused = taken+1, 0
		case http.StatusTooManyRequests:
			refused++
		default:
			t.Fatalf("status %d", status)
		}
		if refused == 25 { // a member that is chosen by chance is left out 25 times in one of 25,000 runs
			return
		}
	}
	t.Fatalf("never refused; %d were taken", taken)
}

func TestLimitsCountTheClientsAddress(t *testing.T) {
	c := start(t, few)
	base := front(t, c, "").base
	one, other := from(t, "127.0.0.2", base), from(t, "127.0.0.3", base)
	one.exhaust(t)
	if status := other.register(t); status != http.StatusCreated {
		t.Errorf("another client: %d", status)
	}
	one.forwarded = "203.0.113.7"
	if status := one.register(t); status != http.StatusTooManyRequests {
		t.Errorf("with a made up address: %d", status)
	}
	// Past the balancer, from an address that is nobody's proxy.
	direct := from(t, "127.0.0.9", c.Members[0].Base())
	direct.exhaust(t)
	direct.forwarded = "203.0.113.8"
	if status := direct.register(t); status != http.StatusTooManyRequests {
		t.Errorf("past the balancer, with a made up address: %d", status)
	}
}

// Behind another balancer the client's address comes by the PROXY protocol.
func TestBalancerTakesTheProxyProtocol(t *testing.T) {
	base := front(t, start(t, few), "accept-proxy").base
	one := from(t, "127.0.0.2", base)
	one.greeting = "PROXY TCP4 203.0.113.7 127.0.0.1 40000 80\r\n"
	one.exhaust(t)
	one.greeting = "PROXY TCP4 203.0.113.8 127.0.0.1 40000 80\r\n"
	if status := one.register(t); status != http.StatusCreated {
		t.Errorf("another client: %d", status)
	}
}

// A member itself does not speak it, says so, and goes on serving.
func TestMemberRefusesTheProxyProtocol(t *testing.T) {
	member := start(t, nil).Members[0]
	for name, greeting := range map[string]string{
		"version 1": "PROXY TCP4 203.0.113.7 127.0.0.1 40000 80\r\n",
		"version 2": "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xcb\x00\x71\x07\x7f\x00\x00\x01\x9c\x40\x00\x50",
	} {
		conn, err := net.Dial("tcp", member.Public)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, greeting+"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_ = res.Body.Close()
		_ = conn.Close()
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", name, res.Status)
		}
	}
	if res, _, err := get(t.Context(), member.Base()+"/ready"); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("afterwards: %v", err)
	}
}
