package adversary

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"i80.dk/sighej"
	"i80.dk/sighej/internal/testmember"
	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/server"
	"i80.dk/sighej/wire"
)

// patience is how long a test waits for what must come.
const patience = 60 * time.Second

var redis *testservers.RedisServer

func TestMain(m *testing.M) {
	var err error
	if redis, err = testservers.StartRedis(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = redis.Close()
	os.Exit(code)
}

// onEachStore runs a test with sessions in the process and in Redis.
func onEachStore(t *testing.T, change func(*server.Options), test func(*testing.T, *testmember.Member)) {
	for name, url := range map[string]string{"memory": "", "redis": redis.URL()} {
		t.Run(name, func(t *testing.T) {
			test(t, testmember.Start(t, func(o *server.Options) {
				o.RedisURL = url
				if change != nil {
					change(o)
				}
			}))
		})
	}
}

// answer is one HTTP answer as it came over the wire.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) code() string {
	var p wire.Problem
	_ = json.Unmarshal([]byte(a.body), &p) // no JSON: no code
	return p.Code
}

// request is what an attacker sends.
type request struct {
	method, path, bearer, body string
	header                     map[string]string
}

func send(t testing.TB, m *testmember.Member, r request) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), r.method, m.Base()+r.path, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+r.bearer)
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req) // follows nothing
	if err != nil {
		t.Fatal(err)
	}
	return read(t, resp)
}

func read(t testing.TB, resp *http.Response) answer {
	t.Helper()
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

// raw sends bytes as they are and reads one answer; none: the status is 0.
func raw(t testing.TB, m *testmember.Member, text string) answer {
	t.Helper()
	conn := dial(t, m)
	if _, err := io.WriteString(conn, text); err != nil {
		return answer{}
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return answer{}
	}
	return read(t, resp)
}

func dial(t testing.TB, m *testmember.Member) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", m.Public)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// phone is an honest phone, or an attacker's.
type phone struct {
	m                 *testmember.Member
	token, id, access string
}

func newToken() string { return string(sighej.NewToken()) }

func register(t testing.TB, m *testmember.Member, interests ...string) phone {
	t.Helper()
	p := phone{m: m, token: newToken()}
	a := send(t, m, request{method: "POST", path: "/session", body: string(wire.Encode(wire.CreateSession{BLEToken: p.token, Interests: interests}))})
	var created wire.SessionCreated
	if err := json.Unmarshal([]byte(a.body), &created); err != nil || a.status != http.StatusCreated {
		t.Fatalf("POST /session: %+v", a)
	}
	p.id, p.access = created.SessionID, created.AccessToken
	return p
}

func (p phone) hears(t testing.TB, token string) answer {
	t.Helper()
	return send(t, p.m, request{method: "POST", path: "/match", bearer: p.access, body: sightingOf(p.token, token)})
}

func sightingOf(own, heard string) string {
	return string(wire.Encode(wire.MatchRequest{OwnToken: own, DetectedToken: heard}))
}

// matches makes sure that p and other are nudged.
func (p phone) matches(t testing.TB, other phone) {
	t.Helper()
	if a := p.hears(t, other.token); a.status != http.StatusOK || !strings.Contains(a.body, `"nudge_sent":true`) {
		t.Fatalf("no match: %+v", a)
	}
}

// listen opens the phone's WebSocket.
func (p phone) listen(t testing.TB) *websocket.Conn {
	t.Helper()
	conn, resp, err := p.dialAs(p.token, http.Header{})
	if err != nil {
		t.Fatal(err, resp)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	return conn
}

// dialAs tries to listen to another token's nudges with the phone's credential.
func (p phone) dialAs(token string, header http.Header) (*websocket.Conn, *http.Response, error) {
	if p.access != "" {
		header.Set("Authorization", "Bearer "+p.access)
	}
	dialer := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}}
	return dialer.Dial("ws://"+p.m.Public+"/ws/"+token, header)
}

// next returns the next frame of a type.
func next(t testing.TB, conn *websocket.Conn, kind string) map[string]any {
	t.Helper()
	for {
		var f map[string]any
		if err := conn.ReadJSON(&f); err != nil {
			t.Fatalf("waiting for %s: %v", kind, err)
		}
		if f["type"] == kind {
			return f
		}
	}
}

// closeOf reads until the connection ends and returns the code, 1006 without one.
func closeOf(conn *websocket.Conn) (code int, reason string) {
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			if e, ok := err.(*websocket.CloseError); ok { //nolint:errorlint // it comes bare
				return e.Code, e.Text
			}
			return websocket.CloseAbnormalClosure, ""
		}
	}
}

// await polls until ok.
func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("in vain: ", what)
		}
	}
}

// freeAddress is a loopback address on which nobody listens at the moment.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
