package admin

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// try sends a request from this machine and returns the answer.
func try(t *testing.T, cfg Config, method, path string, header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	cfg.Metrics, cfg.Logger = gathered(t), slog.New(slog.NewTextHandler(t.Output(), nil))
	r := httptest.NewRequest(method, path, nil)
	r.Host = "127.0.0.1:8001"
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	New(cfg).ServeHTTP(w, r)
	return w
}

// wantProblem checks that an answer is a problem with that status and code.
func wantProblem(t *testing.T, w *httptest.ResponseRecorder, status int, code sighej.Code) wire.Problem {
	t.Helper()
	var p wire.Problem
	err := json.Unmarshal(w.Body.Bytes(), &p)
	if err != nil || w.Code != status || p.Status != status || p.Code != string(code) || p.Title == "" || p.Detail == "" ||
		w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %v %q, want %d %s", w.Code, w.Header(), w.Body, status, code)
	}
	return p
}

func TestMembers(t *testing.T) {
	joined := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	all := []Member{{
		ID: "a", Address: "10.0.0.1:9000", Version: "v1", State: "up", Self: true, JoinedAt: joined, AgeSeconds: 7,
		Partitions: 1024, Sessions: 3, Connections: 2,
	}, {ID: "b", State: "draining"}}
	w := try(t, Config{Members: func(context.Context) ([]Member, error) { return all, nil }}, "GET", "/members", nil)
	const want = `{"members":[{"id":"a","address":"10.0.0.1:9000","version":"v1","state":"up","self":true,"joined_at":"2026-11-26T12:00:00Z",` +
		`"age_seconds":7,"partitions":1024,"sessions":3,"connections":2},{"id":"b",`
	if w.Code != 200 || !strings.HasPrefix(w.Body.String(), want) || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	outside := func(context.Context) ([]Member, error) {
		return nil, sighej.Errorf(sighej.CodeUnavailable, "not in the cluster").After(1500 * time.Millisecond)
	}
	w = try(t, Config{Members: outside}, "GET", "/members", nil)
	if wantProblem(t, w, 503, sighej.CodeUnavailable); w.Header().Get("Retry-After") != "2" {
		t.Error(w.Header())
	}
}

func TestMemberAge(t *testing.T) {
	joined := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for after, want := range map[time.Duration]int64{0: 0, 1900 * time.Millisecond: 1, -time.Minute: 0} {
		m := Member{JoinedAt: joined}
		if m.Age(joined.Add(after)); m.AgeSeconds != want {
			t.Errorf("%v: %d s, want %d", after, m.AgeSeconds, want)
		}
	}
}

func TestDrain(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    error
		status int
		code   sighej.Code
	}{
		{"no such member", sighej.Errorf(sighej.CodeNotFound, "there is no such member"), 404, sighej.CodeNotFound},
		{"no cluster", sighej.Errorf(CodeNoCluster, "alone"), 409, CodeNoCluster},
		{"Redis away", sighej.Errorf(sighej.CodeUnavailable, "away: %w", errors.New("refused by 10.0.0.9")), 503, sighej.CodeUnavailable},
		{"a defect", errors.New("s3cr3t"), 500, sighej.CodeInternal},
		{"a code of the other side", sighej.Errorf(sighej.CodeTokenLive, "taken"), 500, sighej.CodeInternal},
	} {
		w := try(t, Config{Drain: func(context.Context, string) error { return c.err }}, "POST", "/members/x/drain", nil)
		wantProblem(t, w, c.status, c.code)
		if strings.Contains(w.Body.String(), "s3cr3t") || strings.Contains(w.Body.String(), "10.0.0.9") {
			t.Errorf("%s: %s", c.name, w.Body)
		}
	}
	var asked []string
	cfg := Config{Drain: func(_ context.Context, id string) error { asked = append(asked, id); return nil }}
	if w := try(t, cfg, "POST", "/members/V6gUeC9w/drain", nil); w.Code != 202 || w.Body.String() != `{"id":"V6gUeC9w","state":"draining"}`+"\n" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if len(asked) != 1 || asked[0] != "V6gUeC9w" {
		t.Error(asked)
	}
}

// What a page of another origin makes a browser send changes nothing, even where
// no token is asked for.
func TestNoForeignPageDrains(t *testing.T) {
	cfg := Config{Drain: func(context.Context, string) error { t.Error("asked to drain"); return nil }}
	for _, header := range []http.Header{
		{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Origin": {"https://evil.example"}}, {"Origin": {"null"}},
	} {
		wantProblem(t, try(t, cfg, "POST", "/members/x/drain", header), 403, sighej.CodeForbidden)
	}
	cfg.Drain = func(context.Context, string) error { return nil }
	for _, header := range []http.Header{{"Sec-Fetch-Site": {"same-origin"}}, {"Origin": {"http://127.0.0.1:8001"}}} {
		if w := try(t, cfg, "POST", "/members/x/drain", header); w.Code != 202 {
			t.Errorf("%v: %d %q", header, w.Code, w.Body)
		}
	}
}

func TestRefusalsAreProblems(t *testing.T) {
	cfg := Config{Drain: func(context.Context, string) error { t.Error("asked to drain"); return nil }}
	for _, c := range []struct {
		method, path string
		status       int
		code         sighej.Code
		allow        string
	}{
		{"GET", "/session", 404, sighej.CodeNotFound, ""},
		{"GET", "/members/x", 404, sighej.CodeNotFound, ""},
		{"POST", "/members", 405, sighej.CodeMethodNotAllowed, "GET, HEAD"},
		{"GET", "/members/x/drain", 405, sighej.CodeMethodNotAllowed, "POST"},
	} {
		w := try(t, cfg, c.method, c.path, nil)
		if wantProblem(t, w, c.status, c.code); w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s: Allow %q", c.method, c.path, w.Header().Get("Allow"))
		}
	}
	cfg.Token = "0123456789abcdef"
	w := try(t, cfg, "POST", "/members/x/drain", nil)
	if wantProblem(t, w, 401, sighej.CodeUnauthorized); !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer ") {
		t.Error(w.Header())
	}
}
