package demo

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chromium is where Debian's package of that name puts it.
const chromium = "/usr/bin/chromium"

// startBrowser gives a browser in which hidden tabs do not sleep: headless, only
// one is ever in sight. It draws by software.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	if _, err := os.Stat(chromium); err != nil {
		t.Fatalf("the app is tested in a real browser: install the package chromium (%v)", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.Flag("disable-component-update", true),
		chromedp.Flag("use-gl", "angle"), chromedp.Flag("use-angle", "swiftshader"), chromedp.Flag("enable-unsafe-swiftshader", true),
		chromedp.Flag("disable-gpu", false),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, leave := chromedp.NewContext(allocator)
	t.Cleanup(func() { leave(); stop() })
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting %s: %v", chromium, err)
	}
	return ctx
}

// tab is a phone: the app in a tab of the browser.
type tab struct {
	t     *testing.T
	ctx   context.Context
	leave func() // closes it

	mu         sync.Mutex
	complaints []string
}

// openTab opens the app on a screen of a phone's size and waits until it can be
// tapped.
func openTab(t *testing.T, browser context.Context, m member, dark bool) *tab {
	t.Helper()
	ctx, leave := chromedp.NewContext(browser)
	t.Cleanup(leave)
	ctx, expire := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(expire)
	tb := &tab{t: t, ctx: ctx, leave: leave}
	if err := chromedp.Listen(ctx, tb.hear); err != nil {
		t.Fatal(err)
	}
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	tb.do(chromedp.EmulateViewport(412, 915), chromedp.Navigate("http://"+m.public+"/app/"))
	tb.sees("I agree")
	t.Logf("ready to tap %v after the address was given; of these, in ms since the page began: %s",
		time.Since(began).Round(time.Millisecond),
		eval[string](tb, `performance.getEntriesByType("mark").map((m) => m.name + " " + Math.round(m.startTime)).join(", ")`))
	return tb
}

// hear notes what a page that is alright does not do.
func (tb *tab) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		tb.complain("exception: %s", e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled: // the app is silent unless it crashes
		for _, a := range e.Args {
			tb.complain("console: %s", a.Value)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			tb.complain("log: %s %s", e.Entry.Text, e.Entry.URL)
		}
	}
}

func (tb *tab) complain(format string, args ...any) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	tb.complaints = append(tb.complaints, fmt.Sprintf(format, args...))
}

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

func eval[T any](tb *tab, expression string) T {
	tb.t.Helper()
	v, err := chromedp.Run(tb.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		tb.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

func (tb *tab) await(expression string) {
	tb.t.Helper()
	if _, err := chromedp.Run(tb.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(30*time.Second))); err != nil {
		tb.noComplaints()
		tb.t.Fatalf("waiting for %s: %v; the screen says %q", expression, err, eval[string](tb, `document.getElementById("outline").innerText`))
	}
}

// element is the script that finds what begins with a label in the outline.
func element(label string) string {
	return fmt.Sprintf(`[...document.getElementById("outline").children].find((e) => e.textContent.startsWith(%q))`, label)
}

// sees waits until the screen says what begins so.
func (tb *tab) sees(label string) { tb.t.Helper(); tb.await(element(label) + " !== undefined") }

// tap clicks the canvas where it says so.
func (tb *tab) tap(label string) {
	tb.t.Helper()
	tb.sees(label)
	box := eval[[]float64](tb, "(({left, top, width, height}) => [left + width / 2, top + height / 2])("+element(label)+".getBoundingClientRect())")
	tb.do(chromedp.MouseClickXY(box[0], box[1]))
}

// move puts the slider somewhere, 0 being nearest and 100 farthest.
func (tb *tab) move(to int) {
	tb.t.Helper()
	eval[bool](tb, fmt.Sprintf(`(slider.value = %d, slider.dispatchEvent(new Event("input")))`, to))
}

// says is what a screen reader is told last.
func (tb *tab) says(part string) {
	tb.t.Helper()
	tb.await(fmt.Sprintf(`document.getElementById("live").textContent.includes(%q)`, part))
}

// resize gives the tab another size and waits until the app fills its part of it.
func (tb *tab) resize(width, height int64) {
	tb.t.Helper()
	tb.do(chromedp.EmulateViewport(width, height))
	tb.await(`(() => {
		const all = document.querySelector(".phone").getBoundingClientRect();
		const canvas = document.querySelector("#giowindow canvas").getBoundingClientRect();
		return canvas.width === all.width && canvas.height === all.height && canvas.left === all.left;
	})()`)
	tb.await("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn(true))))")
}

// picture is what the tab shows.
func (tb *tab) picture() image.Image {
	tb.t.Helper()
	b, err := chromedp.Run(tb.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		tb.t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		tb.t.Fatal(err)
	}
	return img
}

// colours counts the different colours of a picture, sparsely.
func colours(img image.Image) int {
	seen := map[[4]uint32]bool{}
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y += 3 {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x += 3 {
			r, g, b, a := img.At(x, y).RGBA()
			seen[[4]uint32{r, g, b, a}] = true
		}
	}
	return len(seen)
}

// typed types into what has the keyboard.
func (tb *tab) typed(text string) {
	tb.t.Helper()
	tb.await(`document.activeElement.tagName === "TEXTAREA"`)
	if _, err := chromedp.Call(tb.ctx, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		tb.t.Fatal(err)
	}
}
