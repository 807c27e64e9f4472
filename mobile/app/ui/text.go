package ui

import (
	"image/color"

	"eliasnaur.com/font/roboto/robotomedium"
	"eliasnaur.com/font/roboto/robotoregular"
	"gioui.org/font"
	"gioui.org/font/opentype"
	"gioui.org/layout"
	"gioui.org/op"
	"gioui.org/op/paint"
	"gioui.org/text"
	"gioui.org/unit"
	"gioui.org/widget"
)

// style is a step of the type scale.
type style struct {
	size, line unit.Sp
	weight     font.Weight
}

// The steps of Material Design 3's scale that the app uses.
var (
	headline      = style{28, 36, font.Normal}
	headlineSmall = style{24, 32, font.Normal}
	titleLarge    = style{22, 28, font.Medium}
	title         = style{16, 24, font.Medium}
	titleSmall    = style{14, 20, font.Medium}
	body          = style{16, 24, font.Normal}
	bodySmall     = style{14, 20, font.Normal}
	caption       = style{12, 16, font.Medium}
)

// newShaper returns a shaper with the app's own fonts. The system's come in for
// what they lack, where there are any.
func newShaper() *text.Shaper {
	return text.NewShaper(text.WithCollection([]font.FontFace{
		face(robotoregular.TTF, font.Normal), face(robotomedium.TTF, font.Medium),
	}))
}

func face(ttf []byte, weight font.Weight) font.FontFace {
	f, err := opentype.Parse(ttf)
	if err != nil {
		panic("ui: an embedded font: " + err.Error()) // a defect of this package
	}
	return font.FontFace{Font: font.Font{Typeface: "Roboto", Weight: weight}, Face: f}
}

// words returns a widget of text.
func (a *App) words(s style, c color.NRGBA, txt string) layout.Widget {
	return a.lines(s, c, txt, 0, text.Start)
}

// line returns a widget of one line of text, cut when there is no room.
func (a *App) line(s style, c color.NRGBA, txt string) layout.Widget {
	return a.lines(s, c, txt, 1, text.Start)
}

// centred returns a widget of text in the middle.
func (a *App) centred(s style, c color.NRGBA, txt string) layout.Widget {
	return a.lines(s, c, txt, 0, text.Middle)
}

func (a *App) lines(s style, c color.NRGBA, txt string, most int, align text.Alignment) layout.Widget {
	return said(txt, func(gtx layout.Context) layout.Dimensions {
		l := widget.Label{MaxLines: most, Alignment: align, LineHeight: s.line, LineHeightScale: 1}
		return l.Layout(gtx, a.shaper, font.Font{Typeface: "Roboto", Weight: s.weight}, s.size, txt, ink(gtx, c))
	})
}

// ink is a colour to draw text with.
func ink(gtx layout.Context, c color.NRGBA) op.CallOp {
	m := op.Record(gtx.Ops)
	paint.ColorOp{Color: c}.Add(gtx.Ops)
	return m.Stop()
}
