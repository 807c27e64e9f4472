package endtoend

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"i80.dk/sighej"
	"i80.dk/sighej/internal/testbrowser"
	"i80.dk/sighej/mobile/ble"
	"i80.dk/sighej/mobile/phone/phonetest"
	"i80.dk/sighej/wire"
)

// buildPage makes the page with the phone in it.
func buildPage(t *testing.T) http.Handler {
	t.Helper()
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "phone.wasm"), "./testdata/browser")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]string{
		"wasm_exec.js": filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"), "index.html": "testdata/browser/index.html",
	} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return http.FileServer(http.Dir(dir))
}

// openPage opens a page in a browser of its own.
func openPage(t *testing.T, url string) context.Context {
	t.Helper()
	ctx, leave, err := testbrowser.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(leave)
	ctx, expire := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(expire)
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// In a browser the connections are the browser's, which tells less: the credential
// goes as a subprotocol, and a refused handshake does not say why.
func TestPhoneInABrowser(t *testing.T) {
	peer := sighej.NewToken()
	sighted, acked := make(chan string, 8), make(chan string, 8)
	next := func(c *phonetest.Socket, into chan<- string) {
		if f, ok := c.Next(); ok && f.Type == wire.TypeAck {
			into <- f.ID
		} else if ok {
			into <- f.Sightings[0].Token
			c.Answer(f)
		}
	}
	s := phonetest.New(t, func(s *phonetest.Server) {
		s.Pages = buildPage(t)
		s.Refuse = func(n int) (int, wire.Problem) {
			if n == 2 {
				return http.StatusServiceUnavailable, wire.Problem{Code: string(sighej.CodeUnavailable)}
			}
			return 0, wire.Problem{}
		}
		s.Script = func(n int, c *phonetest.Socket) {
			c.Welcome(1)
			c.Nudge(fmt.Sprint("n", n), "hi", "devops")
			next(c, acked)
			switch n {
			case 1:
				c.Close(wire.CloseReset)
			case 3:
				next(c, sighted)
				c.Close(wire.CloseExpired)
			default:
				c.Serve()
			}
		}
	})
	ctx := openPage(t, s.URL)
	seen := func(text string) {
		t.Helper()
		wanted, _ := json.Marshal(text)
		if _, err := chromedp.Run(ctx, chromedp.Poll[bool]("seen.includes("+string(wanted)+")", chromedp.WithPollingTimeout(30*time.Second))); err != nil {
			all, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("seen.join('; ')"))
			t.Fatalf("waited in vain for %q (%v); seen: %s", text, err, all)
		}
	}
	run := func(script string) {
		t.Helper()
		if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](script)); err != nil {
			t.Fatal(err)
		}
	}
	seen("nudge n1")
	seen("nudge n3") // after a reset and a refusal
	data, err := ble.ServiceData(peer)
	if err != nil {
		t.Fatal(err)
	}
	run("hear('" + hex.EncodeToString(data) + "')")
	seen("people 1")
	seen("nudge n4") // of a session after the one that expired
	run("stop()")
	seen("link 0")
	if got := []string{<-acked, <-acked, <-acked}; !slices.Equal(got, []string{"n1", "n3", "n4"}) {
		t.Errorf("acknowledged: %v", got)
	}
	if got := <-sighted; got != string(peer) {
		t.Errorf("sighted: %s", got)
	}
	if n := len(s.Created()); n != 2 || !s.Forgotten() || s.MostConnections() != 1 {
		t.Errorf("%d registrations, forgotten %v, %d connections at a time", n, s.Forgotten(), s.MostConnections())
	}
	all, err := chromedp.Run(ctx, chromedp.Evaluate[string]("seen.join('; ')"))
	if err != nil || strings.Contains(all, "error") {
		t.Errorf("seen: %s, %v", all, err)
	}
}
