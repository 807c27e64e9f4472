package adversary

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"i80.dk/sighej/internal/testmember"
	"i80.dk/sighej/server"
	"i80.dk/sighej/wire"
)

// Floods over HTTP are answered by limits that say when to come back. Seen
// failing with each of the limits on registrations, sightings and sockets taken out.
func TestFloodsMeetLimits(t *testing.T) {
	m := testmember.Start(t, func(o *server.Options) {
		o.TrustedProxies = "127.0.0.1"
		o.RegistrationsPerMinute, o.RegistrationsBurst, o.SightingsPerSecond, o.SightingsBurst, o.MaxConnections = 1, 40, 1, 10, 2
	})
	honest, flooder := register(t, m, "chess"), register(t, m, "chess")
	t.Run("sightings", func(t *testing.T) {
		last := answer{}
		for range 50 {
			last = flooder.hears(t, newToken())
		}
		mustWait(t, last, http.StatusTooManyRequests, "rate_limited")
	})
	t.Run("sightings in one message", func(t *testing.T) {
		one := `{"token":"` + newToken() + `"},`
		last := send(t, m, request{
			method: "POST", path: "/sightings", bearer: flooder.access,
			body: `{"own_token":"` + flooder.token + `","sightings":[` + strings.TrimSuffix(strings.Repeat(one, 500), ",") + `]}`,
		})
		mustWait(t, last, http.StatusTooManyRequests, "rate_limited")
	})
	t.Run("registrations", func(t *testing.T) {
		flood := func(address string) answer {
			return send(t, m, request{
				method: "POST", path: "/session", header: map[string]string{"X-Forwarded-For": address},
				body: string(wire.Encode(wire.CreateSession{BLEToken: newToken(), Interests: []string{"chess"}})),
			})
		}
		last := answer{}
		for i := range 60 {
			last = flood(fmt.Sprintf("2001:db8::%x", i)) // one subscriber has all of these
		}
		mustWait(t, last, http.StatusTooManyRequests, "rate_limited")
		if a := flood("2001:db8:0:1::1"); a.status != http.StatusCreated {
			t.Errorf("from elsewhere: %+v", a)
		}
	})
	t.Run("sockets", func(t *testing.T) {
		honest.listen(t)
		flooder.listen(t)
		_, resp, err := flooder.dialAs(flooder.token, http.Header{})
		if err == nil || resp == nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
			t.Errorf("one too many: %v %v", resp, err)
		}
	})
	if a := honest.hears(t, flooder.token); a.status != http.StatusOK {
		t.Errorf("an honest phone: %+v", a)
	}
}

func mustWait(t *testing.T, a answer, status int, code string) {
	t.Helper()
	if a.status != status || a.code() != code || a.header.Get("Retry-After") == "" {
		t.Errorf("%+v, want %d %s", a, status, code)
	}
}

// What is too large is refused before it is kept: heads with 431, bodies with 413,
// compressed ones not at all. Seen failing with a MaxHeaderBytes of 1 MB, and with
// a maxBody of 1 MB.
func TestWhatIsTooLargeIsRefused(t *testing.T) {
	m := testmember.Start(t, nil)
	p := register(t, m, "chess")
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"one long header":  {"GET /health HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", 431},
		"many headers":     {"GET /health HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-A: aaaaaaaaaaaaaaaa\r\n", 4000) + "\r\n", 431},
		"a long path":      {"GET /" + strings.Repeat("a", 64<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n", 431},
		"a long token":     {"GET /ws/" + strings.Repeat("a", 8<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n", 426},
		"a body":           {post("/match", p.access, "", `{"own_token":"`+strings.Repeat("a", 20<<10)+`"}`), 413},
		"sightings":        {post("/sightings", p.access, "", `{"own_token":"`+strings.Repeat("a", 70<<10)+`"}`), 413},
		"endless chunks":   {"POST /match HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1000\r\n"+strings.Repeat(" ", 4096)+"\r\n", 6), 413},
		"compressed":       {post("/match", p.access, "Content-Encoding: gzip\r\n", "\x1f\x8b\x08\x00\x00\x00\x00\x00"), 400},
		"a trailing bomb":  {post("/match", p.access, "", sightingOf(p.token, newToken())+strings.Repeat(" ", 32<<10)), 413},
		"many interests":   {post("/session", "", "", `{"ble_token":"`+newToken()+`","interests":[`+strings.TrimSuffix(strings.Repeat(`"chess",`, 1500), ",")+`]}`), 422},
		"a long interest":  {post("/session", "", "", `{"ble_token":"`+newToken()+`","interests":["`+strings.Repeat("a", 9000)+`"]}`), 422},
		"many in one call": {post("/sightings", p.access, "", `{"own_token":"`+p.token+`","sightings":[`+strings.TrimSuffix(strings.Repeat(`{"token":"abcdef"},`, 3000), ",")+`]}`), 422},
	} {
		if a := raw(t, m, c.text); a.status != c.want {
			t.Errorf("%s: %d %s, want %d", name, a.status, a.body, c.want)
		}
	}
	if a := p.hears(t, newToken()); a.status != http.StatusOK {
		t.Errorf("afterwards: %+v", a)
	}
}

func post(path, bearer, header, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s",
		path, bearer, header, len(body), body)
}

// Clients that send their requests slowly, or never read, are given up; meanwhile
// everybody else is served, and what they cost is bounded. Seen failing without
// ReadHeaderTimeout and ReadTimeout.
func TestSlowClientsAreGivenUp(t *testing.T) {
	m := testmember.Start(t, func(o *server.Options) { o.SightingsPerSecond = 0 })
	honest, friend := register(t, m, "chess"), register(t, m, "chess")
	conn := honest.listen(t)
	next(t, conn, "welcome")
	before := heap()
	var given sync.WaitGroup
	for range 100 {
		for _, head := range []string{
			"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ",
			"POST /match HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
		} {
			slow := dial(t, m)
			if _, err := io.WriteString(slow, head); err != nil {
				t.Fatal(err)
			}
			given.Go(func() { givenUp(t, slow) })
		}
	}
	for range 4 {
		given.Go(func() { neverReads(t, m) })
	}
	friend.matches(t, honest)
	if n := next(t, conn, "nudge"); n["id"] == nil {
		t.Error(n)
	}
	given.Wait()
	if grown := heap() - before; grown > 64<<20 {
		t.Errorf("the heap has grown by %d MB", grown>>20)
	}
}

func heap() int64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}

// givenUp reads until the server has closed.
func givenUp(t *testing.T, conn net.Conn) {
	if _, err := io.Copy(io.Discard, conn); err != nil && isTimeout(err) {
		t.Error("a slow request is still waited for")
	}
}

func isTimeout(err error) bool {
	n, ok := err.(net.Error) //nolint:errorlint // net's own, never wrapped
	return ok && n.Timeout()
}

// neverReads asks for long answers and reads none, until it is cut off.
func neverReads(t *testing.T, m *testmember.Member) {
	p := register(t, m, "chess")
	conn, _, err := p.dialAs(p.token, http.Header{})
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = conn.Close() }()
	tokens := make([]string, wire.MaxFrameSightings)
	for i := range tokens {
		tokens[i] = newToken()
	}
	if tcp, ok := conn.NetConn().(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(4096)
	}
	frame := wire.Encode(wire.ClientFrame{Type: wire.TypeSighting, Ref: "r", Tokens: tokens})
	for range 1_000_000 {
		if err := conn.WriteMessage(1, frame); err != nil {
			return // cut off
		}
	}
	t.Error("a client that never reads is served for ever")
}
