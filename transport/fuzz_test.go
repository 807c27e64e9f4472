package transport

import (
	"testing"
)

// FuzzBodies sends any body to each call that takes one: never a 5xx, never a
// panic, always an answer of the contract.
func FuzzBodies(f *testing.F) {
	calls := []call{
		{"POST", "/session", "", "-", nil},
		{"PATCH", "/session", "", "", nil},
		{"POST", "/session/rotate", "", "", nil},
		{"POST", "/block", "", "", nil},
		{"POST", "/match", "", "", nil},
		{"POST", "/sightings", "", "", nil},
	}
	for _, body := range []string{
		create, match, sightings, nudge, `{"open_to_talk":true}`, `{"open_to_talk":null}`, `null`, `[]`, `{}`, `"`, `{"a":1e999}`,
		`{"own_token":"abcdef","detected_token":"abcdeg","rssi":1.0}`, `{"interests":[{},[],null,1]}`, "\xff", `{"a":{"b":1,"b":2}}`,
		`{"own_token":"abcdef","sightings":[{"token":"abcdeg","seen_at":"2026-05-12T1:00:00Z"}]}`,
		`{"own_token":"abcdef","sightings":[{"token":"abcdeg","seen_at":"0000-01-01T00:00:00+24:00"}]}`,
		`{"own_token":"\ud800","detected_token":"\u0000"}`,
	} {
		for i := range calls {
			f.Add(i, body)
		}
	}
	s := newSite(f, nil)
	f.Fuzz(func(t *testing.T, which int, body string) {
		c := calls[uint(which)%uint(len(calls))]
		c.body = body
		s.t = t
		s.log.Reset()
		if w := s.do(c); w.Code >= 500 || s.log.Len() > 0 {
			t.Errorf("%s %s: %d, log %s", c.method, c.path, w.Code, s.log)
		}
	})
}
