package ui

import (
	"image"
	"image/color"
	"strconv"

	"gioui.org/layout"

	"i80.dk/sighej/mobile/app/model"
)

// switchCard draws the switch and who is in range.
func (a *App) switchCard(gtx layout.Context) layout.Dimensions {
	c, mode := a.colour, a.state.Mode
	face, on := c.container, c.onSurface
	if mode == model.Open {
		face, on = c.primaryContainer, c.onPrimaryContainer
	}
	heading, text := "Off", "Nobody can find you, and nothing is sent."
	switch mode {
	case model.Open:
		heading, text = "Open to talk", "Someone near who shares an interest gets a nudge, and so do you."
	case model.Paused:
		heading, text = "Paused", "You are not open now. Nobody is nudged about you."
	}
	words := func(gtx layout.Context) layout.Dimensions {
		return column(gtx, a.words(headlineSmall, on, heading), gap(4), a.words(bodySmall, on, text))
	}
	return card(28, face, layout.Inset{Left: 24, Right: 20, Top: 20, Bottom: 20}, func(gtx layout.Context) layout.Dimensions {
		ws := []layout.Widget{a.openSwitch(mode != model.Off, heading+". "+text, words)}
		switch mode {
		case model.Open:
			ws = append(ws, gap(16), a.inRange(on))
		case model.Paused:
			ws = append(ws, gap(8), a.button(&a.home.pause, tonal, iconPlay, "Go on"))
		}
		return column(gtx, ws...)
	})(gtx)
}

// inRange draws the number of people in range in the middle of waves.
func (a *App) inRange(on color.NRGBA) layout.Widget {
	n := a.state.InRange
	number := said(strconv.Itoa(n)+" "+model.People(n), a.radar(n))
	return func(gtx layout.Context) layout.Dimensions {
		return layout.Flex{Alignment: layout.Middle}.Layout(gtx,
			layout.Rigid(number), layout.Rigid(gap(20)),
			layout.Flexed(1, func(gtx layout.Context) layout.Dimensions {
				return column(gtx, a.words(title, on, model.People(n)), a.words(bodySmall, on, "open to talk, like you"), gap(6), a.button(&a.home.pause, faint, iconPause, "Pause"))
			}))
	}
}

// radar draws a number in circles, fuller the more people there are.
func (a *App) radar(n int) layout.Widget {
	c := a.colour
	return func(gtx layout.Context) layout.Dimensions {
		size := gtx.Dp(112)
		mid := image.Pt(size/2, size/2)
		for i, share := range []float32{0.16, 0.24} {
			disc(gtx, mid, size/2-i*gtx.Dp(14), fade(c.primary, share/(1+float32(i))))
		}
		disc(gtx, mid, size/2-gtx.Dp(28), c.primary)
		gtx.Constraints = layout.Exact(image.Pt(size, size))
		// The number fits its circle at any text size.
		gtx.Metric.PxPerSp = gtx.Metric.PxPerDp
		number := style{size: 28, line: 32, weight: title.weight}
		if n < 10 {
			number.size = 34
		}
		number.line = number.size * 1.15
		layout.Center.Layout(gtx, a.line(number, c.onPrimary, strconv.Itoa(min(n, 999))))
		return layout.Dimensions{Size: image.Pt(size, size)}
	}
}
