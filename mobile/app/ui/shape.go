package ui

import (
	"image"
	"image/color"

	"gioui.org/layout"
	"gioui.org/op"
	"gioui.org/op/clip"
	"gioui.org/op/paint"
	"gioui.org/unit"
)

// fill paints a rectangle with round corners.
func fill(gtx layout.Context, size image.Point, radius unit.Dp, c color.NRGBA) {
	defer clip.UniformRRect(image.Rectangle{Max: size}, corner(gtx, size, radius)).Push(gtx.Ops).Pop()
	paint.Fill(gtx.Ops, c)
}

// border draws the edge of a rectangle with round corners, inside of it.
func border(gtx layout.Context, size image.Point, radius, width unit.Dp, c color.NRGBA) {
	w := float32(gtx.Dp(width))
	half := int(w/2 + 0.5)
	r := image.Rectangle{Max: size}.Inset(half)
	path := clip.UniformRRect(r, max(corner(gtx, size, radius)-half, 0)).Path(gtx.Ops)
	paint.FillShape(gtx.Ops, c, clip.Stroke{Path: path, Width: w}.Op())
}

func corner(gtx layout.Context, size image.Point, radius unit.Dp) int {
	return min(gtx.Dp(radius), size.X/2, size.Y/2)
}

// disc paints a filled circle.
func disc(gtx layout.Context, centre image.Point, radius int, c color.NRGBA) {
	r := image.Rectangle{Min: centre, Max: centre}.Inset(-radius)
	paint.FillShape(gtx.Ops, c, clip.Ellipse(r).Op(gtx.Ops))
}

// ring draws a circle.
func ring(gtx layout.Context, centre image.Point, radius int, width float32, c color.NRGBA) {
	r := image.Rectangle{Min: centre, Max: centre}.Inset(-radius)
	paint.FillShape(gtx.Ops, c, clip.Stroke{Path: clip.Ellipse(r).Path(gtx.Ops), Width: width}.Op())
}

// card puts a widget on a surface as wide as there is room.
func card(radius unit.Dp, c color.NRGBA, inset layout.Inset, w layout.Widget) layout.Widget {
	return func(gtx layout.Context) layout.Dimensions {
		gtx.Constraints.Min.X = gtx.Constraints.Max.X
		m := op.Record(gtx.Ops)
		d := inset.Layout(gtx, w)
		call := m.Stop()
		fill(gtx, d.Size, radius, c)
		call.Add(gtx.Ops)
		return d
	}
}

// column lays widgets out below each other, each as wide as there is room.
func column(gtx layout.Context, ws ...layout.Widget) layout.Dimensions {
	children := make([]layout.FlexChild, len(ws))
	for i, w := range ws {
		children[i] = layout.Rigid(w)
	}
	return layout.Flex{Axis: layout.Vertical}.Layout(gtx, children...)
}

// gap is room between two widgets, in both directions.
func gap(d unit.Dp) layout.Widget {
	return func(gtx layout.Context) layout.Dimensions {
		return layout.Dimensions{Size: image.Pt(gtx.Dp(d), gtx.Dp(d))}
	}
}

// loose lets a widget be as small as it likes.
func loose(w layout.Widget) layout.Widget {
	return func(gtx layout.Context) layout.Dimensions {
		gtx.Constraints.Min = image.Point{}
		return w(gtx)
	}
}

// flow lays widgets out like words, line by line, with room between them and
// between the lines.
func flow(gtx layout.Context, beside, below unit.Dp, ws []layout.Widget) layout.Dimensions {
	between, width := gtx.Dp(beside), gtx.Constraints.Max.X
	gtx.Constraints.Min = image.Point{}
	at, tallest, widest := image.Point{}, 0, 0
	for _, w := range ws {
		m := op.Record(gtx.Ops)
		d := w(gtx)
		call := m.Stop()
		if at.X > 0 && at.X+d.Size.X > width {
			at, tallest = image.Pt(0, at.Y+tallest+gtx.Dp(below)), 0
		}
		t := op.Offset(at).Push(gtx.Ops)
		call.Add(gtx.Ops)
		t.Pop()
		at.X += d.Size.X + between
		tallest, widest = max(tallest, d.Size.Y), max(widest, at.X-between)
	}
	return layout.Dimensions{Size: image.Pt(widest, at.Y+tallest)}
}
