package transport

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

const (
	create    = `{"ble_token":"` + ownToken + `","interests":["devops","hardstyle"]}`
	rotate    = `{"ble_token":"a-new-token"}`
	anID      = "9Qm1v3sYx0iT7bWkZc2dEA"
	nudge     = `{"id":"` + anID + `"}`
	match     = `{"own_token":"` + ownToken + `","detected_token":"` + peerToken + `","rssi":-60}`
	sightings = `{"own_token":"` + ownToken + `","sightings":[{"token":"` + peerToken +
		`","rssi":-60,"seen_at":"2026-05-12T20:00:00+02:00"},{"token":"another-one"}]}`
)

func TestAnswers(t *testing.T) {
	s := newSite(t, nil)
	for _, c := range []struct {
		call
		status int
		body   string // that the answer contains
	}{
		{call{"POST", "/session", create, "-", nil}, 201, `"access_token":"` + secret + `"`},
		{call{"POST", "/session", create, "-", nil}, 201, `"expires_at":"2026-05-12T18:00:00Z"`},
		{call{"POST", "/session", strings.Replace(create, "devops", `5\": 7\\`, 1), "-", nil}, 201, ""}, // no field twice
		{call{"GET", "/session", "", "", nil}, 200, `"interests":[]`},
		{call{"PATCH", "/session", `{"open_to_talk":true}`, "", nil}, 200, `"open_to_talk":true`},
		{call{"POST", "/session/rotate", rotate, "", nil}, 200, `"ble_token":"a-new-token"`},
		{call{"DELETE", "/session", "", "", nil}, 204, ""},
		{call{"POST", "/block", nudge, "", nil}, 204, ""},
		{call{"POST", "/wave", nudge, "", nil}, 204, ""},
		{call{"POST", "/match", match, "", nil}, 200, `{"match":false,"shared_interests":[],"nudge_sent":false}`},
		{call{"POST", "/sightings", sightings, "", nil}, 200, `{"token":"another-one","match":false`},
		{call{"GET", "/interests", "", "-", nil}, 200, `"label":"devops"`},
		{call{"GET", "/health", "", "-", nil}, 200, `"components":{}`},
		{call{"GET", "/ready", "", "-", nil}, 200, `"status":"ok"`},
		{call{"GET", "/stats", "", adminToken, nil}, 200, `"top_interest_categories":[]`},
		{call{"POST", "/match", match, "", map[string]string{"Accept": "text/html, */*;q=0.1"}}, 200, ""},
		{call{"POST", "/match", match, "", map[string]string{"Content-Type": "application/json; charset=utf-8"}}, 200, ""},
		{call{"GET", "/", "", "-", nil}, 302, ""},
		{call{"HEAD", "/health", "", "-", nil}, 200, ""},
		{call{"GET", "/ws/" + ownToken, "", "-", nil}, 401, `"detail":"no"`},
	} {
		s.reset()
		w := s.do(c.call)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) {
			t.Errorf("%s %s: %d %s, want %d with %s", c.method, c.path, w.Code, w.Body, c.status, c.body)
		}
		if s.log.Len() > 0 {
			t.Errorf("%s %s: logged %s", c.method, c.path, s.log)
		}
	}
}

func TestRefusals(t *testing.T) {
	s, big := newSite(t, nil), strings.Repeat("a", 64<<10)
	for name, c := range map[string]struct {
		call
		code      sighej.Code
		locations []string
	}{
		"no such page":           {call{"GET", "/nowhere", "", "-", nil}, sighej.CodeNotFound, nil},
		"metrics":                {call{"GET", "/metrics", "", "-", nil}, sighej.CodeNotFound, nil},
		"profiles":               {call{"GET", "/debug/pprof/", "", "-", nil}, sighej.CodeNotFound, nil},
		"members":                {call{"GET", "/members", "", "-", nil}, sighej.CodeNotFound, nil},
		"a file beside the docs": {call{"GET", "/docs/docs.go", "", "-", nil}, sighej.CodeNotFound, nil},
		"method":                 {call{"PUT", "/session", create, "", nil}, sighej.CodeMethodNotAllowed, nil},
		"method of a document":   {call{"POST", "/openapi.json", create, "", nil}, sighej.CodeMethodNotAllowed, nil},
		"media wanted":           {call{"POST", "/match", match, "", map[string]string{"Accept": "text/html"}}, sighej.CodeNotAcceptable, nil},
		"media sent":             {call{"POST", "/match", match, "", map[string]string{"Content-Type": "text/plain"}}, sighej.CodeUnsupportedMedia, nil},
		"another JSON":           {call{"POST", "/match", match, "", map[string]string{"Content-Type": "application/vnd.x+json"}}, sighej.CodeUnsupportedMedia, nil},
		"odd media":              {call{"POST", "/match", match, "", map[string]string{"Content-Type": "a;b+json"}}, sighej.CodeUnsupportedMedia, nil},
		"no body":                {call{"POST", "/match", "", "", nil}, sighej.CodeMalformed, nil},
		"no JSON":                {call{"POST", "/match", `{"own_token`, "", nil}, sighej.CodeMalformed, nil},
		"not UTF-8":              {call{"POST", "/session", "{\"ble_token\":\"abcdef\",\"interests\":[\"\xff\"]}", "-", nil}, sighej.CodeMalformed, nil},
		"data after it":          {call{"POST", "/match", match + `{}`, "", nil}, sighej.CodeMalformed, nil},
		"a field twice":          {call{"PATCH", "/session", `{"open_to_talk":true,"open_to_\u0074alk":false}`, "", nil}, sighej.CodeMalformed, nil},
		"too deep":               {call{"POST", "/match", strings.Repeat("[", 12000), "", nil}, sighej.CodeMalformed, nil},
		"too large":              {call{"POST", "/match", `{"own_token":"` + big[:16<<10] + `"}`, "", nil}, sighej.CodeTooLarge, nil},
		"too large by far":       {call{"POST", "/sightings", `{"own_token":"` + big + `"}`, "", nil}, sighej.CodeTooLarge, nil},
		"not an object":          {call{"POST", "/match", `null`, "", nil}, sighej.CodeInvalid, []string{"body"}},
		"no session at all":      {call{"POST", "/session", `["unwanted"]`, "-", nil}, sighej.CodeInvalid, []string{"body"}},
		"fields missing":         {call{"POST", "/session", `{}`, "-", nil}, sighej.CodeInvalid, []string{"body.ble_token", "body.interests"}},
		"null lists":             {call{"POST", "/session", `{"ble_token":"abcdef","interests":null}`, "-", nil}, sighej.CodeInvalid, []string{"body.interests"}},
		"null sightings":         {call{"POST", "/sightings", `{"own_token":"abcdef","sightings":null}`, "", nil}, sighej.CodeInvalid, []string{"body.sightings"}},
		"empty list":             {call{"POST", "/sightings", `{"own_token":"abcdef","sightings":[]}`, "", nil}, sighej.CodeInvalid, []string{"body.sightings"}},
		"null sighting":          {call{"POST", "/sightings", `{"own_token":"abcdef","sightings":[null]}`, "", nil}, sighej.CodeInvalid, []string{"body.sightings[0]"}},
		"unknown field":          {call{"POST", "/match", match[:len(match)-1] + `,"extra":1}`, "", nil}, sighej.CodeInvalid, []string{"body.extra"}},
		"field in capitals":      {call{"PATCH", "/session", `{"OPEN_TO_TALK":true}`, "", nil}, sighej.CodeInvalid, []string{"body.open_to_talk", "body.OPEN_TO_TALK"}},
		"wrong types": {
			call{"POST", "/sightings", `{"own_token":7,"sightings":[{"token":"abcdef","rssi":"x"},{"token":"abcdef","seen_at":"noon"}]}`, "", nil},
			sighej.CodeInvalid,
			[]string{"body.own_token", "body.sightings[0].rssi", "body.sightings[1].seen_at"},
		},
		"a token that is none":   {call{"POST", "/session/rotate", `{"ble_token":"no token"}`, "", nil}, sighej.CodeInvalid, []string{"body.ble_token"}},
		"a nudge without id":     {call{"POST", "/block", `{}`, "", nil}, sighej.CodeInvalid, []string{"body.id"}},
		"an id that is too long": {call{"POST", "/block", strings.Replace(nudge, "9Q", "9QQ", 1), "", nil}, sighej.CodeInvalid, []string{"body.id"}},
		"an id that is none":     {call{"POST", "/block", strings.Replace(nudge, "EA", "EB", 1), "", nil}, sighej.CodeInvalid, nil},
		"consent that is none":   {call{"PATCH", "/session", `{"open_to_talk":"yes"}`, "", nil}, sighej.CodeInvalid, []string{"body.open_to_talk"}},
		"no plain integer":       {call{"POST", "/match", strings.Replace(match, "-60", "-6e1", 1), "", nil}, sighej.CodeInvalid, []string{"body"}},
		"rssi out of range":      {call{"POST", "/match", strings.Replace(match, "-60", "-128", 1), "", nil}, sighej.CodeInvalid, []string{"body.rssi"}},
		"ill-formed token":       {call{"POST", "/match", strings.Replace(match, ownToken, "o!", 1), "", nil}, sighej.CodeInvalid, []string{"body.own_token"}},
		"seeing yourself":        {call{"POST", "/match", strings.Replace(match, peerToken, ownToken, 1), "", nil}, sighej.CodeInvalid, []string{"body.detected_token"}},
		"seeing yourself, late":  {call{"POST", "/sightings", strings.Replace(sightings, "another-one", ownToken, 1), "", nil}, sighej.CodeInvalid, []string{"body.sightings[1].token"}},
		"schema and rules together": {
			call{"POST", "/session", `{"ble_token":"o!","interests":["unwanted","ok",5,"unwanted"],"more":0}`, "-", nil},
			sighej.CodeInvalid,
			[]string{"body.ble_token", "body.interests[0]", "body.interests[2]", "body.interests[3]", "body.more"},
		},
		"admin token missing": {call{"GET", "/stats", "", "-", nil}, sighej.CodeUnauthorized, nil},
		"admin token wrong":   {call{"GET", "/stats", "", adminToken + "x", nil}, sighej.CodeUnauthorized, nil},
	} {
		s.reset()
		w := s.do(c.call)
		p := s.isProblem(w)
		var got []string
		for _, f := range p.Errors {
			got = append(got, f.Location)
		}
		slices.Sort(got)
		slices.Sort(c.locations)
		if p.Code != string(c.code) || !slices.Equal(got, c.locations) {
			t.Errorf("%s: %s %v, want %s %v", name, p.Code, got, c.code, c.locations)
		}
		if s.sessions.sightings != nil || s.sessions.created.Token != "" || s.sessions.nudge != (sighej.NudgeID{}) {
			t.Errorf("%s: it went on to the sessions", name)
		}
	}
}

func TestMethodNotAllowedNamesTheOthers(t *testing.T) {
	s := newSite(t, nil)
	for path, allow := range map[string]string{
		"/session":        "GET, HEAD, POST, PATCH, DELETE",
		"/match":          "POST",
		"/session/rotate": "POST",
		"/block":          "POST",
		"/wave":           "POST",
		"/ws/" + ownToken: "GET, HEAD",
	} {
		w := s.do(call{"PUT", path, "", "", nil})
		if w.Code != 405 || w.Header().Get("Allow") != allow {
			t.Errorf("%s: %d, Allow %q", path, w.Code, w.Header().Get("Allow"))
		}
	}
}

// Errors of the sessions show with their status, on every call that can have them.
func TestErrorsOfSessions(t *testing.T) {
	s := newSite(t, nil)
	calls := []call{
		{"POST", "/session", create, "-", nil},
		{"GET", "/session", "", "", nil},
		{"PATCH", "/session", `{"open_to_talk":true}`, "", nil},
		{"DELETE", "/session", "", "", nil},
		{"POST", "/session/rotate", rotate, "", nil},
		{"POST", "/block", nudge, "", nil},
		{"POST", "/wave", nudge, "", nil},
		{"POST", "/match", match, "", nil},
		{"POST", "/sightings", sightings, "", nil},
	}
	for _, c := range []struct {
		err    error
		calls  []call
		status int
		retry  string
	}{
		{sighej.Errorf(sighej.CodeTokenLive, "live"), slices.Concat(calls[:1], calls[4:5]), 409, ""},
		{sighej.Errorf(sighej.CodeUnauthorized, "who"), calls[1:], 401, ""},
		{sighej.Errorf(sighej.CodeForbidden, "not yours"), calls[7:], 403, ""},
		{sighej.Errorf(sighej.CodeNotFound, "unknown"), calls[1:], 404, ""},
		{sighej.Errorf(sighej.CodeRateLimited, "slow").After(1200 * time.Millisecond), calls[7:], 429, "2"},
		{sighej.Errorf(sighej.CodeMatchLimit, "enough"), calls[7:], 429, "60"},
		{sighej.Errorf(sighej.CodeUnavailable, "away"), calls, 503, "1"},
		{sighej.Errorf(sighej.CodeOverloaded, "full").After(time.Minute), calls[4:], 503, "60"},
		{errors.New("anything about " + ownToken), calls, 500, ""},
	} {
		for _, call := range c.calls {
			s.reset()
			s.sessions.err = c.err
			w := s.do(call)
			if w.Code != c.status || w.Header().Get("Retry-After") != c.retry {
				t.Errorf("%s %s, %v: %d, Retry-After %q", call.method, call.path, c.err, w.Code, w.Header().Get("Retry-After"))
			}
			if c.status == 500 && (strings.Contains(w.Body.String(), ownToken) || s.log.Len() == 0) {
				t.Errorf("a defect shows %s and logs %s", w.Body, s.log)
			}
			if c.status == 401 && w.Header().Get("WWW-Authenticate") != "Bearer" {
				t.Error("401 without WWW-Authenticate")
			}
		}
	}
}

// What the sessions refuse of a body is named as the schema's faults are.
func TestFieldsOfSessions(t *testing.T) {
	s := newSite(t, nil)
	e := sighej.Errorf(sighej.CodeInvalid, "no")
	e.Fields = []sighej.InvalidField{{Path: "interests[1]", Message: "not in the catalogue"}}
	s.sessions.err = e
	p := s.isProblem(s.do(call{"POST", "/session", create, "-", nil}))
	if len(p.Errors) != 1 || p.Errors[0].Location != "body.interests[1]" {
		t.Errorf("%+v", p)
	}
}

func TestVerdicts(t *testing.T) {
	s := newSite(t, nil)
	made := sighej.Verdict{Match: true, Shared: []string{"devops"}, NudgeSent: true}
	limited, away := sighej.Verdict{Code: sighej.CodeRateLimited}, sighej.Verdict{Code: sighej.CodeUnavailable}
	for _, c := range []struct {
		path     string
		verdicts []sighej.Verdict
		status   int
		body     string
	}{
		{"/match", []sighej.Verdict{made}, 200, `{"match":true,"shared_interests":["devops"],"nudge_sent":true}`},
		{"/match", []sighej.Verdict{limited}, 429, `"rate_limited"`},
		{"/match", []sighej.Verdict{{Code: sighej.CodeMatchLimit}}, 429, `"match_limit"`},
		{"/match", []sighej.Verdict{away}, 503, `"unavailable"`},
		{"/match", []sighej.Verdict{{Code: sighej.CodeOverloaded}}, 503, `"overloaded"`},
		{"/match", []sighej.Verdict{{Code: sighej.CodeInvalid}}, 422, `"invalid"`},
		{"/match", []sighej.Verdict{{Code: sighej.CodeInternal}}, 500, `"internal"`},
		{"/sightings", []sighej.Verdict{made, limited}, 200, `"code":"rate_limited"`},
		{"/sightings", []sighej.Verdict{away, limited}, 200, `"code":"unavailable"`},
		{"/sightings", []sighej.Verdict{made, {Code: sighej.CodeInternal}}, 200, `"code":"unavailable"`},
		{"/sightings", []sighej.Verdict{made, made}, 200, `"token":"another-one","match":true`},
		{"/sightings", []sighej.Verdict{limited, limited}, 429, `"rate_limited"`},
		{"/sightings", []sighej.Verdict{away, away}, 503, `"unavailable"`},
	} {
		s.reset()
		s.sessions.verdicts = c.verdicts
		body := map[string]string{"/match": match, "/sightings": sightings}[c.path]
		w := s.do(call{"POST", c.path, body, "", nil})
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) {
			t.Errorf("%s %v: %d %s", c.path, c.verdicts, w.Code, w.Body)
		}
	}
}

func TestVerdictMissing(t *testing.T) {
	s := newSite(t, nil)
	s.sessions.short = true
	if w := s.do(call{"POST", "/sightings", sightings, "", nil}); w.Code != 500 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestWhatSessionsAreTold(t *testing.T) {
	s := newSite(t, nil)
	s.do(call{"POST", "/sightings", sightings, "", nil})
	want := []sighej.Sighting{
		{Token: peerToken, RSSI: -60, SeenAt: time.Date(2026, 5, 12, 18, 0, 0, 0, time.UTC)}, {Token: "another-one"},
	}
	if !reflect.DeepEqual(s.sessions.sightings, want) {
		t.Errorf("sightings: %+v", s.sessions.sightings)
	}
	s.do(call{"POST", "/match", match, "", nil})
	if want := (sighej.Sighting{Token: peerToken, RSSI: -60}); s.sessions.sightings[0] != want {
		t.Errorf("match: %+v", s.sessions.sightings)
	}
	for _, path := range []string{"/block", "/wave"} {
		s.sessions.nudge = sighej.NudgeID{}
		if s.do(call{"POST", path, nudge, "", nil}); s.sessions.nudge.String() != anID {
			t.Errorf("%s: %v", path, s.sessions.nudge)
		}
	}
	for body, open := range map[string]bool{create: true, create[:len(create)-1] + `,"open_to_talk":false}`: false} {
		s.do(call{"POST", "/session", body, "-", nil})
		if s.sessions.created.Open != open || s.sessions.created.Token != ownToken || len(s.sessions.created.Interests) != 2 {
			t.Errorf("create: %+v", s.sessions.created)
		}
	}
}

func TestCallers(t *testing.T) {
	sites := map[bool]*site{false: newSite(t, nil), true: newSite(t, func(cfg *Config) { cfg.Beacon = true })}
	for _, c := range []struct {
		beacon bool
		call   call
		want   sighej.Caller
	}{
		{false, call{"POST", "/match", match, "", nil}, sighej.Caller{Token: ownToken, Access: secret}},
		{false, call{"POST", "/match", match, "-", nil}, sighej.Caller{Token: ownToken}},
		{false, call{"POST", "/match", match, "sj_short", nil}, sighej.Caller{Token: ownToken}},
		{false, call{"GET", "/session", "", "", nil}, sighej.Caller{Access: secret}},
		{false, call{"POST", "/session/rotate", rotate, "", nil}, sighej.Caller{Access: secret}},
		{false, call{"POST", "/block", nudge, "", nil}, sighej.Caller{Access: secret}},
		{false, call{"POST", "/wave", nudge, "", nil}, sighej.Caller{Access: secret}},
		{false, call{"GET", "/session", "", ownToken, nil}, sighej.Caller{}},
		{false, call{"GET", "/session", "", "-", map[string]string{"Authorization": "bearer  " + secret}}, sighej.Caller{Access: secret}},
		{false, call{"GET", "/session", "", "-", map[string]string{"Authorization": "Basic " + secret}}, sighej.Caller{}},
		{true, call{"GET", "/session", "", ownToken, nil}, sighej.Caller{Token: ownToken}},
		{true, call{"PATCH", "/session", `{"open_to_talk":true}`, ownToken, nil}, sighej.Caller{Token: ownToken}},
		{true, call{"DELETE", "/session", "", ownToken, nil}, sighej.Caller{Token: ownToken}},
		{true, call{"GET", "/session", "", "o!", nil}, sighej.Caller{}},
		{true, call{"GET", "/session", "", "", nil}, sighej.Caller{Access: secret}},
		{true, call{"POST", "/match", match, peerToken, nil}, sighej.Caller{Token: ownToken}},
	} {
		s := sites[c.beacon]
		s.do(c.call)
		if s.sessions.caller != c.want {
			t.Errorf("beacon %v, %+v: %+v", c.beacon, c.call, s.sessions.caller)
		}
	}
}

func TestReady(t *testing.T) {
	s := newSite(t, func(cfg *Config) {
		cfg.Ready = func(context.Context) (wire.Health, bool) { return wire.Health{Status: "draining"}, false }
	})
	w := s.do(call{"GET", "/ready", "", "-", nil})
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "draining") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestNoAdminTokenNoStats(t *testing.T) {
	s := newSite(t, func(cfg *Config) { cfg.AdminToken = "" })
	for _, bearer := range []string{"-", "x"} {
		if w := s.do(call{"GET", "/stats", "", bearer, nil}); w.Code != 404 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	s = newSite(t, func(cfg *Config) {
		cfg.Stats = func(context.Context) (wire.Stats, error) {
			return wire.Stats{}, sighej.Errorf(sighej.CodeUnavailable, "away")
		}
	})
	if w := s.do(call{"GET", "/stats", "", adminToken, nil}); w.Code != 503 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A body of exactly its limit is taken.
func TestBodyAtItsLimit(t *testing.T) {
	s := newSite(t, nil)
	for path, limit := range map[string]int{"/match": 16 << 10, "/sightings": 64 << 10} {
		body := map[string]string{"/match": match, "/sightings": sightings}[path]
		body += strings.Repeat(" ", limit-len(body))
		if w := s.do(call{"POST", path, body, "", nil}); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
		if w := s.do(call{"POST", path, body + " ", "", nil}); w.Code != 413 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// A body of junk is not answered with a multiple of itself.
func TestFaultsAreBounded(t *testing.T) {
	body := `{"own_token":"abcdef","sightings":[` + strings.Repeat("1,", 30000) + `1]}`
	w := newSite(t, nil).do(call{"POST", "/sightings", body, "", nil})
	var p wire.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 422 || len(p.Errors) != maxFields {
		t.Errorf("%d, %d fields, %v", w.Code, len(p.Errors), err)
	}
}

func TestHeaders(t *testing.T) {
	s := newSite(t, nil)
	for _, path := range []string{"/session", "/nowhere", "/docs", "/openapi.json", "/health"} {
		w := s.do(call{http.MethodGet, path, "", "", nil})
		if h := w.Header(); h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" ||
			h.Get("Cache-Control") == "" {
			t.Errorf("%s: %v", path, h)
		}
	}
	if w := s.do(call{"GET", "/session", "", "", nil}); w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%v", w.Header())
	}
}
