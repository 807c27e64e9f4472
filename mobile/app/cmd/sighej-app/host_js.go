package main

import (
	"encoding/json"
	"syscall/js"

	"gioui.org/app"
	"gioui.org/io/input"
	"gioui.org/io/semantic"
	"gioui.org/op"
	"gioui.org/unit"

	"i80.dk/sighej/mobile/app/air"
	"i80.dk/sighej/mobile/app/live"
	"i80.dk/sighej/mobile/app/model"
	"i80.dk/sighej/mobile/app/outline"
	"i80.dk/sighej/mobile/app/ui"
)

// host is the page that the app stands in. page.js gives it window.sighej, with
// distance() in metres, look() and told(outline).
type host struct {
	base   string
	page   js.Value
	reader input.Router // reads the frames over, for the outline
	told   string
}

func newHost() *host {
	return &host{base: js.Global().Get("location").Get("origin").String(), page: js.Global().Get("sighej")}
}

const radioName = "Simulated radio"

// session has a simulated radio: other tabs of this page are the phones near.
func (h *host) session(tell func(model.Event)) *live.Session {
	var s *live.Session
	radio := air.NewRadio(
		func() float64 { return h.page.Call("distance").Float() },
		func(serviceData []byte, rssi int) { s.Heard(serviceData, rssi) },
	)
	s = live.NewSession(h.base, radio, tell)
	return s
}

// look is what the browser was set to.
func (h *host) look() ui.Look {
	l := h.page.Call("look")
	return ui.Look{Dark: l.Get("dark").Bool(), TextSize: float32(l.Get("text").Float())}
}

func (h *host) onLook(changed func()) {
	h.page.Set("changed", js.FuncOf(func(js.Value, []js.Value) any {
		changed()
		return nil
	}))
}

// onScreen tells when the tab is hidden and when it is in sight again.
func (h *host) onScreen(changed func(on bool)) {
	document := js.Global().Get("document")
	listen(document, "visibilitychange", func(js.Value) {
		changed(document.Get("visibilityState").String() == "visible")
	})
}

// onLeave tells that the page is closed, or left for another. A page that is shown
// again from the browser's memory starts anew.
func (h *host) onLeave(leave func()) {
	listen(js.Global(), "pagehide", func(js.Value) { leave() })
	listen(js.Global(), "pageshow", func(event js.Value) {
		if event.Get("persisted").Bool() {
			js.Global().Get("location").Call("reload")
		}
	})
}

// listen calls do, which must not block, for as long as the page lives.
func listen(to js.Value, event string, do func(js.Value)) {
	to.Call("addEventListener", event, js.FuncOf(func(_ js.Value, args []js.Value) any {
		do(args[0])
		return nil
	}))
}

// configured has nothing to do: the page tells whether it is in sight.
func (h *host) configured(app.Config) {}

// node is an outline.Node for the page, in CSS pixels.
type node struct {
	Role   string  `json:"role"`
	Label  string  `json:"label"`
	Hint   string  `json:"hint,omitempty"`
	On     bool    `json:"on"`
	Left   float32 `json:"left"`
	Top    float32 `json:"top"`
	Width  float32 `json:"width"`
	Height float32 `json:"height"`
}

var roles = map[semantic.ClassOp]string{
	semantic.Button: "button", semantic.CheckBox: "checkbox", semantic.Switch: "switch", semantic.Editor: "textbox",
}

// drawn tells the page what the frame says: a canvas alone says nothing to a
// screen reader.
func (h *host) drawn(screen *ui.App, frame *op.Ops, m unit.Metric) {
	h.reader.Frame(frame)
	nodes := []node{}
	for _, n := range outline.Of(&h.reader) {
		b := n.Bounds
		nodes = append(nodes, node{
			Role: roles[n.Class], Label: n.Label, Hint: n.Hint, On: n.Selected,
			Left: float32(b.Min.X) / m.PxPerDp, Top: float32(b.Min.Y) / m.PxPerDp,
			Width: float32(b.Dx()) / m.PxPerDp, Height: float32(b.Dy()) / m.PxPerDp,
		})
	}
	told, err := json.Marshal(map[string]any{"summary": screen.State().Summary(), "nodes": nodes})
	if err != nil || string(told) == h.told {
		return
	}
	h.told = string(told)
	h.page.Call("told", h.told)
}
