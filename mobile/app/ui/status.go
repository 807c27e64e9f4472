package ui

import (
	"cmp"
	"image"
	"image/color"

	"gioui.org/layout"
	"gioui.org/widget"

	"i80.dk/sighej/mobile/app/model"
)

// standing is how a part of the app is doing.
type standing struct {
	icon  *widget.Icon
	name  string
	words string
	dot   color.NRGBA
}

// statusRow draws how the connection and the radio are doing, beside each other
// or, when the text is large, below each other.
func (a *App) statusRow(gtx layout.Context) layout.Dimensions {
	one, two := a.tile(a.connection()), a.tile(a.radio())
	if a.look.TextSize > 1.3 {
		return column(gtx, one, gap(12), two)
	}
	return layout.Flex{}.Layout(gtx, layout.Flexed(1, one), layout.Rigid(gap(12)), layout.Flexed(1, two))
}

func (a *App) connection() standing {
	c := a.colour
	s := standing{icon: iconNoServer, name: "Server", dot: c.idle, words: "Not connected"}
	switch a.state.Connection {
	case model.Connecting:
		s.icon, s.words, s.dot = iconServer, "Connecting", c.warn
	case model.Connected:
		s.icon, s.words, s.dot = iconServer, "Connected", c.good
	case model.Waiting:
		s.words, s.dot = "Trying again", c.warn
	}
	return s
}

func (a *App) radio() standing {
	c := a.colour
	s := standing{icon: iconNoRadio, name: cmp.Or(a.cfg.Radio, "Bluetooth"), dot: c.idle, words: "Not in use"}
	switch {
	case a.state.Radio == model.RadioFull:
		s.icon, s.words, s.dot = iconRadio, "Heard by all", c.good
	case a.state.Radio == model.RadioDegraded:
		s.icon, s.words, s.dot = iconRadio, "Heard by some", c.warn
	case a.state.Mode != model.Off:
		s.words, s.dot = "Off", c.warn
	}
	return s
}

func (a *App) tile(s standing) layout.Widget {
	c := a.colour
	return card(20, c.low, layout.Inset{Left: 16, Right: 12, Top: 14, Bottom: 14}, said(s.name+": "+s.words, func(gtx layout.Context) layout.Dimensions {
		return layout.Flex{Alignment: layout.Middle}.Layout(gtx,
			layout.Rigid(draw(s.icon, 24, c.onVariant)), layout.Rigid(gap(12)),
			layout.Flexed(1, func(gtx layout.Context) layout.Dimensions {
				return column(gtx, a.line(caption, c.onVariant, s.name),
					func(gtx layout.Context) layout.Dimensions {
						return layout.Flex{Alignment: layout.Middle}.Layout(gtx,
							layout.Rigid(dot(s.dot)), layout.Rigid(gap(8)), layout.Flexed(1, a.line(titleSmall, c.onSurface, s.words)))
					})
			}))
	}))
}

func dot(c color.NRGBA) layout.Widget {
	return func(gtx layout.Context) layout.Dimensions {
		d := gtx.Dp(8)
		disc(gtx, image.Pt(d/2, d/2), d/2, c)
		return layout.Dimensions{Size: image.Pt(d, d)}
	}
}
