package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/phone/phonetest"
	"i80.dk/sighej/wire"
)

// nudged is a server that nudges when told to, and answers sightings.
func nudged(t *testing.T, beacon bool) (s *phonetest.Server, nudge chan<- string) {
	t.Helper()
	messages := make(chan string, 8)
	s = phonetest.New(t, func(s *phonetest.Server) {
		s.Beacon = beacon
		s.Matches = map[string][]string{"xyz789": {"devops", "hardstyle"}}
		s.Script = func(_ int, c *phonetest.Socket) {
			c.Welcome(0)
			go func() {
				for m := range messages {
					c.Nudge(sighej.NewNudgeID().String(), m, "devops")
				}
			}()
			c.Serve()
		}
	})
	t.Cleanup(func() { close(messages) })
	return s, messages
}

func startPhone(t *testing.T, s *phonetest.Server, args ...string) *program {
	t.Helper()
	return start(t, append([]string{"phone", "--base", s.URL, "--interests", "devops,hardstyle"}, args...)...)
}

func TestPhoneConverses(t *testing.T) {
	s, nudge := nudged(t, false)
	p := startPhone(t, s)
	token, ok := strings.CutPrefix(p.line(), "token: ")
	if created := s.Created(); !ok || !sighej.ValidToken(token) || created[0].BLEToken != token ||
		!slices.Equal(created[0].Interests, []string{"devops", "hardstyle"}) {
		t.Errorf("token %q, registered %+v", token, created)
	}
	p.typeLine("xyz789")
	p.want("match: devops, hardstyle")
	p.typeLine(" nobody ")
	p.want("no match")
	p.typeLine("/close")
	p.want("closed")
	if s.Open() {
		t.Error("the session is open")
	}
	p.typeLine("")
	p.typeLine("/block")
	p.typeLine("no token")
	p.typeLine(token)
	p.typeLine("/open") // by whose answer all of these are heard
	p.want("open")
	nudge <- "Someone nearby shares your interest in devops."
	p.want("nudge: Someone nearby shares your interest in devops.")
	nudge <- "one line\nand no\x1b[31m colour"
	p.want("nudge: one line and no [31m colour")
	p.typeLine("/wave")
	p.want("waved")
	p.typeLine("/block another")
	p.want("blocked")
	if waved := s.Waved(); len(waved) != 1 || len(waved[0]) != 22 || !slices.Equal(s.Blocked(), []string{"another"}) {
		t.Errorf("waved at %q, blocked %q", waved, s.Blocked())
	}
	p.typeLine("/quit")
	if status, rest := p.exit(); status != 0 || len(rest) != 0 {
		t.Errorf("status %d, left over %q", status, rest)
	}
	if !s.Forgotten() {
		t.Error("the session was not forgotten")
	}
	if errs := p.complaints(); strings.Count(errs, "\n") != 3 || !strings.Contains(errs, "no nudge yet") || !strings.Contains(errs, "a token has ") || !strings.Contains(errs, "your own token") {
		t.Errorf("stderr: %q", errs)
	}
}

func TestPhoneGoesOnWhenStdinIsClosed(t *testing.T) {
	s, nudge := nudged(t, false)
	p := startPhone(t, s, "--token", "abc123", "--sight", "xyz789", "--sight", "nobody")
	if err := p.in.Close(); err != nil {
		t.Fatal(err)
	}
	p.want("token: abc123")
	p.want("match: devops, hardstyle")
	p.want("no match")
	for i := range 100 { // long after it has met the end of its input
		nudge <- fmt.Sprint("hi ", i)
		p.want(fmt.Sprint("nudge: hi ", i))
	}
	p.signal()
	if status, _ := p.exit(); status != 0 || !s.Forgotten() || p.complaints() != "" {
		t.Errorf("status %d, forgotten %v, stderr %q", status, s.Forgotten(), p.complaints())
	}
}

// A token may begin with a hyphen, as a flag does.
func TestPhoneTakesAnyToken(t *testing.T) {
	s, _ := nudged(t, false)
	p := startPhone(t, s, "--token", "-abc12", "--sight", "-nobody", "--sight", "--json-")
	p.want("token: -abc12")
	p.want("no match")
	p.want("no match")
	p.signal()
	if status, _ := p.exit(); status != 0 || !s.Forgotten() || p.complaints() != "" {
		t.Errorf("status %d, forgotten %v, stderr %q", status, s.Forgotten(), p.complaints())
	}
}

func TestPhonePrintsJSON(t *testing.T) {
	s, nudge := nudged(t, false)
	p := startPhone(t, s, "--json", "--token", "abc123", "--sight", "xyz789")
	nudge <- "hi\nyou"
	got := map[string]map[string]any{}
	for range 3 { // the nudge may come before the result
		var e map[string]any
		if err := json.Unmarshal([]byte(p.line()), &e); err != nil {
			t.Fatal(err)
		}
		got[e["event"].(string)] = e
	}
	if got["token"]["token"] != "abc123" || got["nudge"]["message"] != "hi\nyou" || got["sighting"]["match"] != true ||
		got["sighting"]["token"] != "xyz789" {
		t.Errorf("events: %v", got)
	}
	p.typeLine("/quit")
	p.exit()
}

func TestPhoneForBeacon(t *testing.T) {
	s, _ := nudged(t, true)
	p := startPhone(t, s, "--auth", "none", "--sight", "xyz789")
	p.line()
	p.want("match: devops, hardstyle")
	p.signal()
	if status, _ := p.exit(); status != 0 || !s.Forgotten() {
		t.Errorf("status %d, stderr %s", status, p.complaints())
	}
}

func TestPhoneTellsWhyItEnded(t *testing.T) {
	s := phonetest.New(t, func(s *phonetest.Server) {
		s.Script = func(_ int, c *phonetest.Socket) { c.Welcome(0); c.Close(wire.CloseTakenOver) }
	})
	p := startPhone(t, s)
	if status, _ := p.exit(); status != exitFailure || !strings.Contains(p.complaints(), "took the session over") {
		t.Errorf("status %d, stderr %q", status, p.complaints())
	}
	if s.Requests("DELETE /session") != 0 {
		t.Error("it forgot a session that another connection has")
	}
}

func TestPhoneTellsThatItsSessionIsUnknown(t *testing.T) {
	s := phonetest.New(t, func(s *phonetest.Server) {
		s.Script = func(_ int, c *phonetest.Socket) { c.Welcome(0) }
		s.Refuse = func(n int) (int, wire.Problem) {
			if n == 1 {
				return 0, wire.Problem{}
			}
			return http.StatusUnauthorized, wire.Problem{Code: string(sighej.CodeUnauthorized), Detail: "wrong"}
		}
	})
	p := startPhone(t, s)
	if status, _ := p.exit(); status != exitFailure || !strings.Contains(p.complaints(), "no longer knows this session") {
		t.Errorf("status %d, stderr %q", status, p.complaints())
	}
}

func TestPhoneTellsALossAndComesBack(t *testing.T) {
	again := make(chan struct{})
	s := phonetest.New(t, func(s *phonetest.Server) {
		s.Script = func(n int, c *phonetest.Socket) {
			c.Welcome(0)
			if n == 1 {
				return
			}
			c.Nudge("n1", "back")
			close(again)
			c.Serve()
		}
	})
	p := startPhone(t, s)
	p.line()
	p.want("nudge: back")
	<-again
	p.typeLine("/quit")
	p.exit()
	if want := "no connection; trying again\nconnected again\n"; p.complaints() != want {
		t.Errorf("stderr: %q", p.complaints())
	}
}

func TestPhoneWithoutAServerExits1(t *testing.T) {
	s := phonetest.New(t, nil)
	status, out, errs := output(t, command(t, nil, "phone", "--base", s.URL+"/elsewhere", "--interests", "devops"))
	if status != exitFailure || out != "" || !strings.Contains(errs, "sighej: ") {
		t.Errorf("status %d, stdout %q, stderr %q", status, out, errs)
	}
}

func TestPhoneTellsEveryInvalidField(t *testing.T) {
	s := phonetest.New(t, nil)
	status, _, errs := output(t, command(t, nil, "phone", "--base", s.URL, "--interests", ""))
	if status == 0 || !strings.Contains(errs, "interests") {
		t.Errorf("status %d, stderr %q", status, errs)
	}
}

// TestSecondSignalEndsAtOnce has a server that never answers the request to
// forget the session, so that the first signal takes its time.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	s, _ := nudged(t, false)
	held := s.Hold("DELETE /session")
	p := startPhone(t, s)
	p.line()
	p.signal()
	select {
	case <-held:
	case <-time.After(patienceOfTests):
		t.Fatal("it did not forget its session")
	}
	p.signal()
	if status, _ := p.exit(); status != exitFailure || p.complaints() != "" {
		t.Errorf("status %d, stderr %q", status, p.complaints())
	}
}

func TestStdinFromAFile(t *testing.T) {
	s, _ := nudged(t, false)
	path := filepath.Join(t.TempDir(), "heard")
	if err := os.WriteFile(path, []byte("xyz789\nnobody\n/quit\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	cmd := command(t, nil, "phone", "--base", s.URL, "--interests", "devops", "--token", "abc123")
	cmd.Stdin = f
	status, out, errs := output(t, cmd)
	if want := "token: abc123\nmatch: devops, hardstyle\nno match\n"; status != 0 || out != want {
		t.Errorf("status %d, stdout %q, stderr %q", status, out, errs)
	}
}
