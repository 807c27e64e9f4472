package admin

import (
	"bufio"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
	"i80.dk/sighej/wire"
)

func noHistory(context.Context, persistence.Day) ([]persistence.Totals, error) { return nil, nil }

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// watched is a listener whose world can be changed between two looks.
func watched(t *testing.T) *Handler {
	t.Helper()
	return New(Config{
		Today: func(context.Context) (Today, error) {
			return Today{persistence.Totals{
				Day: "2026-11-27", Sessions: 1234, Matches: 56, Sightings: 78901, Categories: map[string]int64{"tech": 700, "art": 300, "books": 7},
			}, 89}, nil
		},
		Health: func(context.Context) wire.Health {
			return wire.Health{Status: "ok", Components: map[string]string{"sessions": "ok", "statistics": "ok"}}
		},
		Parts:   map[string]string{"sessions": "Redis", "statistics": "PostgreSQL"},
		Members: func(context.Context) ([]Member, error) { return nil, nil },
		History: noHistory, Now: func() time.Time { return noon }, Floor: NewFloor(10, []byte("key"), []string{"art", "books", "tech"}),
		Metrics: gathered(t), Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
}

func pageOf(h *Handler) string {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Host = "localhost"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Body.String()
}

func wantOnPage(t *testing.T, page string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
}

func TestPageShowsTheDay(t *testing.T) {
	page := pageOf(watched(t))
	wantOnPage(t, page, "<dd>1,234</dd>", "<dd>56</dd>", "<dd>78,901</dd>", "<dd>89</dd>", `<b class="n">&lt;10</b> books`, "Redis", "PostgreSQL", "as of <time>12:00:00</time>")
	if tech, art := strings.Index(page, ">tech<"), strings.Index(page, ">art<"); tech < 0 || art < tech {
		t.Error("the categories are not in order")
	}
	for _, exact := range []string{">700<", ">300<", ">7<"} {
		if strings.Contains(page, exact) {
			t.Errorf("the page tells the exact count %s", exact)
		}
	}
}

func TestPageOfANewDay(t *testing.T) {
	h := watched(t)
	h.cfg.Today = func(context.Context) (Today, error) {
		return Today{Totals: persistence.Totals{Day: "2026-11-27"}}, nil
	}
	wantOnPage(t, pageOf(h), "No sessions yet today.", "No day has counts yet.", "no nudge acknowledged here")
}

// A store that goes away is told of, with the time, and the figures stay as old ones.
func TestPageWhileStoresAreAway(t *testing.T) {
	h := watched(t)
	before := h.cfg.look(t.Context(), nil)
	h.cfg.Today = func(context.Context) (Today, error) {
		return Today{}, sighej.Errorf(sighej.CodeUnavailable, "away")
	}
	h.cfg.Health = func(context.Context) wire.Health {
		return wire.Health{Status: "unavailable", Components: map[string]string{"sessions": "unavailable", "statistics": "ok"}}
	}
	h.cfg.Now = func() time.Time { return noon.Add(time.Minute) }
	first := h.cfg.look(t.Context(), before)
	h.cfg.Now = func() time.Time { return noon.Add(2 * time.Minute) }
	h.board.hang(h.cfg.look(t.Context(), first))
	wantOnPage(t, pageOf(h), "Redis has not answered since 12:01:00 UTC.", `class="cards stale"`, "<dd>1,234</dd>", "before the store went away", "since 12:00:00")
	h = watched(t)
	h.cfg.Today = func(context.Context) (Today, error) { return Today{}, sighej.Errorf(sighej.CodeUnavailable, "away") }
	h.cfg.History = func(context.Context, persistence.Day) ([]persistence.Totals, error) {
		return nil, sighej.Errorf(sighej.CodeUnavailable, "away")
	}
	wantOnPage(t, pageOf(h), "The figures of today cannot be read.", "The days before today cannot be read")
}

func TestPageOfMembers(t *testing.T) {
	h := watched(t)
	h.cfg.Members = func(context.Context) ([]Member, error) {
		return []Member{
			{ID: "2w5UGjapAWLgNHVcz5ZDcn", Address: "10.0.0.11:9000", State: "up", Self: true, Partitions: 1024, Sessions: 10210, Connections: 9020, AgeSeconds: 266_400},
			{ID: "V6gUeC9wvZbeQ9pRtFGGCM", Address: "10.0.0.12:9000", State: "draining"},
		}, nil
	}
	page := pageOf(h)
	wantOnPage(t, page, `<code title="2w5UGjapAWLgNHVcz5ZDcn">2w5UGjap</code> <span class="tag">this one</span>`, "10,210", "9,020", "3d 2h", "10.0.0.12:9000")
	if strings.Count(page, ">Drain<") != 1 {
		t.Error("not exactly the member that is up can be drained")
	}
	hx := http.Header{"Hx-Request": {"true"}}
	if w := try(t, h.cfg, "GET", "/ask/drain/2w5UGjapAWLgNHVcz5ZDcn", hx); w.Code != 200 || !strings.Contains(w.Body.String(), "the last member that is up") {
		t.Error("the question:", w.Code, w.Body)
	}
	if w := try(t, h.cfg, "GET", "/ask/drain/nobody", hx); w.Code != 404 || w.Header().Get("HX-Retarget") != "#said" || !strings.Contains(w.Body.String(), "There is no such member any more.") {
		t.Error("about nobody:", w.Code, w.Header(), w.Body)
	}
	h.cfg.Drain = func(context.Context, string) error { return nil }
	if w := try(t, h.cfg, "POST", "/members/V6gUeC9wvZbeQ9pRtFGGCM/drain", hx); w.Code != 202 || !strings.Contains(w.Body.String(), "V6gUeC9w was asked to drain") {
		t.Error("asked on the page:", w.Code, w.Body)
	}
	h.cfg.Drain = func(context.Context, string) error { return sighej.Errorf(sighej.CodeUnavailable, "redis is away") }
	if w := try(t, h.cfg, "POST", "/members/x/drain", hx); w.Code != 503 || !strings.Contains(w.Body.String(), `<p class="alert">Redis is away.</p>`) {
		t.Error("asked in vain:", w.Code, w.Body)
	}
}

// A stream tells everything once, then what changes, and ends when the member goes.
func TestStream(t *testing.T) {
	h := watched(t)
	h.board.hang(h.cfg.look(t.Context(), nil))
	s := httptest.NewServer(h)
	defer s.Close()
	resp, err := http.Get(s.URL + "/live")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Error(got)
	}
	lines := bufio.NewScanner(resp.Body)
	next := func() string {
		for lines.Scan() {
			if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				return name
			}
		}
		return "the end"
	}
	var seen []string
	for range fragments {
		seen = append(seen, next())
	}
	if !slices.Equal(seen, fragments) {
		t.Error("at first:", seen)
	}
	old, _ := h.board.newest()
	changed := *old
	changed.today.Matches++
	h.board.hang(&changed)
	if got := next(); got != "today" {
		t.Error("after a match:", got)
	}
	if got := next(); got != "history" {
		t.Error("after that:", got)
	}
	h.Leave()
	h.Leave()
	if got := []string{next(), next()}; got[0] != "leaving" || got[1] != "the end" {
		t.Error("at the end:", got)
	}
}
