package transport

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"i80.dk/sighej"
)

// longWay keeps a call from its shortcut without changing what it asks for.
func longWay(c call) call {
	c.header = maps.Clone(c.header)
	if c.header == nil {
		c.header = map[string]string{}
	}
	c.header["Accept"] = "application/json, */*"
	return c
}

// sameBothWays does c with and without the shortcut.
func (s *site) sameBothWays(c call) {
	s.t.Helper()
	s.sessions.caller, s.sessions.sightings = sighej.Caller{}, nil
	want := s.do(longWay(c))
	caller, sightings := s.sessions.caller, s.sessions.sightings
	s.sessions.caller, s.sessions.sightings = sighej.Caller{}, nil
	got := s.do(c)
	if got.Code != want.Code || got.Body.String() != want.Body.String() || !cmp.Equal(got.Header(), want.Header()) {
		s.t.Errorf("%s:\n%d %v %s, the long way\n%d %v %s", c.body, got.Code, got.Header(), got.Body, want.Code, want.Header(), want.Body)
	}
	if s.sessions.caller != caller || !cmp.Equal(s.sessions.sightings, sightings) {
		s.t.Errorf("%s: asked %v %v, the long way %v %v", c.body, s.sessions.caller, s.sessions.sightings, caller, sightings)
	}
}

func TestTheShortcutAnswersAsTheFrameworkDoes(t *testing.T) {
	s := newSite(t, nil)
	body := call{method: "POST", path: "/match", body: match}
	for name, prepare := range map[string]func(){
		"neutral": func() {},
		"a match": func() {
			s.sessions.verdicts = []sighej.Verdict{{Match: true, Shared: []string{"a<b>&\"c\\", "hej\u2028då", "go", "\x01"}, NudgeSent: true}}
		},
		"unauthorized": func() { s.sessions.err = sighej.Errorf(sighej.CodeUnauthorized, "no <b>") },
		"limited":      func() { s.sessions.err = sighej.Errorf(sighej.CodeRateLimited, "no").After(1500 * time.Millisecond) },
		"undecided":    func() { s.sessions.verdicts = []sighej.Verdict{{Code: sighej.CodeMatchLimit}} },
		"a defect":     func() { s.sessions.err = errors.New("broken") },
		"a panic":      func() { s.sessions.panics = "at the disco" },
		"too few":      func() { s.sessions.short = true },
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			s.reset()
			prepare()
			s.sameBothWays(body)
		})
	}
}

func TestTheShortcutIsTaken(t *testing.T) {
	for body, want := range map[string]bool{
		match: true,
		` { "rssi" : -70 , "detected_token":"peer-token-0002","own_token":"own-token-0001"}` + "\r\n\t": true,
		`{"own_token":"own-token-0001","detected_token":"peer-token-0002","rssi":0}`:                    false,
	} {
		r := call{method: "POST", path: "/match", body: body}.request()
		if in, ok := readPlainMatch(r); ok != want || ok && in.Body.DetectedToken != peerToken {
			t.Errorf("%s: %v", body, ok)
		}
		if rest, _ := io.ReadAll(r.Body); !want && string(rest) != body {
			t.Errorf("%s: %q is left", body, rest)
		}
	}
}

func TestABodyThatBreaksOffIsRefusedAlikeBothWays(t *testing.T) {
	s := newSite(t, nil)
	for name, failure := range map[string]error{"gone": io.ErrUnexpectedEOF, "late": timeout{}} {
		var answers [2]*httptest.ResponseRecorder
		for i, accept := range []string{"*/*", "application/json, */*"} {
			body := io.MultiReader(strings.NewReader(match[:10]), iotest.ErrReader(failure))
			r := httptest.NewRequest(http.MethodPost, "/match", body)
			r.ContentLength = int64(len(match))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Accept", accept)
			answers[i] = httptest.NewRecorder()
			s.handler.ServeHTTP(answers[i], r)
		}
		if answers[0].Code != http.StatusBadRequest || answers[0].Body.String() != answers[1].Body.String() {
			t.Errorf("%s: %d %s, the long way %d %s", name, answers[0].Code, answers[0].Body, answers[1].Code, answers[1].Body)
		}
	}
}

type timeout struct{}

func (timeout) Error() string   { return "timeout" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

// FuzzShortcut holds what takes the shortcut against the framework's answer, and
// sees that all else comes to the framework whole.
func FuzzShortcut(f *testing.F) {
	for _, body := range []string{
		match, `{"own_token":"abcdef","detected_token":"abcdef"}`, `{"own_token":"abcdef","own_token":"abcdeg","detected_token":"abcdeh"}`,
		`{"own_token":"abcdef","detected_token":"abcdeg","rssi":-127}`, `{"own_token":"abcdef","detected_token":"abcdeg","rssi":20}`,
		`{"own_token":"abcdef","detected_token":"abcdeg","rssi":-128}`, `{"own_token":"abcdef","detected_token":"abcdeg","rssi":21}`,
		`{"own_token":"abcdef","detected_token":"abcdeg","rssi":1e1}`, `{"own_token":"abcdef","detected_token":"abcdeg","rssi":007}`,
		`{"own_token":"abcdef","detected_token":"abcdeg","rssi":1,"rssi":2}`, `{"own_token":"abcdef","detected_token":"abcdeg","rssi":- 1}`,
		`{"own_token":"abcdef","detected_token":"abcdeg","rssi":1234}`, `{"own_token":"abcdef","detected_token":"abcdeg","rssi":null}`,
		`{"own_token":"abcde\u0066","detected_token":"abcdeg"}`, `{"own_token":"abcdef","detected_token":"abcde"}`,
		`{"own_token":"abcdef","detected_token":"abcdeg",}`, `{"own_token":"abcdef","detected_token":"abcdeg"}}`,
		`{"own_token":"abcdef""detected_token":"abcdeg"}`, `{,"own_token":"abcdef","detected_token":"abcdeg"}`,
		`{"own_token":"abcdef","detected_token":"abcdeg","other":1}`, `{"own_token" "abcdef","detected_token":"abcdeg"}`,
		"{\"own_token\":\"abcdef\",\"detected_token\":\"abcdeg\"}\x00", `{"Own_token":"abcdef","detected_token":"abcdeg"}`,
	} {
		f.Add(body)
	}
	s := newSite(f, nil)
	f.Fuzz(func(t *testing.T, body string) {
		s.t = t
		c := call{method: "POST", path: "/match", body: body}
		r := c.request()
		if _, ok := readPlainMatch(r); ok {
			s.sameBothWays(c)
		} else if rest, _ := io.ReadAll(r.Body); string(rest) != body {
			t.Errorf("%q is left of %q", rest, body)
		}
	})
}
