package demo

import (
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

var pictures = flag.String("pictures", "", "keep the screenshots in this folder")

// near and far are places of the slider.
const (
	near = 15 // 1 m
	far  = 92 // 41 m
)

// Two tabs share an interest: near each other both are nudged, far from each other
// neither is in range, and switched off the session is gone from the server.
func TestTwoPhones(t *testing.T) {
	m := startMember(t)
	browser := startBrowser(t)
	one := openTab(t, browser, m, false)
	two := openTab(t, browser, m, true)
	one.move(far)
	one.open("devops", "hardstyle", "kombucha")
	two.open("hardstyle", "devops", "origami")
	m.awaitSessions(t, 2)
	one.says("Connected. 0 people in range")
	two.says("Connected. 0 people in range")
	two.Await(`slider.value === "92"`) // as the other tab's
	keep(t, "tab-far", one.picture())

	one.move(near)
	for _, tb := range []*tab{one, two} {
		tb.says("1 person in range")
		tb.says("Someone nearby shares your interest in devops and hardstyle. Very near")
		tb.sees("Someone nearby shares your interest in devops and hardstyle")
	}
	keep(t, "tab-light", one.picture())
	keep(t, "tab-dark", two.picture())
	keep(t, "demo", beside(one.picture(), two.picture()))

	one.resize(1280, 800)
	keep(t, "page-wide", one.picture())

	one.tap("Open to talk")
	one.says("Off. Nobody can find you.")
	m.awaitSessions(t, 1)
	two.tap("Open to talk")
	m.awaitSessions(t, 0)
	one.NoComplaints()
	two.NoComplaints()
}

// Where the server hides interests at first, both say hi, and then both see them.
func TestSayingHi(t *testing.T) {
	m := startMember(t, "NUDGE=blind")
	browser := startBrowser(t)
	one := openTab(t, browser, m, false)
	two := openTab(t, browser, m, true)
	one.move(near)
	one.open("devops", "hardstyle", "kombucha")
	two.open("hardstyle", "devops", "origami")
	for _, tb := range []*tab{one, two} {
		tb.sees("Someone nearby shares an interest of yours")
	}
	one.tap("Say hi")
	one.sees("You said hi.")
	keep(t, "tab-hi", one.picture())
	two.sees("Say hi")
	two.tap("Say hi")
	for _, tb := range []*tab{one, two} {
		tb.sees("Someone nearby shares your interest in devops and hardstyle")
		tb.Await(element("Say hi") + " === undefined && " + element("You said hi") + " === undefined")
	}
	two.tap("Block whom the nudge about devops and hardstyle")
	two.tap("Yes, block")
	two.Await(element("Someone nearby shares your interest") + " === undefined")
	one.NoComplaints()
	two.NoComplaints()
}

// A tab that is closed, or shows another page, takes its session along. One that is
// only hidden keeps it.
func TestClosingATabForgetsTheSession(t *testing.T) {
	m := startMember(t)
	browser := startBrowser(t)
	one := openTab(t, browser, m, false)
	two := openTab(t, browser, m, false)
	one.open("devops", "hardstyle", "kombucha")
	two.open("devops", "hardstyle", "kombucha")
	m.awaitSessions(t, 2)
	one.Do(chromedp.Navigate("http://" + m.public + "/health"))
	m.awaitSessions(t, 1)
	two.NoComplaints()
	two.End()
	m.awaitSessions(t, 0)
}

// open goes through the first start and switches on.
func (tb *tab) open(interests ...string) {
	tb.T.Helper()
	tb.tap("I agree")
	for _, label := range interests {
		tb.tap("Search")
		tb.typed(label)
		tb.tap(label)
		tb.tap("Clear the search")
	}
	tb.tap("Done, 3 picked")
	tb.tap("Open to talk")
	tb.says("Open to talk. Connected.")
}

// keep checks that a picture is not empty, and keeps it if that is asked for.
func keep(t *testing.T, name string, img image.Image) {
	t.Helper()
	if n := colours(img); n < 50 {
		t.Errorf("the picture %s has only %d colours", name, n)
	}
	if *pictures == "" {
		return
	}
	f, err := os.Create(filepath.Join(*pictures, name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}

// beside puts two pictures beside each other.
func beside(a, b image.Image) image.Image {
	const between = 24
	size := a.Bounds().Size()
	out := image.NewRGBA(image.Rect(0, 0, 2*size.X+3*between, size.Y+2*between))
	draw.Draw(out, out.Bounds(), image.NewUniform(color.Gray{0xB0}), image.Point{}, draw.Src)
	for i, img := range []image.Image{a, b} {
		at := image.Pt(between+i*(size.X+between), between)
		draw.Draw(out, image.Rectangle{Min: at, Max: at.Add(size)}, img, img.Bounds().Min, draw.Src)
	}
	return out
}
