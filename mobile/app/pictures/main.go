// Command pictures draws the app's screens into PNG files, without a window:
// pictures FOLDER. It asks for EGL (Debian: libegl-mesa0 and libgl1-mesa-dri),
// on a machine without a display with EGL_PLATFORM=surfaceless.
package main

import (
	"fmt"
	"image"
	"image/png"
	"log"
	"os"
	"path/filepath"
	"time"

	"gioui.org/gpu/headless"

	"i80.dk/sighej/mobile/app/model"
	"i80.dk/sighej/mobile/app/ui"
	"i80.dk/sighej/mobile/app/uitest"
)

// looks are how each screen is drawn.
var looks = map[string]ui.Look{
	"light": {TextSize: 1},
	"dark":  {TextSize: 1, Dark: true},
	"large": {TextSize: 1.6},
}

// screens are how each of them is come to from the first start.
var screens = map[string]func(*uitest.Phone) error{
	"welcome": func(*uitest.Phone) error { return nil },
	"choose":  func(p *uitest.Phone) error { return taps(p, "I agree", "devops", "hardstyle") },
	"search": func(p *uitest.Phone) error {
		err := taps(p, "I agree", "devops", "Search")
		p.Type("ha")
		return err
	},
	"off": atHome,
	"open": func(p *uitest.Phone) error {
		return open(p, model.Connected, model.RadioFull, model.PeopleInRange(2))
	},
	"nudged": func(p *uitest.Phone) error {
		return open(p, model.Connected, model.RadioFull, model.PeopleInRange(3),
			model.Nudge{ID: "1", Labels: []string{"blues"}, At: p.Now.Add(-12 * time.Minute), Distance: model.Near},
			model.Nudge{ID: "2", Labels: []string{"devops", "hardstyle"}, At: p.Now, Distance: model.VeryNear})
	},
	"hello": func(p *uitest.Phone) error {
		err := open(p, model.Connected, model.RadioFull, model.PeopleInRange(2),
			model.Nudge{ID: "1", Labels: []string{"blues"}, At: p.Now.Add(-3 * time.Minute), Distance: model.Near},
			model.Nudge{ID: "2", Message: "Someone nearby shares an interest of yours.", At: p.Now.Add(-time.Minute)},
			model.Nudge{ID: "3", Message: "Someone nearby shares an interest of yours.", At: p.Now, Distance: model.VeryNear})
		if err != nil {
			return err
		}
		p.App.State().Wave("2")
		return taps(p, "Block whom the nudge about blues")
	},
	"paused": func(p *uitest.Phone) error {
		if err := open(p, model.Waiting, model.RadioDegraded, model.Fault("Bluetooth is switched off. Switch it on to be found.")); err != nil {
			return err
		}
		return taps(p, "Pause")
	},
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: pictures FOLDER")
	}
	for look, l := range looks {
		for screen, comeTo := range screens {
			if err := picture(l, comeTo, filepath.Join(os.Args[1], screen+"-"+look+".png")); err != nil {
				log.Fatal(err)
			}
		}
	}
}

func picture(l ui.Look, comeTo func(*uitest.Phone) error, file string) error {
	app := ui.New(ui.Config{Want: func(model.Wish) {}, Fetch: func() {}, Wave: func(string) {}, Block: func(string) {}})
	app.Tell(uitest.Catalogue())
	p := uitest.New(app, 1)
	if err := comeTo(p); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	app.Look(l)
	p.Frame()
	img, err := draw(p)
	if err != nil {
		return err
	}
	f, err := os.Create(file) // #nosec G304 G703 -- the caller's own folder
	if err != nil {
		return err
	}
	if err := png.Encode(f, img); err != nil {
		return err
	}
	return f.Close()
}

func draw(p *uitest.Phone) (image.Image, error) {
	w, err := headless.NewWindow(p.Size().X, p.Size().Y)
	if err != nil {
		return nil, err
	}
	defer w.Release()
	if err := w.Frame(&p.Ops); err != nil {
		return nil, err
	}
	img := image.NewRGBA(image.Rectangle{Max: p.Size()})
	return img, w.Screenshot(img)
}

func taps(p *uitest.Phone, labels ...string) error {
	for _, l := range labels {
		if err := p.Tap(l); err != nil {
			return err
		}
	}
	return nil
}

func atHome(p *uitest.Phone) error {
	return taps(p, "I agree", "devops", "hardstyle", "blues", "Done")
}

func open(p *uitest.Phone, events ...model.Event) error {
	if err := atHome(p); err != nil {
		return err
	}
	if err := taps(p, "Open to talk"); err != nil {
		return err
	}
	for _, e := range events {
		p.App.Tell(e)
	}
	p.Frame()
	return nil
}
