package transport

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestClientAddr(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"192.0.2.1:5", nil, "192.0.2.1"},
		{"192.0.2.1:5", []string{"198.51.100.9"}, "192.0.2.1"}, // nobody trusts it
		{"10.0.0.1:5", nil, "10.0.0.1"},
		{"10.0.0.1:5", []string{"198.51.100.9"}, "198.51.100.9"},
		{"10.0.0.1:5", []string{"203.0.113.7, 198.51.100.9, 10.2.2.2"}, "198.51.100.9"}, // the first is made up
		{"10.0.0.1:5", []string{"203.0.113.7", "198.51.100.9", "10.2.2.2"}, "198.51.100.9"},
		{"10.0.0.1:5", []string{"198.51.100.9:4711"}, "198.51.100.9"},
		{"10.0.0.1:5", []string{"198.51.100.9, nonsense"}, "10.0.0.1"},
		{"10.0.0.1:5", []string{"10.9.9.9, 10.8.8.8"}, "10.9.9.9"}, // proxies all the way
		{"[fd00::1]:5", []string{"2001:db8::7"}, "2001:db8::7"},
		{"[::ffff:10.0.0.1]:5", []string{"::ffff:198.51.100.9"}, "198.51.100.9"},
		{"@", []string{"198.51.100.9"}, "invalid IP"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.forwarded
		if got := ClientAddr(r, trusted).String(); got != c.want {
			t.Errorf("%s, %v: %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
}
