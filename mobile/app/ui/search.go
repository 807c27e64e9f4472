package ui

import (
	"image"

	"gioui.org/font"
	"gioui.org/io/semantic"
	"gioui.org/layout"
	"gioui.org/op"
	"gioui.org/widget"
)

const searchHint = "Search, or type your own"

// searchField draws the field in which an interest is searched for. A tap
// anywhere in it begins to edit.
func (a *App) searchField(gtx layout.Context) layout.Dimensions {
	c := a.colour
	gtx.Constraints.Min.X = gtx.Constraints.Max.X
	m := op.Record(gtx.Ops)
	d := layout.Flex{Alignment: layout.Middle}.Layout(gtx, layout.Flexed(1, a.searchBody), layout.Rigid(a.searchClear))
	call := m.Stop()
	fill(gtx, d.Size, 28, c.high)
	if gtx.Focused(&a.choose.query) {
		border(gtx, d.Size, 28, 2, c.primary)
	}
	call.Add(gtx.Ops)
	return d
}

// searchBody draws the part that is edited.
func (a *App) searchBody(gtx layout.Context) layout.Dimensions {
	field := func(gtx layout.Context) layout.Dimensions {
		gtx.Constraints.Min.Y = gtx.Dp(56)
		return layout.Flex{Alignment: layout.Middle}.Layout(gtx,
			layout.Rigid(gap(16)), layout.Rigid(draw(iconSearch, 24, a.colour.onVariant)), layout.Rigid(gap(12)),
			layout.Flexed(1, a.searchText))
	}
	return touch{class: semantic.Editor, label: searchHint}.described(gtx, func(gtx layout.Context) layout.Dimensions {
		return a.choose.field.Layout(gtx, field)
	})
}

func (a *App) searchClear(gtx layout.Context) layout.Dimensions {
	gtx.Constraints.Min = image.Point{}
	if a.choose.query.Len() == 0 {
		return layout.Dimensions{}
	}
	clear := a.iconButton(&a.choose.clear, iconClose, a.colour.onVariant, "Clear the search")
	return layout.Inset{Right: 4}.Layout(gtx, clear)
}

// searchText draws the text, or the hint while there is none. All of it is as
// high as a finger.
func (a *App) searchText(gtx layout.Context) layout.Dimensions {
	e, f := &a.choose.query, font.Font{Typeface: "Roboto"}
	gtx.Constraints.Min = image.Pt(gtx.Constraints.Max.X, 0)
	m := op.Record(gtx.Ops)
	hint := widget.Label{MaxLines: 1}.Layout(gtx, a.shaper, f, body.size, searchHint, ink(gtx, a.colour.onVariant))
	call := m.Stop()
	pad := max((gtx.Dp(56)-hint.Size.Y)/2, 0)
	area := image.Pt(gtx.Constraints.Max.X, hint.Size.Y+2*pad)
	gtx.Constraints.Min.Y = hint.Size.Y
	m = op.Record(gtx.Ops)
	d := e.Layout(gtx, a.shaper, f, body.size, ink(gtx, a.colour.onSurface), ink(gtx, fade(a.colour.primary, 0.3)))
	if e.Len() == 0 {
		call.Add(gtx.Ops)
	}
	text := m.Stop()
	defer op.Offset(image.Pt(0, pad)).Push(gtx.Ops).Pop()
	text.Add(gtx.Ops)
	return layout.Dimensions{Size: area, Baseline: d.Baseline + pad}
}
