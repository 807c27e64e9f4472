package transport

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"i80.dk/sighej"
)

func TestPanicIsAnError(t *testing.T) {
	var list []int
	s := newSite(t, nil)
	for name, v := range map[string]any{
		"text": "about " + ownToken + " and hardstyle", "error": errors.New(ownToken), "coded": sighej.Errorf(sighej.CodeInvalid, ownToken),
	} {
		s.reset()
		s.sessions.panics = v
		w := s.do(call{"POST", "/match", match, "", nil})
		if w.Code != 500 || s.isProblem(w).Code != "internal" {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if log := s.log.String(); !strings.Contains(log, "POST /match") || !strings.Contains(log, "sightings.go") {
			t.Errorf("%s: the log does not tell where: %s", name, log)
		}
		keepsSecrets(t, s, w)
	}
	defer func() {
		if got := describePanic(recover()); !strings.Contains(got, "index out of range") {
			t.Errorf("runtime error: %q", got)
		}
	}()
	_ = list[len(list)]
}

// Answers bear the time of the sessions, since phones set their clocks by it.
func TestDate(t *testing.T) {
	for _, off := range []time.Duration{-5 * time.Minute, 0, 5 * time.Minute} {
		s := newSite(t, func(cfg *Config) { cfg.Now = func() time.Time { return time.Now().Add(off) } })
		server := httptest.NewServer(s.handler)
		resp, err := http.Get(server.URL + "/health")
		server.Close()
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		dates := resp.Header.Values("Date")
		if len(dates) != 1 {
			t.Fatalf("%v off: %q", off, dates)
		}
		if at, err := http.ParseTime(dates[0]); err != nil || time.Until(at.Add(-off)).Abs() > time.Minute {
			t.Errorf("%v off: %s", off, dates[0])
		}
	}
}

// After an answer has begun, a panic breaks the connection: nobody takes half an
// answer for a whole one.
func TestPanicAfterTheAnswerBegan(t *testing.T) {
	s := newSite(t, func(cfg *Config) {
		cfg.WebSocket = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			panic("defect")
		})
	})
	server := httptest.NewServer(s.handler)
	defer server.Close()
	resp, err := http.Get(server.URL + "/ws/" + ownToken)
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
	}
	if err == nil {
		t.Error("the answer looks whole")
	}
	server.Close() // the handler has returned
	if log := s.log.String(); strings.Contains(log, ownToken) || !strings.Contains(log, "panic") {
		t.Errorf("logged %s", log)
	}
}

// The endpoint of the WebSocket gets a connection that it can take over.
func TestWebSocketTakesTheConnectionOver(t *testing.T) {
	s := newSite(t, func(cfg *Config) {
		cfg.AllowedOrigins = []string{"*"}
		cfg.WebSocket = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 101 taken\r\nX-Token: "+r.PathValue("ble_token")+"\r\n\r\n")
			_ = conn.Close()
		})
	})
	server := httptest.NewServer(s.handler)
	defer server.Close()
	got := raw(t, server, "GET /ws/"+ownToken+" HTTP/1.1\r\nHost: a\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 101 taken\r\nX-Token: "+ownToken) {
		t.Errorf("%s", got)
	}
}

// A body that breaks off is the client's doing.
func TestBodyBreaksOff(t *testing.T) {
	s := newSite(t, nil)
	server := httptest.NewServer(s.handler)
	defer server.Close()
	got := raw(t, server, "POST /match HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 400") || !strings.Contains(got, `"malformed"`) {
		t.Errorf("%s", got)
	}
}

func raw(t *testing.T, server *httptest.Server, request string) string {
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	var got strings.Builder
	for {
		line, err := reader.ReadString('\n')
		got.WriteString(line)
		if err != nil || strings.Contains(line, `"code"`) {
			return got.String()
		}
	}
}

// keepsSecrets looks for what must not be in a log or an error.
func keepsSecrets(t *testing.T, s *site, w *httptest.ResponseRecorder) {
	t.Helper()
	for _, hidden := range []string{ownToken, peerToken, secret, adminToken, "hardstyle", "unwanted"} {
		if strings.Contains(s.log.String(), hidden) {
			t.Errorf("%q is in the log: %s", hidden, s.log)
		}
		if w.Code >= 400 && strings.Contains(w.Body.String(), hidden) {
			t.Errorf("%q is in the error: %s", hidden, w.Body)
		}
	}
}

func TestNothingSecretIsTold(t *testing.T) {
	calls := []call{
		{"POST", "/session", create, "-", nil},
		{"POST", "/session", strings.Replace(create, `"hardstyle"`, `"hardstyle","unwanted",7`, 1), "-", nil},
		{"POST", "/session", create + "x", "-", nil},
		{"POST", "/session", strings.Replace(create, `]`, `],"own":"`+secret+`"`, 1), "-", nil},
		{"POST", "/match", strings.Replace(match, "-60", `"`+peerToken+`"`, 1), "", nil},
		{"POST", "/match", strings.Replace(match, "-60", "-6e1", 1), "", nil},
		{"POST", "/match", strings.Replace(match, peerToken, ownToken, 1), "", nil},
		{"POST", "/match", match, "", map[string]string{"Content-Type": "text/" + ownToken}},
		{"POST", "/sightings", strings.Replace(sightings, "2026", peerToken, 1), "", nil},
		{"GET", "/session", "", "", nil},
		{"GET", "/stats", "", adminToken + "x", nil},
		{"GET", "/nowhere/" + ownToken, "", "", nil},
		{"PUT", "/ws/" + ownToken, "", "", nil},
	}
	s := newSite(t, nil)
	for _, err := range []error{nil, errors.New("boom"), sighej.Errorf(sighej.CodeUnavailable, "away")} {
		for _, c := range calls {
			s.reset()
			s.sessions.err = err
			keepsSecrets(t, s, s.do(c))
		}
	}
}

// Who wants to know is told of each answer, whatever becomes of the call, and of
// no path.
func TestAnswersAreTold(t *testing.T) {
	var told []string
	s := newSite(t, func(c *Config) {
		c.Answered = func(route string, status int, took time.Duration) {
			if took < 0 {
				t.Error(took)
			}
			told = append(told, fmt.Sprint(route, " ", status))
		}
	})
	told = nil // it has read the contract
	s.do(call{"POST", "/match", match, "", nil})
	s.do(call{"GET", "/health", "", "", nil})
	s.do(call{"GET", "/ws/" + ownToken, "", "", nil})
	s.do(call{"GET", "/no/such/page", "", "", nil})
	s.do(call{"PUT", "/match", "", "", nil})
	s.sessions.panics = "why"
	s.do(call{"POST", "/match", match, "", nil})
	want := []string{"POST /match 200", "GET /health 200", "GET /ws/{ble_token} 401", "/ 404", "/ 405", "POST /match 500"}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, not %q", told, want)
	}
}
