package report

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"go.uber.org/goleak"
)

// chromium is where Debian's package of that name puts it.
const chromium = "/usr/bin/chromium"

// shared is the one browser of all tests, in which each page has a tab.
var shared struct {
	once  sync.Once
	ctx   context.Context
	leave context.CancelFunc // ends it and waits
	err   error
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(browsing{m}) }

// browsing ends the browser before goroutines are counted.
type browsing struct{ *testing.M }

// Run runs the tests.
func (b browsing) Run() int {
	defer func() {
		if shared.leave != nil {
			shared.leave()
		}
	}()
	return b.M.Run()
}

// browser gives the context of a browser without a network. Tabs are made of it
// by openPage.
func browser(t *testing.T) context.Context {
	t.Helper()
	shared.once.Do(startBrowser)
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.ctx
}

func startBrowser() {
	if _, err := os.Stat(chromium); err != nil {
		shared.err = fmt.Errorf("the pages are tested in a real browser: install the package chromium (%w)", err)
		return
	}
	// Its profile is an empty folder of its own, which it takes away at the end.
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", false),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, leave := chromedp.NewContext(allocator)
	shared.ctx, shared.leave = ctx, func() { leave(); stop() }
	if err := chromedp.Do(ctx); err != nil {
		shared.err = fmt.Errorf("starting %s: %w", chromium, err)
	}
}

// screen is what the page is looked at on.
type screen struct {
	width, height int64
	dark          bool
	calm          bool // less motion is asked for
}

var desktop = screen{width: 1280, height: 900}

func (s screen) features() []*emulation.MediaFeature {
	scheme, motion := "light", "no-preference"
	if s.dark {
		scheme = "dark"
	}
	if s.calm {
		motion = "reduce"
	}
	return []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: motion}}
}

// tab is a page in the browser, with all it complained of or asked for.
type tab struct {
	t   *testing.T
	ctx context.Context
	url string

	mu         sync.Mutex
	complaints []string
}

// openPage writes the report's page to a file and opens it from there.
func openPage(t *testing.T, r *Report, s screen) *tab {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.WriteHTML(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, leave := chromedp.NewContext(browser(t))
	t.Cleanup(leave)
	ctx, expire := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(expire)
	tb := &tab{t: t, ctx: ctx, url: "file://" + path}
	tb.prepare(s)
	tb.do(chromedp.Navigate(tb.url))
	return tb
}

func (tb *tab) prepare(s screen) {
	tb.t.Helper()
	if err := chromedp.Listen(tb.ctx, tb.hear); err != nil {
		tb.t.Fatal(err)
	}
	call(tb, network.Enable, network.EnableParams{})
	call(tb, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: true, DownloadThroughput: -1, UploadThroughput: -1}},
	})
	call(tb, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: s.features()})
	tb.do(chromedp.EmulateViewport(s.width, s.height))
}

// hear notes what a page that is alright does not do.
func (tb *tab) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		tb.complain("exception: %s %s", e.ExceptionDetails.Text, e.ExceptionDetails.Exception.Description)
	case *runtime.EventConsoleAPICalled:
		tb.complain("console: %s", e.Type)
	case *log.EventEntryAdded:
		tb.complain("log: %s", e.Entry.Text)
	case *network.EventRequestWillBeSent:
		if u := e.Request.URL; u != tb.url && !strings.HasPrefix(u, "data:") {
			tb.complain("request: %s", u)
		}
	}
}

func (tb *tab) complain(format string, args ...any) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	tb.complaints = append(tb.complaints, fmt.Sprintf(format, args...))
}

// noComplaints fails the test with all that the page complained of.
func (tb *tab) noComplaints() {
	tb.t.Helper()
	tb.mu.Lock()
	defer tb.mu.Unlock()
	for _, c := range tb.complaints {
		tb.t.Error(c)
	}
}

func (tb *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	tb.t.Helper()
	if err := chromedp.Do(tb.ctx, actions...); err != nil {
		tb.t.Fatal(err)
	}
}

// eval gives the value of an expression in the page.
func eval[T any](tb *tab, expression string) T {
	tb.t.Helper()
	v, err := chromedp.Run(tb.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		tb.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// await polls until the expression is true.
func (tb *tab) await(expression string) {
	tb.t.Helper()
	if _, err := chromedp.Run(tb.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(10*time.Second))); err != nil {
		tb.t.Fatalf("waiting for %s: %v", expression, err)
	}
}
