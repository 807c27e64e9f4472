package admin

import (
	"context"
	"strings"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

func TestHistory(t *testing.T) {
	var first persistence.Day
	cfg := Config{
		Floor: NewFloor(0, nil, nil),
		Now:   func() time.Time { return time.Date(2026, 3, 1, 0, 30, 0, 0, time.FixedZone("", 3600)) }, // still February in UTC
		History: func(_ context.Context, from persistence.Day) ([]persistence.Totals, error) {
			first = from
			return []persistence.Totals{
				{Day: "2026-02-27", Sessions: 3, Matches: 2, Sightings: 9, Categories: map[string]int64{"tech": 3}}, {Day: "2026-02-28"},
			}, nil
		},
	}
	for query, want := range map[string]persistence.Day{"": "2026-01-30", "?days=1": "2026-02-28", "?days=366": "2025-02-28"} {
		if w := try(t, cfg, "GET", "/stats/history"+query, nil); w.Code != 200 || first != want {
			t.Errorf("%q: %d, from %s, want from %s", query, w.Code, first, want)
		}
	}
	const want = `{"days":[{"day":"2026-02-27","sessions":3,"matches":2,"sightings":9,"categories":{"tech":3}},` +
		`{"day":"2026-02-28","sessions":0,"matches":0,"sightings":0,"categories":{}}]}` + "\n"
	if w := try(t, cfg, "GET", "/stats/history", nil); w.Body.String() != want {
		t.Errorf("%q", w.Body)
	}
	cfg.Floor = NewFloor(10, []byte("key"), []string{"art", "tech"})
	if w := try(t, cfg, "GET", "/stats/history", nil); strings.Count(w.Body.String(), `"categories":{"art":"<10","tech":"<10"}`) != 2 {
		t.Errorf("with a floor: %q", w.Body)
	}
	cfg.History = func(context.Context, persistence.Day) ([]persistence.Totals, error) { return nil, nil }
	if w := try(t, cfg, "GET", "/stats/history", nil); w.Body.String() != `{"days":[]}`+"\n" {
		t.Errorf("%q", w.Body)
	}
	for _, query := range []string{"0", "367", "-1", "x", "", "1.5", "7&days=8"} {
		w := try(t, cfg, "GET", "/stats/history?days="+query, nil)
		if p := wantProblem(t, w, 422, sighej.CodeInvalid); len(p.Errors) != 1 || p.Errors[0].Location != "query.days" || p.Errors[0].Message == "" {
			t.Errorf("%q: %+v", query, p)
		}
	}
	cfg.History = func(context.Context, persistence.Day) ([]persistence.Totals, error) {
		return nil, sighej.Errorf(sighej.CodeUnavailable, "the statistics are away")
	}
	wantProblem(t, try(t, cfg, "GET", "/stats/history", nil), 503, sighej.CodeUnavailable)
}
