package outline_test

import (
	"slices"
	"testing"

	"gioui.org/io/input"
	"gioui.org/io/semantic"

	"i80.dk/sighej/mobile/app/model"
	"i80.dk/sighej/mobile/app/outline"
	"i80.dk/sighej/mobile/app/ui"
	"i80.dk/sighej/mobile/app/uitest"
)

// A router that takes no events reads the same out of a frame as the one that
// does: the page around the app has only such a one.
func TestReader(t *testing.T) {
	app := ui.New(ui.Config{Want: func(model.Wish) {}, Fetch: func() {}})
	app.Tell(uitest.Catalogue())
	p := uitest.New(app, 1)
	for _, label := range []string{"I agree", "devops", "Done", "Open to talk"} {
		if err := p.Tap(label); err != nil {
			t.Fatal(err)
		}
		var reader input.Router
		reader.Frame(&p.Ops)
		if got, want := outline.Of(&reader), p.Nodes(); !slices.Equal(got, want) {
			t.Errorf("after %q the reader has %v, want %v", label, got, want)
		}
	}
	n, _ := p.Find("Open to talk")
	if n.Class != semantic.Switch || !n.Selected || n.Bounds.Dx() < 300 {
		t.Errorf("%+v", n)
	}
}
