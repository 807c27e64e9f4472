package ui

import (
	"sync"

	"gioui.org/layout"
	"gioui.org/op/paint"
	"gioui.org/text"
	"gioui.org/unit"
	"gioui.org/widget"

	"i80.dk/sighej/mobile/app/model"
)

// Config is what an App is made of. Its functions are called on the goroutine
// that lays out, and must not block.
type Config struct {
	Want  func(model.Wish) // called with each new wish
	Fetch func()           // has the catalogue fetched; it comes as an event
	Wave  func(nudge string)
	Block func(nudge string)
	Radio string // what stands for the radio; default: Bluetooth
}

// Look is how the system wants the app to look.
type Look struct {
	Dark     bool
	TextSize float32 // 1: as designed; kept between 0.85 and 2
}

// App is the app without a window. But for Tell, its methods belong to one
// goroutine.
type App struct {
	cfg    Config
	look   Look
	state  model.State
	wished model.Wish
	begun  bool
	shaper *text.Shaper
	colour palette

	mu     sync.Mutex
	inbox  []model.Event // told since the last frame
	awaken func()        // asks for a frame

	welcome welcome
	choose  choose
	home    home
	notice  widget.Clickable
}

// New returns an app at its first start. It fetches nothing before its first
// frame.
func New(cfg Config) *App {
	a := &App{cfg: cfg, look: Look{TextSize: 1}, shaper: newShaper(), colour: light, awaken: func() {}}
	a.choose.init()
	a.welcome.list.Axis, a.home.list.Axis = layout.Vertical, layout.Vertical
	return a
}

// Look sets how the app looks from the next frame on.
func (a *App) Look(l Look) {
	l.TextSize = min(max(l.TextSize, 0.85), 2)
	a.look, a.colour = l, light
	if l.Dark {
		a.colour = dark
	}
}

// OnTell sets what is called, from any goroutine, when there is something new to
// be laid out.
func (a *App) OnTell(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.awaken = f
}

// Tell takes an event for the next frame. It is safe for concurrent use.
func (a *App) Tell(e model.Event) {
	a.mu.Lock()
	a.inbox = append(a.inbox, e)
	awaken := a.awaken
	a.mu.Unlock()
	awaken()
}

// State returns what the screens show. It is not to be changed.
func (a *App) State() *model.State { return &a.state }

// widest is how wide a screen becomes; a wider window has room at its sides.
const widest = unit.Dp(560)

// Layout takes in what has happened and draws a frame.
func (a *App) Layout(gtx layout.Context) layout.Dimensions {
	if !a.begun {
		a.begun = true
		a.cfg.Fetch()
	}
	a.takeIn()
	gtx.Metric.PxPerSp *= a.look.TextSize
	a.act(gtx)
	paint.Fill(gtx.Ops, a.colour.surface)
	size := gtx.Constraints.Max
	layout.N.Layout(gtx, func(gtx layout.Context) layout.Dimensions {
		gtx.Constraints.Max.X = min(gtx.Constraints.Max.X, gtx.Dp(widest))
		gtx.Constraints.Min = gtx.Constraints.Max
		return a.screen(gtx)
	})
	if w := a.state.Wish(); !w.Same(a.wished) {
		a.wished = w
		a.cfg.Want(w)
	}
	return layout.Dimensions{Size: size}
}

func (a *App) takeIn() {
	a.mu.Lock()
	told := a.inbox
	a.inbox = nil
	a.mu.Unlock()
	for _, e := range told {
		a.state.Apply(e)
	}
}

// act does what was tapped since the last frame, before anything is drawn.
func (a *App) act(gtx layout.Context) {
	if a.notice.Clicked(gtx) {
		a.state.DismissNotice()
	}
	switch a.state.Screen {
	case model.Welcome:
		a.actWelcome(gtx)
	case model.Choosing:
		a.actChoose(gtx)
	default:
		a.actHome(gtx)
	}
}

func (a *App) screen(gtx layout.Context) layout.Dimensions {
	body := a.layoutHome
	switch a.state.Screen {
	case model.Welcome:
		body = a.layoutWelcome
	case model.Choosing:
		body = a.layoutChoose
	}
	return layout.Stack{Alignment: layout.S}.Layout(gtx, layout.Expanded(body), layout.Stacked(a.layoutNotice))
}

// layoutNotice draws the line that waits to be dismissed, over everything else.
func (a *App) layoutNotice(gtx layout.Context) layout.Dimensions {
	if a.state.Notice == "" {
		return layout.Dimensions{}
	}
	gtx.Constraints.Min.Y = 0
	c := a.colour
	return layout.UniformInset(16).Layout(gtx, card(12, c.inverse, layout.Inset{Left: 16, Right: 4, Top: 4, Bottom: 4},
		func(gtx layout.Context) layout.Dimensions {
			return layout.Flex{Alignment: layout.Middle}.Layout(gtx,
				layout.Flexed(1, a.words(bodySmall, c.onInverse, a.state.Notice)),
				layout.Rigid(a.iconButton(&a.notice, iconClose, c.onInverse, "Dismiss the notice")))
		}))
}
