package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"i80.dk/sighej/internal/testbrowser"
	"i80.dk/sighej/internal/testleaks"
)

// shared is the one browser of all tests, in which each page has a tab without a
// network.
var shared = testbrowser.Shared{Options: []chromedp.ExecAllocatorOption{chromedp.Flag("hide-scrollbars", false)}}

func TestMain(m *testing.M) { testleaks.Main(browsing{m}) }

// browsing ends the browser before goroutines are counted.
type browsing struct{ *testing.M }

// Run runs the tests.
func (b browsing) Run() int {
	defer shared.Leave()
	return b.M.Run()
}

// screen is what the page is looked at on.
type screen struct {
	width, height int64
	dark          bool
	calm          bool // less motion is asked for
}

var desktop = screen{width: 1280, height: 900}

// tab is a report's page.
type tab struct{ *testbrowser.Tab }

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
	browser, err := shared.Browser()
	if err != nil {
		t.Fatal(err)
	}
	url := "file://" + path
	tb := testbrowser.Open(t, browser, time.Minute, func(tb *testbrowser.Tab, event any) { hear(tb, url, event) })
	tb.Watch()
	testbrowser.Call(tb, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: true, DownloadThroughput: -1, UploadThroughput: -1}},
	})
	tb.Prefer(s.dark, s.calm)
	tb.Do(chromedp.EmulateViewport(s.width, s.height), chromedp.Navigate(url))
	return &tab{tb}
}

func eval[T any](tb *tab, expression string) T {
	tb.T.Helper()
	return testbrowser.Eval[T](tb.Tab, expression)
}

// hear notes what a page that is alright does not do.
func hear(tb *testbrowser.Tab, url string, event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		tb.Complain("exception: %s %s", e.ExceptionDetails.Text, e.ExceptionDetails.Exception.Description)
	case *runtime.EventConsoleAPICalled:
		tb.Complain("console: %s", e.Type)
	case *log.EventEntryAdded:
		tb.Complain("log: %s", e.Entry.Text)
	case *network.EventRequestWillBeSent:
		if u := e.Request.URL; u != url && !strings.HasPrefix(u, "data:") {
			tb.Complain("request: %s", u)
		}
	}
}
