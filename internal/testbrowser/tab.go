package testbrowser

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Tab is a page in the browser, with all it complained of. Complain may be called
// from anywhere, all else by the test's goroutine only; what fails fails the test.
type Tab struct {
	T   testing.TB
	Ctx context.Context
	End func() // closes it; the end of the test does too

	mu         sync.Mutex
	complaints []string
}

// Open opens an empty tab for at most that long. Hear is told each event of the
// page, on another goroutine.
func Open(t testing.TB, browser context.Context, most time.Duration, hear func(*Tab, any), how ...chromedp.ContextOption) *Tab {
	t.Helper()
	ctx, end := chromedp.NewContext(browser, how...)
	t.Cleanup(end)
	ctx, expire := context.WithTimeout(ctx, most)
	t.Cleanup(expire)
	tb := &Tab{T: t, Ctx: ctx, End: end}
	if err := chromedp.Listen(ctx, func(event any) { hear(tb, event) }); err != nil {
		t.Fatal(err)
	}
	return tb
}

// Call sends a command to the browser.
func Call[P, R any](tb *Tab, command cdp.Command[P, R], params P) {
	tb.T.Helper()
	if _, err := chromedp.Call(tb.Ctx, command, params); err != nil {
		tb.T.Fatal(err)
	}
}

// Watch has the browser tell which requests the page makes.
func (tb *Tab) Watch() {
	tb.T.Helper()
	Call(tb, network.Enable, network.EnableParams{})
}

// Prefer sets what the page may ask of its reader: dark or light, and less motion.
func (tb *Tab) Prefer(dark, calm bool) {
	tb.T.Helper()
	scheme, motion := "light", "no-preference"
	if dark {
		scheme = "dark"
	}
	if calm {
		motion = "reduce"
	}
	Call(tb, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: motion},
	}})
}

// Complain notes what the page should not have done.
func (tb *Tab) Complain(format string, args ...any) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	tb.complaints = append(tb.complaints, fmt.Sprintf(format, args...))
}

// NoComplaints fails the test with all that was noted.
func (tb *Tab) NoComplaints() {
	tb.T.Helper()
	tb.mu.Lock()
	defer tb.mu.Unlock()
	for _, c := range tb.complaints {
		tb.T.Error(c)
	}
}

// Do does something in the tab.
func (tb *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	tb.T.Helper()
	if err := chromedp.Do(tb.Ctx, actions...); err != nil {
		tb.T.Fatal(err)
	}
}

// Eval gives the value of an expression in the page.
func Eval[T any](tb *Tab, expression string) T {
	tb.T.Helper()
	v, err := chromedp.Run(tb.Ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		tb.T.Fatalf("%s: %v", expression, err)
	}
	return v
}

// patience is how long a page may take for anything.
const patience = 30 * time.Second

// Await polls until an expression is true, also across a navigation; that of a
// promise is awaited.
func (tb *Tab) Await(expression string) {
	tb.T.Helper()
	ctx, cancel := context.WithTimeout(tb.Ctx, patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Promise.resolve("+expression+").then(Boolean)", chromedp.EvalAwaitPromise))
		if is {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			text, _ := chromedp.Run(tb.Ctx, chromedp.Evaluate[string]("document.body.innerText"))
			tb.NoComplaints()
			tb.T.Fatalf("waiting for %s: %v; the page says:\n%s", expression, err, text)
		}
	}
}
