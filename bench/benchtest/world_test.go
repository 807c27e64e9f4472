package benchtest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"i80.dk/sighej"
	"i80.dk/sighej/internal/testleaks"
	"i80.dk/sighej/server"
	"i80.dk/sighej/wire"
)

func TestMain(m *testing.M) { testleaks.Main(m) }

const patience = 20 * time.Second // a test that waits for longer has failed

// startMember runs a real member; stop ends it and may be called early.
func startMember(t *testing.T, change func(*server.Options)) (base string, stop func()) {
	t.Helper()
	o := server.DefaultOptions()
	o.ListenAddr, o.AdminListenAddr, o.DataDir = "127.0.0.1:0", "127.0.0.1:0", t.TempDir()
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithCancel(context.Background())
	addr, ended := make(chan server.Addresses, 1), make(chan error, 1)
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	go func() { ended <- server.Run(ctx, o, "test", logger, func(a server.Addresses) { addr <- a }) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error("the member ended with", err)
		}
	})
	t.Cleanup(stop)
	select {
	case a := <-addr:
		return "http://" + a.Public, stop
	case err := <-ended:
		t.Fatal("the member did not start:", err)
		return "", nil
	}
}

// phone is a plain client of the contract.
type phone struct {
	t             *testing.T
	base          string
	token, access string
	client        *http.Client
}

func register(t *testing.T, base string, interests ...string) *phone {
	t.Helper()
	p := &phone{t: t, base: base, token: string(sighej.NewToken()), client: &http.Client{Transport: &http.Transport{DisableCompression: true}}}
	t.Cleanup(p.client.CloseIdleConnections)
	var created wire.SessionCreated
	p.must("POST", "/session", wire.CreateSession{BLEToken: p.token, Interests: interests}, &created)
	p.access = created.AccessToken
	return p
}

// call sends a request; what is no text goes as JSON.
func (p *phone) call(base, method, path string, body any) (*http.Response, []byte) {
	p.t.Helper()
	text, isText := body.(string)
	if !isText && body != nil {
		text = string(wire.Encode(body))
	}
	req, err := http.NewRequestWithContext(p.t.Context(), method, base+path, strings.NewReader(text))
	if err != nil {
		p.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if p.access != "" {
		req.Header.Set("Authorization", "Bearer "+p.access)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp, answer
}

// must decodes a good answer.
func (p *phone) must(method, path string, body, answer any) {
	p.t.Helper()
	resp, text := p.call(p.base, method, path, body)
	if resp.StatusCode > 299 {
		p.t.Fatalf("%s %s: %s %s", method, path, resp.Status, text)
	}
	if answer != nil {
		strictly(p.t, text, answer)
	}
}

// strictly decodes what must be of the contract to the letter.
func strictly(t *testing.T, text []byte, into any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func (p *phone) match(peer *phone) (r wire.MatchResult) {
	p.t.Helper()
	p.must("POST", "/match", wire.MatchRequest{OwnToken: p.token, DetectedToken: peer.token}, &r)
	return r
}

// socket is a connection that keeps what came.
type socket struct {
	*websocket.Conn
	t      *testing.T
	frames chan string // closed with the connection
	ended  error       // set before
}

func (p *phone) connect() *socket {
	p.t.Helper()
	return p.connectOffering(http.Header{"Authorization": {"Bearer " + p.access}}, wire.Subprotocol)
}

// connectOffering waits until the session has the connection.
func (p *phone) connectOffering(header http.Header, protocols ...string) *socket {
	p.t.Helper()
	s := dial(p.t, p.base+"/ws/"+p.token, header, protocols...)
	if s.Subprotocol() != "" {
		if first := s.next(""); typeOf([]byte(first)) != wire.TypeWelcome {
			p.t.Fatal("the first frame: ", first)
		}
	}
	return s
}

func dial(t *testing.T, url string, header http.Header, protocols ...string) *socket {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: protocols}
	conn, resp, err := dialer.Dial(strings.Replace(url, "http", "ws", 1), header)
	if err != nil {
		t.Fatal("connecting: ", err, resp)
	}
	s := &socket{Conn: conn, t: t, frames: make(chan string, 1024)}
	t.Cleanup(func() { _ = conn.Close() })
	go s.read()
	return s
}

func (s *socket) read() {
	defer close(s.frames)
	for {
		_, text, err := s.ReadMessage()
		if err != nil {
			s.ended = err
			return
		}
		s.frames <- string(text)
	}
}

// next returns the next frame, of a type if it is not "".
func (s *socket) next(frameType string) string {
	s.t.Helper()
	for {
		select {
		case f, ok := <-s.frames:
			if !ok {
				s.t.Fatalf("no %q came before the end: %v", frameType, s.ended)
			}
			if frameType == "" || typeOf([]byte(f)) == frameType {
				return f
			}
		case <-time.After(patience):
			s.t.Fatalf("no %q came", frameType)
		}
	}
}

func (s *socket) nudge() (n wire.Nudge) {
	s.t.Helper()
	strictly(s.t, []byte(s.next(wire.TypeNudge)), &n)
	return n
}

// sight reports a token and returns the answer. Whatever the server had sent
// before comes before it.
func (s *socket) sight(ref, token string) string {
	s.t.Helper()
	s.send(wire.ClientFrame{Type: wire.TypeSighting, Ref: ref, Tokens: []string{token}})
	return s.next("")
}

func (s *socket) send(f wire.ClientFrame) {
	s.t.Helper()
	if err := s.WriteMessage(websocket.TextMessage, wire.Encode(f)); err != nil {
		s.t.Fatal(err)
	}
}

// closed returns the frames that were left and how the connection ended.
func (s *socket) closed() (left []string, code int, reason string) {
	s.t.Helper()
	for {
		select {
		case f, ok := <-s.frames:
			if ok {
				left = append(left, f)
				continue
			}
			if e, ok := s.ended.(*websocket.CloseError); ok { //nolint:errorlint // it comes bare
				return left, e.Code, e.Text
			}
			return left, websocket.CloseAbnormalClosure, s.ended.Error()
		case <-time.After(patience):
			s.t.Fatal("the connection stays")
		}
	}
}

// eventually polls until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatal("in vain: ", what)
		}
		time.Sleep(5 * time.Millisecond) // between two polls
	}
}
