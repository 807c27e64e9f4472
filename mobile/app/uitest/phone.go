// Package uitest is a phone without glass: it lays an app out frame by frame and
// taps what it finds by its label. It opens no window and keeps its own clock.
package uitest

import (
	"fmt"
	"image"
	"strings"
	"time"

	"gioui.org/f32"
	"gioui.org/io/input"
	"gioui.org/io/key"
	"gioui.org/io/pointer"
	"gioui.org/layout"
	"gioui.org/op"
	"gioui.org/unit"

	"i80.dk/sighej/mobile/app/outline"
	"i80.dk/sighej/mobile/app/ui"
)

// The size of the phone, in dp.
const (
	Width  = 412
	Height = 915
)

// Phone shows an app. It belongs to one goroutine.
type Phone struct {
	App *ui.App
	Now time.Time // goes on by a second with each frame
	Ops op.Ops    // of the last frame

	router input.Router
	scale  int
}

// New returns a phone with scale pixels per dp, after its first frame.
func New(app *ui.App, scale int) *Phone {
	p := &Phone{App: app, scale: scale, Now: time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)}
	p.Frame()
	return p
}

// Size returns the size in pixels.
func (p *Phone) Size() image.Point { return image.Pt(Width, Height).Mul(p.scale) }

// Frame draws until nothing moves any more.
func (p *Phone) Frame() {
	for range 3 { // events, what they change, and the end of a movement
		p.Ops.Reset()
		p.App.Layout(layout.Context{
			Ops: &p.Ops, Source: p.router.Source(), Now: p.Now,
			Metric:      unit.Metric{PxPerDp: float32(p.scale), PxPerSp: float32(p.scale)},
			Constraints: layout.Exact(p.Size()),
		})
		p.router.Frame(&p.Ops)
		p.Now = p.Now.Add(time.Second)
	}
}

// Nodes returns what the screen says.
func (p *Phone) Nodes() []outline.Node { return outline.Of(&p.router) }

// Find returns the node whose label begins so.
func (p *Phone) Find(label string) (outline.Node, bool) {
	for _, n := range p.Nodes() {
		if strings.HasPrefix(n.Label, label) {
			return n, true
		}
	}
	return outline.Node{}, false
}

// Tap puts a finger on the middle of what is labelled so.
func (p *Phone) Tap(label string) error {
	n, ok := p.Find(label)
	if !ok {
		return fmt.Errorf("there is no %q to tap among %q", label, p.Labels())
	}
	at := f32.Pt(float32(n.Bounds.Min.X+n.Bounds.Max.X)/2, float32(n.Bounds.Min.Y+n.Bounds.Max.Y)/2)
	p.router.Queue(
		pointer.Event{Kind: pointer.Press, Source: pointer.Touch, Position: at},
		pointer.Event{Kind: pointer.Release, Source: pointer.Touch, Position: at},
	)
	p.Frame()
	return nil
}

// Type types into what has the keyboard.
func (p *Phone) Type(txt string) {
	p.router.Queue(key.EditEvent{Text: txt})
	p.Frame()
}

// Press presses and releases a key.
func (p *Phone) Press(name key.Name) {
	p.router.Queue(key.Event{Name: name, State: key.Press}, key.Event{Name: name, State: key.Release})
	p.Frame()
}

// Next moves the keyboard to the next control, as the tabulator does.
func (p *Phone) Next() {
	p.router.MoveFocus(key.FocusForward)
	p.Frame()
}

// Labels returns the labels of all nodes.
func (p *Phone) Labels() []string {
	var out []string
	for _, n := range p.Nodes() {
		out = append(out, n.Label)
	}
	return out
}
