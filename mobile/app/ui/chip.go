package ui

import (
	"image"

	"gioui.org/io/semantic"
	"gioui.org/layout"
	"gioui.org/op"
	"gioui.org/widget"
)

const (
	chipHeight = 36
	chipRadius = 10
)

func (a *App) chipsOf(labels []string) []layout.Widget {
	ws := make([]layout.Widget, len(labels))
	for i, l := range labels {
		ws[i] = a.chip(clickable(a.choose.chips, l), l, a.state.HasChosen(l))
	}
	return ws
}

// chip returns an interest that can be chosen. Its face is lower than what is
// touched.
func (a *App) chip(b *widget.Clickable, label string, chosen bool) layout.Widget {
	on := a.colour.onVariant
	if chosen {
		on = a.colour.onSecondary
	}
	t := touch{class: semantic.CheckBox, label: label, selected: chosen, radius: chipRadius, on: on}
	return func(gtx layout.Context) layout.Dimensions {
		return a.press(gtx, b, t, func(gtx layout.Context) layout.Dimensions { return a.chipFace(gtx, label, chosen) })
	}
}

func (a *App) chipFace(gtx layout.Context, label string, chosen bool) layout.Dimensions {
	on, in := a.colour.onVariant, layout.Inset{Left: 14, Right: 14, Top: 6, Bottom: 6}
	var mark *widget.Icon
	if chosen {
		on, mark, in.Left = a.colour.onSecondary, iconCheck, 8
	}
	m := op.Record(gtx.Ops)
	d := in.Layout(gtx, func(gtx layout.Context) layout.Dimensions {
		return layout.Flex{Alignment: layout.Middle}.Layout(gtx,
			layout.Rigid(optional(mark, 18, 6, on)), layout.Rigid(a.line(titleSmall, on, label)))
	})
	call := m.Stop()
	size := image.Pt(d.Size.X, max(d.Size.Y, gtx.Dp(chipHeight)))
	if chosen {
		fill(gtx, size, chipRadius, a.colour.secondary)
	} else {
		border(gtx, size, chipRadius, 1, a.colour.outlineVariant)
	}
	defer op.Offset(image.Pt(0, (size.Y-d.Size.Y)/2)).Push(gtx.Ops).Pop()
	call.Add(gtx.Ops)
	return layout.Dimensions{Size: size}
}

// tag returns an interest that is only shown.
func (a *App) tag(label string) layout.Widget {
	c := a.colour
	return func(gtx layout.Context) layout.Dimensions {
		m := op.Record(gtx.Ops)
		d := layout.Inset{Left: 12, Right: 12, Top: 6, Bottom: 6}.Layout(gtx, a.line(titleSmall, c.onSecondary, label))
		call := m.Stop()
		fill(gtx, d.Size, chipRadius, c.secondary)
		call.Add(gtx.Ops)
		return d
	}
}
