package admin_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"i80.dk/sighej/server"
)

// chromium is where Debian's package of that name puts it.
const chromium = "/usr/bin/chromium"

// shared is the one browser of all tests, in which each page has a tab with
// cookies of its own.
var shared struct {
	once  sync.Once
	ctx   context.Context
	leave context.CancelFunc
	err   error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.leave != nil {
		shared.leave()
	}
	os.Exit(code)
}

func startBrowser() {
	if _, err := os.Stat(chromium); err != nil {
		shared.err = fmt.Errorf("the page is tested in a real browser: install the package chromium (%w)", err)
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
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
}

var (
	desktop = screen{width: 1280, height: 900}
	phone   = screen{width: 412, height: 915}
)

// tab is a page in the browser, with all it complained of or asked for.
type tab struct {
	t    testing.TB
	ctx  context.Context
	base string

	mu         sync.Mutex
	complaints []string
}

// open opens a path of a listener in a tab of its own.
func open(t testing.TB, base, path string, s screen) *tab {
	t.Helper()
	shared.once.Do(startBrowser)
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	ctx, leave := chromedp.NewContext(shared.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(leave)
	ctx, expire := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(expire)
	tb := &tab{t: t, ctx: ctx, base: base}
	if err := chromedp.Listen(ctx, tb.hear); err != nil {
		t.Fatal(err)
	}
	call(tb, network.Enable, network.EnableParams{})
	scheme := "light"
	if s.dark {
		scheme = "dark"
	}
	call(tb, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	tb.do(chromedp.EmulateViewport(s.width, s.height), chromedp.Navigate(base+path))
	return tb
}

func call[P, R any](tb *tab, command cdp.Command[P, R], params P) {
	tb.t.Helper()
	if _, err := chromedp.Call(tb.ctx, command, params); err != nil {
		tb.t.Fatal(err)
	}
}

// hear notes what a page that is alright does not do.
func (tb *tab) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		tb.complain("exception: %s %s", e.ExceptionDetails.Text, e.ExceptionDetails.Exception.Description)
	case *runtime.EventConsoleAPICalled:
		tb.complain("console: %s", e.Type)
	case *cdplog.EventEntryAdded:
		tb.complain("log: %s %s", e.Entry.Text, e.Entry.URL)
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, tb.base+"/") {
			tb.complain("request: %s", e.Request.URL)
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

// await polls until the expression is true, also across a navigation.
func (tb *tab) await(expression string) {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if is {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			text, _ := chromedp.Run(tb.ctx, chromedp.Evaluate[string]("document.body.innerText"))
			tb.t.Fatalf("waiting for %s: %v; the page says:\n%s", expression, err, text)
		}
	}
}

// member runs a whole member in this process, on free ports.
func member(t testing.TB, change func(*server.Options)) server.Addresses {
	t.Helper()
	o := server.DefaultOptions()
	o.ListenAddr, o.AdminListenAddr, o.DataDir = "127.0.0.1:0", "127.0.0.1:0", t.TempDir()
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithCancel(context.Background())
	addr, ended := make(chan server.Addresses, 1), make(chan error, 1)
	go func() {
		ended <- server.Run(ctx, o, "v0.9.0", slog.New(slog.DiscardHandler), func(a server.Addresses) { addr <- a })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error("the member ended with", err)
		}
	})
	select {
	case a := <-addr:
		return a
	case err := <-ended:
		ended <- nil
		t.Fatal("the member did not start:", err)
		return server.Addresses{}
	}
}
