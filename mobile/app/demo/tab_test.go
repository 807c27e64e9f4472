package demo

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"i80.dk/sighej/internal/testbrowser"
)

// startBrowser gives a browser in which hidden tabs do not sleep: headless, only
// one is ever in sight. It draws by software.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	ctx, leave, err := testbrowser.Start(
		chromedp.Flag("use-gl", "angle"), chromedp.Flag("use-angle", "swiftshader"), chromedp.Flag("enable-unsafe-swiftshader", true),
		chromedp.Flag("disable-gpu", false),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(leave)
	return ctx
}

// tab is a phone: the app in a tab of the browser.
type tab struct{ *testbrowser.Tab }

// openTab opens the app on a screen of a phone's size and waits until it can be
// tapped.
func openTab(t *testing.T, browser context.Context, m member, dark bool) *tab {
	t.Helper()
	tb := &tab{testbrowser.Open(t, browser, 2*time.Minute, hear)}
	tb.Prefer(dark, false)
	testbrowser.Call(tb.Tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	began := time.Now()
	tb.Do(chromedp.EmulateViewport(412, 915), chromedp.Navigate("http://"+m.public+"/app/"))
	tb.sees("I agree")
	t.Logf("ready to tap %v after the address was given; of these, in ms since the page began: %s",
		time.Since(began).Round(time.Millisecond),
		eval[string](tb, `performance.getEntriesByType("mark").map((m) => m.name + " " + Math.round(m.startTime)).join(", ")`))
	return tb
}

func eval[T any](tb *tab, expression string) T {
	tb.T.Helper()
	return testbrowser.Eval[T](tb.Tab, expression)
}

// hear notes what an app that is alright does not do.
func hear(tb *testbrowser.Tab, event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		tb.Complain("exception: %s", e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled: // the app is silent unless it crashes
		for _, a := range e.Args {
			tb.Complain("console: %s", a.Value)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			tb.Complain("log: %s %s", e.Entry.Text, e.Entry.URL)
		}
	}
}

// element is the script that finds what begins with a label in the outline.
func element(label string) string {
	return fmt.Sprintf(`[...document.getElementById("outline").children].find((e) => e.textContent.startsWith(%q))`, label)
}

// sees waits until the screen says what begins so.
func (tb *tab) sees(label string) { tb.T.Helper(); tb.Await(element(label) + " !== undefined") }

// tap clicks the canvas where it says so.
func (tb *tab) tap(label string) {
	tb.T.Helper()
	tb.sees(label)
	box := eval[[]float64](tb, "(({left, top, width, height}) => [left + width / 2, top + height / 2])("+element(label)+".getBoundingClientRect())")
	tb.Do(chromedp.MouseClickXY(box[0], box[1]))
}

// move puts the slider somewhere, 0 being nearest and 100 farthest.
func (tb *tab) move(to int) {
	tb.T.Helper()
	eval[bool](tb, fmt.Sprintf(`(slider.value = %d, slider.dispatchEvent(new Event("input")))`, to))
}

// says is what a screen reader is told last.
func (tb *tab) says(part string) {
	tb.T.Helper()
	tb.Await(fmt.Sprintf(`document.getElementById("live").textContent.includes(%q)`, part))
}

// resize gives the tab another size and waits until the app fills its part of it.
func (tb *tab) resize(width, height int64) {
	tb.T.Helper()
	tb.Do(chromedp.EmulateViewport(width, height))
	tb.Await(`(() => {
		const all = document.querySelector(".phone").getBoundingClientRect();
		const canvas = document.querySelector("#giowindow canvas").getBoundingClientRect();
		return canvas.width === all.width && canvas.height === all.height && canvas.left === all.left;
	})()`)
	tb.Await("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn(true))))")
}

// picture is what the tab shows.
func (tb *tab) picture() image.Image {
	tb.T.Helper()
	b, err := chromedp.Run(tb.Ctx, chromedp.CaptureScreenshot())
	if err != nil {
		tb.T.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		tb.T.Fatal(err)
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
	tb.T.Helper()
	tb.Await(`document.activeElement.tagName === "TEXTAREA"`)
	if _, err := chromedp.Call(tb.Ctx, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		tb.T.Fatal(err)
	}
}
