package transport

import (
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func TestLimiterTellsWhenTheNextIsAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, a := NewAddressLimiter(6, 3), netip.MustParseAddr("192.0.2.1")
		for range 3 {
			if _, ok := l.Allow(a); !ok {
				t.Fatal("the burst is not allowed")
			}
		}
		for range 5 { // a refusal takes nothing
			if wait, ok := l.Allow(a); ok || wait != 10*time.Second {
				t.Fatalf("after the burst: %v, %v", wait, ok)
			}
		}
		if _, ok := l.Allow(netip.MustParseAddr("192.0.2.2")); !ok {
			t.Fatal("another address pays for the first")
		}
		<-time.After(10 * time.Second)
		if _, ok := l.Allow(a); !ok {
			t.Fatal("refused after the wait that it told")
		}
		if _, ok := l.Allow(a); ok {
			t.Fatal("more than the rate is allowed")
		}
	})
}

func TestLimiterCountsIPv6BySubscriber(t *testing.T) {
	l := NewAddressLimiter(1, 1)
	for addr, want := range map[string]bool{"2001:db8:1:2:3::4": true, "2001:db8:1:3::5": true, "192.0.2.9": true} {
		if _, ok := l.Allow(netip.MustParseAddr(addr)); ok != want {
			t.Errorf("%s: %v", addr, ok)
		}
	}
	for _, addr := range []string{"2001:db8:1:2:ffff::1", "2001:db8:1:3::6%eth0", "::ffff:192.0.2.9"} {
		if _, ok := l.Allow(netip.MustParseAddr(addr)); ok {
			t.Errorf("%s is counted apart", addr)
		}
	}
}

func TestLimiterForgetsTheIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewAddressLimiter(60, 5)
		for i := range 100 {
			l.Allow(address(i))
		}
		<-time.After(l.fill)
		for range 60 {
			l.Allow(address(0))
		}
		if n := len(l.known); n != 1 || l.recent.Len() != 1 {
			t.Errorf("%d addresses, %d in the list", n, l.recent.Len())
		}
	})
}

func TestLimiterIsBounded(t *testing.T) {
	l := NewAddressLimiter(1, 1)
	l.room = 10
	for i := range 11 {
		l.Allow(address(i))
	}
	if len(l.known) != 10 || l.recent.Len() != 10 {
		t.Errorf("%d addresses", len(l.known))
	}
	if _, ok := l.Allow(address(10)); ok {
		t.Error("the latest was forgotten")
	}
	if _, ok := l.Allow(address(0)); !ok { // takes the place of 1
		t.Error("the oldest was kept")
	}
	l.Allow(address(2))
	l.Allow(address(99))
	if _, ok := l.Allow(address(2)); ok {
		t.Error("one just used was forgotten")
	}
}

func TestNoLimiter(t *testing.T) {
	l := NewAddressLimiter(0, 5)
	if _, ok := l.Allow(address(1)); l != nil || !ok {
		t.Error("0 is not off")
	}
}

func TestRegistrationsAreLimitedByAddress(t *testing.T) {
	s := newSite(t, func(cfg *Config) {
		cfg.RegistrationLimit = NewAddressLimiter(2, 1)
		cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} // httptest's peer
	})
	from := func(addr string) call {
		return call{"POST", "/session", create, "-", map[string]string{"X-Forwarded-For": addr}}
	}
	if w := s.do(from("198.51.100.1")); w.Code != 201 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	w := s.do(from("198.51.100.1"))
	if retry := w.Header().Get("Retry-After"); w.Code != 429 || retry != "30" || s.isProblem(w).Code != "rate_limited" {
		t.Errorf("%d, Retry-After %q", w.Code, retry)
	}
	if w := s.do(from("198.51.100.2")); w.Code != 201 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := s.do(call{"POST", "/match", match, "", nil}); w.Code != 200 {
		t.Errorf("a match counts as a registration: %d", w.Code)
	}
}

func address(i int) netip.Addr { return netip.MustParseAddr(fmt.Sprintf("198.51.%d.%d", i/256, i%256)) }
