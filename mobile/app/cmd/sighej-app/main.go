// Command sighej-app is the reference app in a window, or in a browser when it is
// built for GOOS=js.
package main

import (
	"context"
	"os"
	"sync"

	"gioui.org/app"
	"gioui.org/op"

	"i80.dk/sighej/mobile/app/live"
	"i80.dk/sighej/mobile/app/model"
	"i80.dk/sighej/mobile/app/ui"
)

func main() {
	go func() {
		run(new(app.Window))
		os.Exit(0)
	}()
	app.Main()
}

// run shows the app until its window is closed.
func run(w *app.Window) {
	w.Option(app.Title("SigHej"), app.Size(412, 915))
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	defer parts.Wait()
	defer cancel()

	host := newHost()
	var screen *ui.App
	tell := func(e model.Event) { screen.Tell(e) }
	session := host.session(tell)
	driver := model.NewDriver(session, tell)
	screen = ui.New(ui.Config{
		Radio: radioName,
		Want:  driver.Want,
		Wave:  session.Wave,
		Block: session.Block,
		Fetch: func() { parts.Go(func() { screen.Tell(live.Fetch(ctx, host.base)) }) },
	})
	screen.OnTell(w.Invalidate)
	host.onScreen(session.OnScreen)
	host.onLeave(cancel)
	parts.Go(func() { _ = driver.Run(ctx) })
	frames(w, screen, host)
}

// frames draws until the window is closed.
func frames(w *app.Window, screen *ui.App, host *host) {
	var ops op.Ops
	host.onLook(w.Invalidate)
	for {
		switch e := w.Event().(type) {
		case app.DestroyEvent:
			return
		case app.ConfigEvent:
			host.configured(e.Config)
		case app.FrameEvent:
			e.Insets = real(e.Insets)
			screen.Look(host.look())
			screen.Layout(app.NewContext(&ops, e))
			e.Frame(&ops)
			host.drawn(screen, &ops, e.Metric)
		}
	}
}

// real returns insets without those that a canvas smaller than its window has:
// less than nothing.
func real(i app.Insets) app.Insets {
	i.Top, i.Bottom, i.Left, i.Right = max(i.Top, 0), max(i.Bottom, 0), max(i.Left, 0), max(i.Right, 0)
	return i
}
