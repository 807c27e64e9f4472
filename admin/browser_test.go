package admin_test

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"i80.dk/sighej/internal/testbrowser"
	"i80.dk/sighej/server"
)

// shared is the one browser of all tests, in which each page has a tab with
// cookies of its own.
var shared testbrowser.Shared

func TestMain(m *testing.M) {
	code := m.Run()
	shared.Leave()
	os.Exit(code)
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

// tab is a page of a listener.
type tab struct{ *testbrowser.Tab }

// open opens a path of a listener in a tab of its own.
func open(t testing.TB, base, path string, s screen) *tab {
	t.Helper()
	browser, err := shared.Browser()
	if err != nil {
		t.Fatal(err)
	}
	tb := testbrowser.Open(t, browser, 2*time.Minute, func(tb *testbrowser.Tab, event any) { hear(tb, base, event) }, chromedp.WithNewBrowserContext())
	tb.Watch()
	tb.Prefer(s.dark, true)
	tb.Do(chromedp.EmulateViewport(s.width, s.height), chromedp.Navigate(base+path))
	return &tab{tb}
}

func eval[T any](tb *tab, expression string) T {
	tb.T.Helper()
	return testbrowser.Eval[T](tb.Tab, expression)
}

// hear notes what a page that is alright does not do.
func hear(tb *testbrowser.Tab, base string, event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		tb.Complain("exception: %s %s", e.ExceptionDetails.Text, e.ExceptionDetails.Exception.Description)
	case *runtime.EventConsoleAPICalled:
		tb.Complain("console: %s", e.Type)
	case *log.EventEntryAdded:
		tb.Complain("log: %s %s", e.Entry.Text, e.Entry.URL)
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, base+"/") {
			tb.Complain("request: %s", e.Request.URL)
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
