//go:build linux

package balancer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"i80.dk/sighej"
	"i80.dk/sighej/internal/testcluster/checker"
	"i80.dk/sighej/mobile/phone"
	"i80.dk/sighej/wire"
)

// A phone's WebSocket goes to one member by its token, each time, and phones
// spread over all members.
func TestSocketsGoByToken(t *testing.T) {
	b := front(t, start(t, nil), "")
	homes := map[string]int{}
	for range 20 {
		token, access := register(t, b.base)
		first := connected(t, b, token, access)
		homes[first]++
		for range 3 {
			if again := connected(t, b, token, access); again != first {
				t.Errorf("first to %s, then to %s", first, again)
			}
		}
	}
	if len(homes) != 3 {
		t.Errorf("not all members have phones: %v", homes)
	}
}

func register(t *testing.T, base string) (token sighej.Token, access string) {
	t.Helper()
	token = sighej.NewToken()
	body, err := json.Marshal(wire.CreateSession{BLEToken: string(token), Interests: []string{"chess"}})
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(base+"/session", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var created wire.SessionCreated
	if err := json.NewDecoder(res.Body).Decode(&created); err != nil || res.StatusCode != http.StatusCreated {
		t.Fatalf("%s, %v", res.Status, err)
	}
	return token, created.AccessToken
}

// connected connects a phone until it is welcomed, and returns the server that
// the balancer counts it at.
func connected(t *testing.T, b balancer, token sighej.Token, access string) (server string) {
	t.Helper()
	before := b.sockets(t)
	dialer := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}}
	conn, _, err := dialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(b.base, "http")+"/ws/"+string(token),
		http.Header{"Authorization": {"Bearer " + access}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, frame, err := conn.ReadMessage(); err != nil || !strings.Contains(string(frame), "welcome") {
		t.Fatalf("%v: %s", err, frame)
	}
	for name, n := range b.sockets(t) {
		if n == before[name]+1 {
			return name
		}
	}
	t.Fatal("the balancer counts the connection at no member")
	return ""
}

// sockets returns how many WebSockets each server has been given.
func (b balancer) sockets(t *testing.T) map[string]int {
	t.Helper()
	_, body, err := get(t.Context(), b.metrics)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, m := range regexp.MustCompile(`haproxy_server_sessions_total\{proxy="sockets",server="(.*)"\} (\d+)`).FindAllStringSubmatch(body, -1) {
		counts[m[1]], _ = strconv.Atoi(m[2])
	}
	return counts
}

// Members are drained and started again, one after the other, while a crowd uses
// them through the balancer: no nudge is lost, and no request fails that is
// repeated once.
func TestRollingRestartBehindTheBalancer(t *testing.T) {
	c := start(t, nil)
	crowd, err := checker.Open(t.Context(), checker.Config{Bases: []string{front(t, c, "").base}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(crowd.Close)
	ctx, settle := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		crowd.Mingle(ctx)
	}()
	t.Cleanup(func() { settle(); <-over })
	for _, m := range c.Members {
		pause(t, 2*time.Second) // for whoever was told to come again
		if err := errors.Join(m.Stop(), m.Start(), c.AwaitWhole(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	pause(t, time.Second)
	settle()
	<-over
	faults := crowd.Settle(t.Context())
	t.Log(crowd.Summary())
	if len(faults) > 0 {
		t.Errorf("%d faults:\n%s", len(faults), strings.Join(faults, "\n"))
	}
	if failed := crowd.Stubborn(); len(failed) > 0 {
		t.Errorf("%d requests failed that were repeated once:\n%s", len(failed), strings.Join(failed, "\n"))
	}
}

// pause lets the crowd mingle.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
	}
}

// With no member there the balancer answers in the words of the contract.
func TestNobodyIsThere(t *testing.T) {
	c := start(t, nil)
	base := front(t, c, "").base
	for _, m := range c.Members {
		if err := m.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "a problem", func() error {
		res, body, err := get(t.Context(), base+"/interests")
		if err != nil {
			return err
		}
		if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || !strings.Contains(body, `"code":"unavailable"`) {
			return fmt.Errorf("%s, %v: %s", res.Status, res.Header, body)
		}
		return nil
	})
	_, err := phone.Register(t.Context(), phone.Config{Base: base, Interests: []string{"chess"}})
	if sighej.CodeOf(err) != sighej.CodeUnavailable {
		t.Errorf("a phone understands %v", err)
	}
}
