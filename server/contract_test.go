package server

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/wire"
)

// onEachStore runs a test with sessions in memory and in a real Redis.
func onEachStore(t *testing.T, test func(t *testing.T, change func(*Options))) {
	t.Run("memory", func(t *testing.T) { test(t, nil) })
	t.Run("redis", func(t *testing.T) {
		redis := testservers.Redis(t)
		test(t, func(o *Options) { o.RedisURL = redis.URL() })
	})
}

// TestSeedsExample walks through the example of the two original documents.
func TestSeedsExample(t *testing.T) {
	onEachStore(t, func(t *testing.T, change func(*Options)) {
		m := start(t, change)
		b := m.register("xyz789", "DevOps", "hardstyle", "chess")
		status, answer := m.call("POST", "/session", "", `{"ble_token": "abc123", "interests": ["devops", "hardstyle", "philosophy"]}`)
		if status != 201 || answer["session_id"] == "" || answer["expires_at"] == "" || !strings.HasPrefix(fmt.Sprint(answer["access_token"]), "sj_") {
			t.Fatal(status, answer)
		}
		a := caller{m, "abc123", answer["access_token"].(string)}
		sa, sb := a.connect(), b.connect("sighej.v1")
		if w := sb.next("welcome"); w["pending"] != 0.0 {
			t.Error(w)
		}
		status, answer = m.call("POST", "/match", a.access, `{"own_token": "abc123", "detected_token": "xyz789"}`)
		if got := fmt.Sprint(status, answer); got != "200 map[match:true nudge_sent:true shared_interests:[devops hardstyle]]" {
			t.Error(got)
		}
		if got := fmt.Sprint(sa.next("nudge")); got != "map[message:Someone nearby shares your interest in devops and hardstyle. shared_interests:[devops hardstyle] type:nudge]" {
			t.Error("bare nudge:", got)
		}
		nudge := sb.next("nudge")
		if nudge["message"] != "Someone nearby shares your interest in DevOps and hardstyle." || nudge["id"] == nil {
			t.Error(nudge)
		}
		status, answer = a.hears("xyz789")
		if got := fmt.Sprint(status, answer); got != "200 map[match:true nudge_sent:false shared_interests:[devops hardstyle]]" {
			t.Error("once more:", got)
		}
		sb.send(wire.ClientFrame{Type: wire.TypeAck, ID: nudge["id"].(string)})
		for _, c := range []caller{a, b} {
			eventually(t, "both outboxes empty", func() bool {
				_, state := c.call("GET", "/session", c.access, nil)
				return state["pending"] == 0.0
			})
		}
		if w := b.connect("sighej.v1").next("welcome"); w["pending"] != 0.0 {
			t.Error("after the ack:", w)
		}
		if code := sb.closed(); code != int(wire.CloseTakenOver) {
			t.Error("the older connection was closed with", code)
		}
	})
}

// TestBeacon is the seeds' bare contract: the token alone opens everything.
func TestBeacon(t *testing.T) {
	m := start(t, func(o *Options) { o.Auth = AuthBeacon })
	m.register("abc123", "devops", "hardstyle")
	m.register("xyz789", "devops", "chess")
	a := caller{m, "abc123", ""}
	sock := a.connect()
	if status, answer := a.hears("xyz789"); status != 200 || answer["nudge_sent"] != true {
		t.Error(status, answer)
	}
	sock.next("nudge")
	if status, answer := (caller{m, "nobody", ""}).hears("xyz789"); status != 404 || answer["code"] != "not_found" {
		t.Error("an unknown own token:", status, answer)
	}
	if status, answer := m.call("GET", "/session", "abc123", nil); status != 200 || answer["open_to_talk"] != true {
		t.Error("GET /session by the token:", status, answer)
	}
}

func TestOwnSession(t *testing.T) {
	onEachStore(t, func(t *testing.T, change func(*Options)) {
		m := start(t, change)
		a, b := m.register(newToken(), "go", "Chess"), m.register(newToken(), "go")
		if status, answer := m.call("GET", "/session", a.access, nil); status != 200 || !slices.Equal(labels(answer["interests"]), []string{"Chess", "go"}) {
			t.Error(status, answer)
		}
		if status, answer := m.call("PATCH", "/session", a.access, `{"open_to_talk": false}`); status != 200 || answer["open_to_talk"] != false {
			t.Error(status, answer)
		}
		if status, answer := b.hears(a.token); status != 200 || answer["match"] != false {
			t.Error("a closed peer:", status, answer)
		}
		if status, answer := m.call("POST", "/session", "", wire.CreateSession{BLEToken: a.token, Interests: []string{"go"}}); status != 409 || answer["code"] != "token_live" {
			t.Error("a live token:", status, answer)
		}
		if status, answer := m.call("DELETE", "/session", a.access, nil); status != 204 {
			t.Error(status, answer)
		}
		if status, answer := m.call("GET", "/session", a.access, nil); status != 401 || answer["code"] != "unauthorized" {
			t.Error("after DELETE:", status, answer)
		}
		m.register(a.token, "go")
	})
}

// A session takes another token while its phone is connected.
func TestRotation(t *testing.T) {
	onEachStore(t, func(t *testing.T, change func(*Options)) {
		m := start(t, change)
		a, b, c := m.register(newToken(), "go"), m.register(newToken(), "go"), m.register(newToken(), "go")
		sock := a.connect("sighej.v1")
		taken := newToken()
		for range 2 { // tried again, as after an answer that was lost
			if status, answer := m.call("POST", "/session/rotate", a.access, wire.RotateSession{BLEToken: taken}); status != 200 || answer["ble_token"] != taken {
				t.Fatal(status, answer)
			}
		}
		if status, answer := m.call("POST", "/session/rotate", b.access, wire.RotateSession{BLEToken: taken}); status != 409 || answer["code"] != "token_live" {
			t.Error("another's token:", status, answer)
		}
		if status, answer := m.call("POST", "/session/rotate", a.access, wire.RotateSession{BLEToken: a.token}); status != 409 || answer["code"] != "token_live" {
			t.Error("one that it has had:", status, answer)
		}
		for _, heard := range []struct {
			by    caller
			token string
		}{{b, taken}, {c, a.token}} {
			if status, answer := heard.by.hears(heard.token); status != 200 || answer["nudge_sent"] != true {
				t.Error(status, answer)
			}
		}
		for range 2 {
			sock.next("nudge")
		}
		if status, answer := m.call("GET", "/session", a.access, nil); answer["ble_token"] != taken || answer["pending"] != 2.0 {
			t.Error(status, answer)
		}
		if w := (caller{m, taken, a.access}).connect("sighej.v1").next("welcome"); w["pending"] != 2.0 {
			t.Error("under the new one:", w)
		}
		if status, answer := m.call("DELETE", "/session", a.access, nil); status != 204 {
			t.Error(status, answer)
		}
		m.register(taken, "go")
		m.register(a.token, "go")
	})
}

// A nudge's pair never meets again, by whichever way the phone says so, and the
// other's answers are those that a peer gives who is not open.
func TestBlock(t *testing.T) {
	onEachStore(t, func(t *testing.T, change func(*Options)) {
		m := start(t, change)
		a, b, closed := m.register(newToken(), "go"), m.register(newToken(), "go"), m.register(newToken(), "go")
		m.call("PATCH", "/session", closed.access, `{"open_to_talk": false}`)
		sock := a.connect("sighej.v1")
		b.hears(a.token)
		id := sock.next("nudge")["id"].(string)
		if status, answer := m.call("POST", "/block", b.access, wire.NudgeReference{ID: id}); status != 404 || answer["code"] != "not_found" {
			t.Error("the other's nudge:", status, answer)
		}
		for range 2 { // tried again, as after an answer that was lost
			if status, answer := m.call("POST", "/block", a.access, wire.NudgeReference{ID: id}); status != 204 {
				t.Error(status, answer)
			}
		}
		_, neutral := m.exchange("POST", m.base()+"/match", b.access, wire.MatchRequest{OwnToken: b.token, DetectedToken: closed.token})
		for by, of := range map[caller]caller{a: b, b: a} {
			resp, answer := m.exchange("POST", m.base()+"/match", by.access, wire.MatchRequest{OwnToken: by.token, DetectedToken: of.token})
			if resp.StatusCode != 200 || fmt.Sprint(answer) != fmt.Sprint(neutral) {
				t.Error(resp.StatusCode, answer)
			}
		}
		c := m.register(newToken(), "go")
		c.hears(a.token)
		sock.send(wire.ClientFrame{Type: wire.TypeBlock, ID: sock.next("nudge")["id"].(string)})
		eventually(t, "the frame counts as well", func() bool {
			_, answer := c.hears(a.token)
			return answer["match"] == false
		})
		if _, state := m.call("GET", "/session", a.access, nil); state["pending"] != 0.0 {
			t.Error(state)
		}
	})
}

// Nothing is named before both have waved.
func TestBlindNudges(t *testing.T) {
	onEachStore(t, func(t *testing.T, change func(*Options)) {
		m := start(t, func(o *Options) {
			if change != nil {
				change(o)
			}
			o.Nudge, o.MatchPolicy, o.RSSIFloor = NudgeBlind, PolicyMutual, -80
		})
		a, b := m.register(newToken(), "Go", "chess"), m.register(newToken(), "go", "jazz")
		socks := []*socket{a.connect("sighej.v1"), b.connect("sighej.v1")}
		report := func(by, of caller, rssi int) string {
			status, answer := m.call("POST", "/match", by.access, wire.MatchRequest{OwnToken: by.token, DetectedToken: of.token, RSSI: &rssi})
			return fmt.Sprint(status, answer)
		}
		const neutral = "200 map[match:false nudge_sent:false shared_interests:[]]"
		for _, got := range []string{report(a, b, -70), report(b, a, -81)} {
			if got != neutral {
				t.Error(got)
			}
		}
		if got := report(b, a, -80); got != "200 map[match:true nudge_sent:true shared_interests:[]]" {
			t.Error(got)
		}
		for i, c := range []caller{a, b} {
			n := socks[i].next("nudge")
			if len(labels(n["shared_interests"])) != 0 || n["reveals"] != nil {
				t.Error(n)
			}
			if status, answer := m.call("POST", "/wave", c.access, wire.NudgeReference{ID: n["id"].(string)}); status != 204 {
				t.Error(status, answer)
			}
		}
		for i, label := range []string{"Go", "go"} {
			if n := socks[i].next("nudge"); !slices.Equal(labels(n["shared_interests"]), []string{label}) || n["reveals"] == nil {
				t.Error(n)
			}
		}
		if status, answer := m.call("POST", "/wave", a.access, wire.NudgeReference{ID: "9Qm1v3sYx0iT7bWkZc2dEA"}); status != 404 {
			t.Error(status, answer)
		}
	})
}

func TestSightings(t *testing.T) {
	onEachStore(t, func(t *testing.T, change func(*Options)) {
		m := start(t, change)
		a, b, c := m.register(newToken(), "go"), m.register(newToken(), "go"), m.register(newToken(), "chess")
		now := time.Now()
		status, answer := m.call("POST", "/sightings", a.access, wire.SightingsRequest{OwnToken: a.token, Sightings: []wire.Sighting{
			{Token: b.token, SeenAt: &now}, {Token: c.token}, {Token: "nobody"}, {Token: b.token},
		}})
		results, _ := answer["results"].([]any)
		if status != 200 || len(results) != 4 {
			t.Fatal(status, answer)
		}
		made := 0
		for i, want := range []bool{true, false, false, true} {
			r := results[i].(map[string]any)
			if r["match"] != want || r["code"] != nil {
				t.Errorf("result %d: %v", i, r)
			}
			if r["nudge_sent"] == true {
				made++
			}
		}
		if made != 1 {
			t.Errorf("%d results made the match", made)
		}
	})
}

func TestStats(t *testing.T) {
	onEachStore(t, func(t *testing.T, change func(*Options)) {
		const adminToken = "0123456789abcdef-admin"
		m := start(t, func(o *Options) {
			if change != nil {
				change(o)
			}
			o.AdminToken, o.StatsFloor = adminToken, 0
		})
		a, b := m.register(newToken(), "devops", "go"), m.register(newToken(), "devops", "hardstyle")
		a.hears(b.token)
		want := `map[active_sessions_now:2 top_interest_categories:[tech music] total_matches_today:1 total_sessions_today:2 total_sightings_today:1]`
		eventually(t, "the counts: "+want, func() bool {
			_, internal := m.exchange("GET", "http://"+m.addr.Admin+"/stats", "", nil)
			return fmt.Sprint(internal) == want
		})
		if status, answer := m.call("GET", "/stats", adminToken, nil); status != 200 || fmt.Sprint(answer) != want {
			t.Error("with the admin token:", status, answer)
		}
		if status, _ := m.call("GET", "/stats", "", nil); status != 401 {
			t.Error("without it:", status)
		}
	})
}

// Neither GET /stats nor the history tells of a category that few have, and both
// tell of one that many have.
func TestSmallNumbersAreNotTold(t *testing.T) {
	m := start(t, nil)
	stats := func() string {
		_, answer := m.exchange("GET", "http://"+m.addr.Admin+"/stats", "", nil)
		return fmt.Sprint(answer["total_sessions_today"], answer["top_interest_categories"])
	}
	for range 9 {
		m.register(newToken(), "go", "jazz")
	}
	if got := stats(); got != "9 []" {
		t.Error("of 9 sessions is told:", got)
	}
	for range 40 {
		m.register(newToken(), "go")
	}
	if got := stats(); got != "49 [tech]" {
		t.Error("of 49 sessions is told:", got)
	}
	want := regexp.MustCompile(`"categories":\{"animals":"<10",.*"music":"<10",.*"tech":[23]0,`)
	eventually(t, "a history like "+want.String(), func() bool {
		resp, err := http.Get("http://" + m.addr.Admin + "/stats/history?days=1")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		return err == nil && want.Match(text)
	})
}

func TestPublicListenerHasNothingInternal(t *testing.T) {
	m := start(t, nil)
	for _, path := range []string{"/stats", "/debug/pprof/", "/metrics", "/members"} {
		if status, answer := m.call("GET", path, "", nil); status != 404 || answer["code"] != "not_found" {
			t.Error(path, status, answer)
		}
	}
	if resp, _ := m.exchange("GET", "http://"+m.addr.Admin+"/debug/pprof/", "", nil); resp.StatusCode != http.StatusOK {
		t.Error("pprof on the internal listener:", resp.StatusCode)
	}
}
