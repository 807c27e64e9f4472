package admin_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"i80.dk/sighej/internal/testcluster"
)

// In a real cluster the page shows every member and drains one that it is told to,
// after asking; by keyboard alone.
func TestDrainOnThePage(t *testing.T) {
	binary, err := testcluster.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c, err := testcluster.Start(t.Context(), testcluster.Config{Binary: binary, Members: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	for n := range 20 {
		register(t, "http://"+c.Members[n%2].Public, "go")
	}
	tb := open(t, "http://"+c.Members[0].Admin, "/", desktop)
	tb.Await(`document.querySelectorAll('[sse-swap=members] tbody .state.up').length === 2`)
	tb.Await(card("Active now") + ` === '20'`)
	tb.Await(`document.querySelector('tfoot').innerText.replace(/\s+/g, ' ').trim() === '2 members 1,024 20 0'`)
	// So long may a dialog's buttons be dead; those of the table not.
	tb.Do(chromedp.Evaluate[chromedp.Void](`document.addEventListener('htmx:beforeSwap', (e) => { e.detail.swapOverride = 'innerHTML settle:1s'; })`))
	keep(t, tb, "dashboard-members")
	other := `[...document.querySelectorAll('[sse-swap=members] tbody tr')].find((r) => !r.innerText.includes('this one'))`
	gone := eval[string](tb, other+`.querySelector('code').textContent`)
	button := other + `.querySelector('button')`
	// The stream renews the table under one who is about to press a button.
	tb.Do(chromedp.Evaluate[chromedp.Void](`window.held = {button: ` + button + `, row: ` + other + `.innerText}; null`))
	tb.Await(`held.row !== ` + other + `.innerText`)
	if !eval[bool](tb, `held.button === `+button) {
		t.Error("the stream has put another button in the place of the one that was there")
	}
	tb.Do(chromedp.Evaluate[chromedp.Void](button+`.focus()`), chromedp.KeyEvent(kb.Enter))
	tb.Await(`document.getElementById('dialog').open && document.getElementById('dialog-h').textContent === 'Drain ` + gone + `?'`)
	keep(t, tb, "dashboard-drain")
	tb.Do(chromedp.KeyEvent(kb.Escape))
	tb.Await(`!document.getElementById('dialog').open && document.activeElement === ` + button)
	tb.Do(chromedp.KeyEvent(kb.Enter))
	tb.Await(`document.getElementById('dialog').open`)
	tb.Await(`document.activeElement.textContent === 'Keep it'`)
	tb.Do(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	tb.Await(`document.getElementById('said').textContent.includes('` + gone + ` was asked to drain')`)
	tb.Await(`!document.getElementById('dialog').open && document.querySelectorAll('[sse-swap=members] tbody tr').length === 1`)
	tb.Await(`document.querySelector('[sse-swap=members] tbody tr').innerText.includes('1,024')`)
	tb.NoComplaints()
}
