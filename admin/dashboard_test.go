package admin_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/gorilla/websocket"

	"i80.dk/sighej"
	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/persistence"
	"i80.dk/sighej/persistence/sqlitestore"
	"i80.dk/sighej/server"
	"i80.dk/sighej/wire"
)

var pictures = flag.String("pictures", "", "`folder` to write pictures of the page to")

// someone is a session made through the public contract.
type someone struct {
	base, token, access string
}

func post(t testing.TB, url, access string, body, into any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if access != "" {
		r.Header.Set("Authorization", "Bearer "+access)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		t.Fatal(url, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

func register(t testing.TB, base string, interests ...string) someone {
	t.Helper()
	s := someone{base: base, token: string(sighej.NewToken())}
	var made wire.SessionCreated
	post(t, base+"/session", "", wire.CreateSession{BLEToken: s.token, Interests: interests}, &made)
	s.access = made.AccessToken
	return s
}

func (s someone) hears(t testing.TB, other someone) {
	t.Helper()
	var result wire.MatchResult
	post(t, s.base+"/match", s.access, wire.MatchRequest{OwnToken: s.token, DetectedToken: other.token}, &result)
}

// listen opens a connection of the seeds' kind, which counts as delivered what was
// written.
func (s someone) listen(t testing.TB) {
	t.Helper()
	header := http.Header{"Authorization": {"Bearer " + s.access}}
	c, resp, err := websocket.DefaultDialer.DialContext(t.Context(), strings.Replace(s.base, "http", "ws", 1)+"/ws/"+s.token, header)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	t.Cleanup(func() { _ = c.Close() })
}

// card is the figure of one of today's counts on the page.
func card(name string) string {
	return fmt.Sprintf(`[...document.querySelectorAll('.cards > div')].find((d) => d.querySelector('dt').firstChild.textContent.trim() === %q).querySelector('dd').textContent`, name)
}

// The figures on the page are those of what phones did, and follow it without the
// page being loaded again.
func TestPageFollowsWhatPhonesDo(t *testing.T) {
	addr := member(t, nil)
	base := "http://" + addr.Public
	tb := open(t, "http://"+addr.Admin, "/", desktop)
	tb.Await(`document.body.innerText.includes('No sessions yet today.')`)
	tb.Await(`document.getElementById('stream-word').textContent === 'live'`)
	tb.Do(chromedp.Evaluate[chromedp.Void](`window.stillTheSame = true`))
	a, b := register(t, base, "go", "chess"), register(t, base, "go")
	tb.Await(`document.querySelector('[sse-swap=latency]').innerText.includes('no nudge acknowledged here')`)
	b.listen(t)
	a.hears(t, b)
	a.hears(t, register(t, base, "jazz"))
	tb.Await(card("Sessions") + ` === '3'`)
	tb.Await(card("Matches") + ` === '1'`)
	tb.Await(card("Sightings") + ` === '2'`)
	tb.Await(`/^[\d.]+ ms median [\d.]+ ms p99$/.test(document.querySelector('[sse-swap=latency]').innerText.trim())`)
	if got := eval[string](tb, card("Active now")); got != "3" {
		t.Error("active now:", got)
	}
	text := eval[string](tb, `document.querySelector('[sse-swap=categories]').innerText`)
	if !strings.Contains(text, "No category has enough sessions") || !strings.Contains(text, "<10 animals, art") {
		t.Errorf("of the categories is told: %q", text)
	}
	for range 30 {
		register(t, base, "go")
	}
	tb.Await(card("Sessions") + ` === '33'`)
	tb.Await(`/^tech\s+[12]0[+]$/.test(document.querySelector('.bars li').innerText.trim())`)
	tb.Await(`document.querySelector('[data-now=registrations]').textContent !== '–'`)
	tb.Await(`document.querySelectorAll('.plot canvas').length === 7`)
	if !eval[bool](tb, `window.stillTheSame === true`) {
		t.Error("the page was loaded again")
	}
	html := eval[string](tb, `document.documentElement.outerHTML`)
	for _, secret := range []string{a.token, a.access, b.token, "chess", "jazz"} {
		if strings.Contains(html, secret) {
			t.Errorf("%q is on the page", secret)
		}
	}
	tb.NoComplaints()
}

var likes = []string{"go", "jazz", "chess", "philosophy", "hiking", "bread", "fantasy"}

// remember gives a member four weeks to look back at.
func remember(t *testing.T, dir string) {
	t.Helper()
	s, err := sqlitestore.Open(filepath.Join(dir, "statistics.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for age := 1; age <= 28; age++ {
		n := int64(900 + 700*(age*37%11)/10)
		if age%7 < 2 {
			n *= 2
		}
		day := persistence.DayOf(time.Now().AddDate(0, 0, -age))
		totals := persistence.Totals{Day: day, Sessions: n, Matches: n / 3, Sightings: 21 * n, Categories: map[string]int64{"music": n / 2, "tech": n / 3}}
		if err := s.Merge(t.Context(), totals); err != nil {
			t.Fatal(err)
		}
	}
}

// crowd is phones that do something at all members, in turn.
type crowd struct {
	members []server.Addresses
	seconds int // that went by
}

func (c *crowd) at(n int) string { return "http://" + c.members[n%len(c.members)].Public }

func (c *crowd) come(t *testing.T) {
	t.Helper()
	for n := range 90 {
		s := register(t, c.at(n), likes[n%3:]...)
		s.hears(t, register(t, c.at(n+1), likes[n%7]))
	}
}

// goOn has more of them come and go on for so many seconds, for pictures only: so
// that there is something to see.
func (c *crowd) goOn(t *testing.T, seconds int) {
	t.Helper()
	if *pictures == "" {
		return
	}
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for range seconds {
		<-second.C
		n := c.seconds
		c.seconds++
		busy := 8 + 4*math.Sin(float64(n)/25) + 2*math.Sin(float64(n)/7)
		for i := range int(busy) {
			s, other := register(t, c.at(n+i), likes[i%7:]...), register(t, c.at(n+i+1), likes[n%7])
			other.listen(t)
			for range 1 + (n+i)%4 {
				s.hears(t, other)
			}
		}
	}
}

// awaitCluster waits until each member may be sent phones and knows all others.
func awaitCluster(t *testing.T, members []server.Addresses) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for _, m := range members {
		for !serves(t, m, len(members)) {
			if time.Now().After(deadline) {
				t.Fatal("the members do not know each other")
			}
		}
	}
}

func serves(t *testing.T, member server.Addresses, known int) bool {
	t.Helper()
	get := func(url string, into any) bool {
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK && json.NewDecoder(resp.Body).Decode(into) == nil
	}
	var answer struct{ Members []any }
	return get("http://"+member.Public+"/ready", &struct{}{}) && get("http://"+member.Admin+"/members", &answer) && len(answer.Members) == known
}

// axe finds nothing serious, on no screen and in no state.
func TestPageIsAccessible(t *testing.T) {
	axe, err := os.ReadFile("testdata/axe/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	redis := testservers.Redis(t)
	var members []server.Addresses
	for n := range 3 {
		members = append(members, member(t, func(o *server.Options) {
			o.RedisURL, o.InterestKey, o.ClusterListenAddr = redis.URL(), strings.Repeat("k", 32), "127.0.0.1:0"
			if n == 0 {
				remember(t, o.DataDir)
			}
		}))
	}
	addr := members[0]
	awaitCluster(t, members)
	locked := member(t, func(o *server.Options) { o.AdminListenAddr, o.AdminToken = "0.0.0.0:0", "0123456789abcdef" })
	phones := &crowd{members: members}
	phones.come(t)
	phones.goOn(t, 300) // as long as the page looks back
	for name, s := range map[string]screen{"light": desktop, "dark": {1280, 900, true}, "phone": phone, "dark phone": {412, 915, true}} {
		for what, at := range map[string]string{"page": addr.Admin, "login": server.Dialable(locked.Admin)} {
			t.Run(what+" "+name, func(t *testing.T) {
				phones.goOn(t, 6)
				tb := open(t, "http://"+at, "/", s)
				if what == "page" {
					tb.Await(`document.querySelectorAll('.bars li').length > 3 && document.querySelectorAll('.plot canvas').length === 7`)
				}
				if wide := eval[int](tb, `document.documentElement.scrollWidth`); wide > int(s.width) {
					t.Errorf("it is %d wide on a screen of %d", wide, s.width)
				}
				keep(t, tb, strings.ReplaceAll("dashboard "+strings.TrimPrefix(what+" "+name, "page "), " ", "-"))
				if what == "page" {
					tb.Do(chromedp.Evaluate[chromedp.Void](`document.querySelector('details').open = true`))
				}
				tb.Do(chromedp.Evaluate[chromedp.Void](string(axe)))
				found, err := chromedp.Run(tb.Ctx, chromedp.Evaluate[[]string](`axe.run().then((r) => r.violations
					.filter((v) => v.impact === 'serious' || v.impact === 'critical' || v.impact === 'moderate')
					.map((v) => v.impact + ': ' + v.help + ': ' + v.nodes.map((n) => n.html).join(' ')))`, chromedp.EvalAwaitPromise))
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range found {
					t.Error(f)
				}
				tb.NoComplaints()
			})
		}
	}
}

func TestLogInOnThePage(t *testing.T) {
	const token = "0123456789abcdef"
	addr := member(t, func(o *server.Options) { o.AdminListenAddr, o.AdminToken = "0.0.0.0:0", token })
	tb := open(t, "http://"+server.Dialable(addr.Admin), "/", phone)
	try := func(token string) {
		t.Helper()
		tb.Await(`location.pathname === '/login' && document.activeElement.id === 'token'`)
		tb.Do(chromedp.Evaluate[chromedp.Void](`document.title = 'before'`), chromedp.KeyEvent(token+kb.Enter))
		tb.Await(`document.title !== 'before' && document.readyState === 'complete'`)
	}
	try("wrong-wrong-wrong")
	tb.Await(`document.querySelector('[role=alert]').innerText === 'That is not the token.'`)
	try(token)
	tb.Await(`document.getElementById('stream-word').textContent === 'live'`)
	if got := eval[string](tb, `document.cookie`); got != "" {
		t.Error("a script reads the cookie:", got)
	}
	tb.Do(chromedp.Click(chromedp.CSS("header button")))
	for range 9 {
		try("wrong-wrong-wrong")
	}
	try(token)
	tb.Await(`/^Too many wrong tokens from here. Try again in \d+ seconds.$/.test(document.querySelector('[role=alert]').innerText)`)
}

// Redis goes away and comes back: the page says so, both times, by itself.
func TestPageWithoutRedis(t *testing.T) {
	redis := testservers.Redis(t)
	addr := member(t, func(o *server.Options) { o.RedisURL = redis.URL() })
	register(t, "http://"+addr.Public, "go")
	tb := open(t, "http://"+addr.Admin, "/", phone)
	tb.Await(card("Sessions") + ` === '1'`)
	redis.Stop()
	tb.Await(`document.querySelector('[sse-swap=alerts]').innerText.startsWith('Redis has not answered since')`)
	tb.Await(`document.querySelector('.cards.stale') !== null && ` + card("Sessions") + ` === '1'`)
	keep(t, tb, "dashboard-away")
	if err := redis.Start(); err != nil {
		t.Fatal(err)
	}
	tb.Await(`document.querySelector('[sse-swap=alerts]').innerText === '' && document.querySelector('.cards.stale') === null`)
	tb.NoComplaints()
}

// keep writes a picture of the whole page, if pictures are asked for.
func keep(t *testing.T, tb *tab, name string) {
	t.Helper()
	if *pictures == "" {
		return
	}
	png, err := chromedp.Run(tb.Ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*pictures, name+".png"), png, 0o600); err != nil {
		t.Error(err)
	}
}
