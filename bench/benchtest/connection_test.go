package benchtest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"i80.dk/sighej/server"
	"i80.dk/sighej/wire"
)

func TestHandshakesAreRefusedAlike(t *testing.T) {
	base, stop := startMember(t, func(o *server.Options) { o.MaxConnections = 1 })
	proxy := Start(t, base, rare)
	a, b := register(t, proxy.URL, "go"), register(t, proxy.URL, "go")
	try := func(base, token string, header http.Header) (*http.Response, string) {
		_, resp, err := websocket.DefaultDialer.Dial(strings.Replace(base, "http", "ws", 1)+"/ws/"+token, header)
		if err == nil || resp == nil {
			t.Fatal("it is let in, or there is no answer: ", err)
		}
		body, _ := io.ReadAll(resp.Body)
		return resp, string(body)
	}
	alike := func(token string, header http.Header, status int) *http.Response {
		t.Helper()
		direct, want := try(base, token, header)
		through, got := try(proxy.URL, token, header)
		headers := lasting(direct.Header)
		if direct.StatusCode != status || through.StatusCode != status || want != got || !cmp.Equal(headers, lasting(through.Header)) {
			t.Errorf("%s %v %s, and without the proxy %s %v %s", through.Status, through.Header, got, direct.Status, direct.Header, want)
		}
		return through
	}
	own := func(p *phone) http.Header { return http.Header{"Authorization": {"Bearer " + p.access}} }
	alike(a.token, nil, 401)
	alike(a.token, own(b), 403)
	alike("%20", own(a), 422)
	alike(a.token, http.Header{"Authorization": own(a)["Authorization"], "Origin": {"http://foreign.example"}}, 403)
	a.connect()
	if full := alike(b.token, own(b), 503); full.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	stop()
}

func TestConnectionsPassUnchanged(t *testing.T) {
	withAndWithout(t, func(t *testing.T, f Fault) {
		base, stop := startMember(t, nil)
		proxy := Start(t, base, f)
		a, b := register(t, proxy.URL, "go"), register(t, proxy.URL, "go")

		// A browser has no header to show its access token in.
		s := a.connectOffering(nil, wire.Subprotocol, wire.BearerPrefix+a.access)
		if s.Subprotocol() != wire.Subprotocol {
			t.Error("selected:", s.Subprotocol())
		}
		b.match(a)
		n := s.nudge()
		s.send(wire.ClientFrame{Type: wire.TypeAck, ID: n.ID})
		eventually(t, "the acknowledgement to arrive", func() bool {
			var state wire.SessionState
			a.must("GET", "/session", nil, &state)
			return state.Pending == 0
		})
		if got := s.sight("r", b.token); got != `{"type":"sighted","ref":"r","results":[{"token":"`+b.token+`","match":true,"shared_interests":["go"],"nudge_sent":false}]}` {
			t.Error(got)
		}
		if err := s.WriteMessage(websocket.TextMessage, []byte(`{"type":"odd"}`)); err != nil {
			t.Fatal(err)
		}
		if got := s.next(""); typeOf([]byte(got)) != wire.TypeError {
			t.Error(got)
		}

		newer := a.connect()
		ends(t, s, wire.CloseTakenOver)
		a.must("DELETE", "/session", nil, nil)
		ends(t, newer, wire.CloseForgotten)

		binary := b.connect()
		if err := binary.WriteMessage(websocket.BinaryMessage, []byte("x")); err != nil {
			t.Fatal(err)
		}
		ends(t, binary, wire.CloseUnsupported)
		long := b.connect()
		if err := long.WriteMessage(websocket.TextMessage, []byte(strings.Repeat(" ", wire.MaxFrame+1))); err != nil {
			t.Fatal(err)
		}
		ends(t, long, wire.CloseTooBig)

		last := b.connect()
		go stop()
		if left := ends(t, last, wire.CloseDraining); typeOf([]byte(left[len(left)-1])) != wire.TypeDraining {
			t.Error("before the close:", left)
		}
	})
}

// ends returns the last frames.
func ends(t *testing.T, s *socket, code wire.CloseCode) []string {
	t.Helper()
	left, got, reason := s.closed()
	if got != int(code) || reason != code.Reason() {
		t.Errorf("closed with %d %q, want %d %q", got, reason, code, code.Reason())
	}
	return left
}

// target is a server whose connections are the test's; watch may be nil.
func target(t *testing.T, watch func(net.Conn, http.ConnState)) (base string, connections <-chan *websocket.Conn) {
	t.Helper()
	came := make(chan *websocket.Conn, 1)
	upgrader := websocket.Upgrader{Subprotocols: []string{wire.Subprotocol}}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, http.Header{"X-Saw": {r.Host, r.URL.String(), r.UserAgent()}})
		if err != nil {
			return // answered by the upgrader
		}
		came <- conn
	}))
	s.Config.ConnState = watch
	s.Start()
	t.Cleanup(s.Close)
	return s.URL, came
}

// Frames pass byte by byte, even those that are none of the contract, and in
// order.
func TestFramesPassUnchanged(t *testing.T) {
	withAndWithout(t, func(t *testing.T, f Fault) {
		base, came := target(t, nil)
		phone := dial(t, Start(t, base, f).URL+"/ws/x%2Fy?z", http.Header{"User-Agent": {"a phone"}}, wire.Subprotocol)
		server := <-came
		defer server.Close()
		texts := []string{"", "{", `{ "type" : "nudge" , "more":1}`, `{"type":"sighted","results":[ {"match":true} ]}`, `{"type":"welcome"}`, strings.Repeat("x", 1<<20)}
		for _, text := range texts {
			if err := server.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
				t.Fatal(err)
			}
			if got := phone.next(""); got != text {
				t.Errorf("the phone has %q, want %q", got, text)
			}
			if err := phone.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
				t.Fatal(err)
			}
			if _, got, err := server.ReadMessage(); err != nil || string(got) != text {
				t.Errorf("the server has %q, want %q: %v", got, text, err)
			}
		}
	})
}

func TestHandshakePassesUnchanged(t *testing.T) {
	base, came := target(t, nil)
	proxy := Start(t, base, Fault{})
	dialer := websocket.Dialer{Subprotocols: []string{"other", wire.Subprotocol}}
	header := http.Header{"User-Agent": {"a phone"}, "Host": {"some.example"}}
	conn, resp, err := dialer.Dial(strings.Replace(proxy.URL, "http", "ws", 1)+"/ws/x%2Fy?z", header)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	defer (<-came).Close()
	if d := cmp.Diff([]string{"some.example", "/ws/x%2Fy?z", "a phone"}, resp.Header["X-Saw"]); d != "" || conn.Subprotocol() != wire.Subprotocol {
		t.Error(conn.Subprotocol(), d)
	}
}

// Whoever ends a connection, and however: the other side is told the same.
func TestEndsPassUnchanged(t *testing.T) {
	code := func(n int, reason string) func(*websocket.Conn) error {
		return func(c *websocket.Conn) error {
			return c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(n, reason), time.Now().Add(patience))
		}
	}
	for _, c := range []struct {
		about string
		end   func(*websocket.Conn) error
		want  string
	}{
		{"goodbye", code(websocket.CloseNormalClosure, ""), "websocket: close 1000 (normal)"},
		{"a code with a reason", code(4100, "taken over"), "websocket: close 4100: taken over"},
		{"no code", code(websocket.CloseNoStatusReceived, ""), "websocket: close 1005 (no status)"},
		{"no word", (*websocket.Conn).Close, "websocket: close 1006 (abnormal closure): unexpected EOF"},
	} {
		for _, server := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, by the server: %v", c.about, server), func(t *testing.T) {
				base, came := target(t, nil)
				phone, resp, err := websocket.DefaultDialer.Dial(strings.Replace(Start(t, base, Fault{}).URL, "http", "ws", 1), nil)
				if err != nil {
					t.Fatal(err, resp)
				}
				from, to := phone, <-came
				if server {
					from, to = to, from
				}
				defer from.Close()
				defer to.Close()
				if err := c.end(from); err != nil {
					t.Fatal(err)
				}
				_ = to.SetReadDeadline(time.Now().Add(patience))
				if _, _, err := to.ReadMessage(); err == nil || err.Error() != c.want {
					t.Errorf("%v, want %s", err, c.want)
				}
			})
		}
	}
}

// The proxy answers no ping itself: a phone that is silent stays so.
func TestPingsPass(t *testing.T) {
	base, came := target(t, nil)
	phone, resp, err := websocket.DefaultDialer.Dial(strings.Replace(Start(t, base, Fault{}).URL, "http", "ws", 1), nil)
	if err != nil {
		t.Fatal(err, resp)
	}
	server := <-came
	for _, ends := range [][2]*websocket.Conn{{phone, server}, {server, phone}} {
		asks, answers := ends[0], ends[1]
		pinged, ponged := make(chan string, 1), make(chan string, 1)
		answers.SetPingHandler(func(data string) error {
			pinged <- data
			return answers.WriteControl(websocket.PongMessage, []byte("yes, "+data), time.Now().Add(patience))
		})
		asks.SetPongHandler(func(data string) error { ponged <- data; return nil })
		stop := reading(t, asks, answers)
		if err := asks.WriteControl(websocket.PingMessage, []byte("there?"), time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if a, b := within(t, pinged), within(t, ponged); a != "there?" || b != "yes, there?" {
			t.Error(a, b)
		}
		stop()
	}
}

// reading lets control frames be handled until a text frame each way stops it.
func reading(t *testing.T, a, b *websocket.Conn) (stop func()) {
	done := make(chan struct{}, 2)
	for _, c := range []*websocket.Conn{a, b} {
		go func() {
			_, _, _ = c.ReadMessage()
			done <- struct{}{}
		}()
	}
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	return func() {
		_, _ = a.WriteMessage(websocket.TextMessage, nil), b.WriteMessage(websocket.TextMessage, nil)
		<-done
		<-done
	}
}

func within(t *testing.T, c <-chan string) string {
	t.Helper()
	select {
	case s := <-c:
		return s
	case <-time.After(patience):
		t.Fatal("nothing came")
		return ""
	}
}

// With the test a proxy ends, and what goes through it on both sides.
func TestEnd(t *testing.T) {
	var open atomic.Int64
	base, came := target(t, func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateHijacked, http.StateClosed:
			open.Add(-1)
		}
	})
	var phone *socket
	t.Run("a test", func(inner *testing.T) {
		proxy := Start(inner, base, Fault{})
		phone = dial(t, proxy.URL, nil)
		resp, err := http.Post(proxy.URL, "text/plain", nil) // refused by the target, and its connection kept
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	})
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	server := <-came
	defer server.Close()
	_ = server.SetReadDeadline(time.Now().Add(patience))
	if _, _, err := server.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseAbnormalClosure) {
		t.Error("the server:", err)
	}
	if _, code, reason := phone.closed(); code != websocket.CloseAbnormalClosure {
		t.Error("the phone:", code, reason)
	}
	eventually(t, "no connection to be left", func() bool { return open.Load() == 0 })
}
