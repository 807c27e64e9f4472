package ui

import (
	"image"
	"image/color"

	"gioui.org/io/semantic"
	"gioui.org/layout"
	"gioui.org/op"
	"gioui.org/op/clip"
	"gioui.org/unit"
	"gioui.org/widget"
)

// finger is the least size of what is touched.
const finger = unit.Dp(48)

// touch describes a control.
type touch struct {
	class    semantic.ClassOp
	label    string
	hint     string // what it does, when the label does not tell
	selected bool
	radius   unit.Dp     // of its face
	on       color.NRGBA // of what is drawn on its face: tints it when pressed
}

// press makes w a control: at least finger high and wide, with its face in the
// middle, tinted while it is pressed or hovered and ringed while it has the
// keyboard.
func (a *App) press(gtx layout.Context, b *widget.Clickable, t touch, w layout.Widget) layout.Dimensions {
	return t.described(gtx, func(gtx layout.Context) layout.Dimensions {
		return b.Layout(gtx, func(gtx layout.Context) layout.Dimensions {
			m := op.Record(gtx.Ops)
			d := w(gtx)
			face := m.Stop()
			size := image.Pt(max(d.Size.X, gtx.Dp(finger)), max(d.Size.Y, gtx.Dp(finger)))
			at := size.Sub(d.Size).Div(2)
			defer op.Offset(at).Push(gtx.Ops).Pop()
			face.Add(gtx.Ops)
			a.tint(gtx, b, t, d.Size)
			return layout.Dimensions{Size: size, Baseline: d.Baseline + at.Y}
		})
	})
}

// described puts what a control is around it: in an area of its own, since a
// reader of the frame that takes no events passes over areas that want some. The
// words come last: a later label of an area replaces an earlier one.
func (t touch) described(gtx layout.Context, w layout.Widget) layout.Dimensions {
	m := op.Record(gtx.Ops)
	d := w(gtx)
	call := m.Stop()
	defer clip.Rect{Max: d.Size}.Push(gtx.Ops).Pop()
	call.Add(gtx.Ops)
	t.class.Add(gtx.Ops)
	semantic.LabelOp(t.label).Add(gtx.Ops)
	if t.hint != "" {
		semantic.DescriptionOp(t.hint).Add(gtx.Ops)
	}
	if t.class == semantic.Switch || t.class == semantic.CheckBox {
		semantic.SelectedOp(t.selected).Add(gtx.Ops)
	}
	return d
}

// tint draws the state of a control over its face.
func (a *App) tint(gtx layout.Context, b *widget.Clickable, t touch, size image.Point) {
	share := float32(0)
	switch {
	case b.Pressed():
		share = 0.12
	case b.Hovered():
		share = 0.08
	}
	if share > 0 {
		fill(gtx, size, t.radius, fade(t.on, share))
	}
	if gtx.Focused(b) {
		border(gtx, size, t.radius, 3, a.colour.coral)
	}
}

// kind is how much a button asks for attention.
type kind uint8

const (
	filled kind = iota
	tonal
	faint // on a coloured surface
	warm  // on a nudge
	plain
	quiet // plain on a nudge
)

// button returns a button with a text, and an icon unless it is nil.
func (a *App) button(b *widget.Clickable, k kind, i *widget.Icon, label string) layout.Widget {
	return a.buttonFor(b, k, i, label, label)
}

// buttonFor returns a button that is read out as something else than its text.
func (a *App) buttonFor(b *widget.Clickable, k kind, i *widget.Icon, txt, label string) layout.Widget {
	face, on := a.faces(k)
	return func(gtx layout.Context) layout.Dimensions {
		t := touch{class: semantic.Button, label: label, radius: 100, on: on}
		return a.press(gtx, b, t, func(gtx layout.Context) layout.Dimensions {
			return a.pill(gtx, k, face, on, i, txt)
		})
	}
}

func (a *App) faces(k kind) (face, on color.NRGBA) {
	switch k {
	case filled:
		return a.colour.primary, a.colour.onPrimary
	case tonal:
		return a.colour.secondary, a.colour.onSecondary
	case faint:
		return fade(a.colour.primary, 0.14), a.colour.onPrimaryContainer
	case warm:
		return fade(a.colour.coral, 0.24), a.colour.onPeople
	case quiet:
		return color.NRGBA{}, a.colour.onPeople
	}
	return color.NRGBA{}, a.colour.primary
}

func (a *App) pill(gtx layout.Context, k kind, face, on color.NRGBA, i *widget.Icon, txt string) layout.Dimensions {
	in := layout.Inset{Top: 10, Bottom: 10, Left: 24, Right: 24}
	switch k {
	case plain, quiet:
		in.Left, in.Right = 12, 12
	case filled:
		in.Top, in.Bottom = 16, 16
	}
	if i != nil && k != plain && k != quiet {
		in.Left = 16
	}
	least := gtx.Constraints.Min.X
	gtx.Constraints.Min = image.Point{}
	m := op.Record(gtx.Ops)
	d := in.Layout(gtx, func(gtx layout.Context) layout.Dimensions {
		return layout.Flex{Alignment: layout.Middle}.Layout(gtx,
			layout.Rigid(optional(i, 18, 8, on)), layout.Rigid(a.words(labelOf(k), on, txt)))
	})
	call := m.Stop()
	size := image.Pt(max(d.Size.X, least), d.Size.Y)
	fill(gtx, size, 100, face)
	defer op.Offset(image.Pt((size.X-d.Size.X)/2, 0)).Push(gtx.Ops).Pop()
	call.Add(gtx.Ops)
	return layout.Dimensions{Size: size}
}

func labelOf(k kind) style {
	if k == filled {
		return title
	}
	return titleSmall
}

// optional returns a widget of an icon and room beside it, or of nothing.
func optional(i *widget.Icon, size, beside unit.Dp, c color.NRGBA) layout.Widget {
	return func(gtx layout.Context) layout.Dimensions {
		if i == nil {
			return layout.Dimensions{}
		}
		return layout.Inset{Right: beside}.Layout(gtx, draw(i, size, c))
	}
}

// iconButton returns a button of an icon only.
func (a *App) iconButton(b *widget.Clickable, i *widget.Icon, c color.NRGBA, label string) layout.Widget {
	return func(gtx layout.Context) layout.Dimensions {
		t := touch{class: semantic.Button, label: label, radius: 100, on: c}
		return a.press(gtx, b, t, func(gtx layout.Context) layout.Dimensions {
			return layout.UniformInset(8).Layout(gtx, draw(i, 24, c))
		})
	}
}

// said lays w out as one thing to be read out.
func said(label string, w layout.Widget) layout.Widget {
	return func(gtx layout.Context) layout.Dimensions {
		m := op.Record(gtx.Ops)
		d := w(gtx)
		call := m.Stop()
		// Glyphs may reach over the edge of their line.
		defer clip.Rect(image.Rectangle{Max: d.Size}.Inset(-gtx.Dp(2))).Push(gtx.Ops).Pop()
		call.Add(gtx.Ops)
		semantic.LabelOp(label).Add(gtx.Ops)
		return d
	}
}
