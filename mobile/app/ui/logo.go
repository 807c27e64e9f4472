package ui

import (
	"image"

	"gioui.org/layout"
	"gioui.org/op/clip"
	"gioui.org/op/paint"
	"gioui.org/unit"
)

// logo draws two people as two circles, lit where they overlap. It is twice as
// high as a circle's radius, and three times as wide.
func (a *App) logo(height unit.Dp) layout.Widget {
	return func(gtx layout.Context) layout.Dimensions {
		r := gtx.Dp(height) / 2
		left, right := image.Pt(r, r), image.Pt(2*r+r/10, r)
		disc(gtx, left, r, a.colour.primary)
		disc(gtx, right, r, a.colour.coral)
		a.lens(gtx, left, right, r)
		return layout.Dimensions{Size: image.Pt(right.X+r, 2*r)}
	}
}

// lens lights what is inside both circles.
func (a *App) lens(gtx layout.Context, left, right image.Point, r int) {
	one := image.Rectangle{Min: left, Max: left}.Inset(-r)
	two := image.Rectangle{Min: right, Max: right}.Inset(-r)
	defer clip.Ellipse(one).Push(gtx.Ops).Pop()
	defer clip.Ellipse(two).Push(gtx.Ops).Pop()
	paint.Fill(gtx.Ops, mix(a.colour.people, a.colour.surface, 0.35))
}

// hero draws the two circles with the waves that they send out.
func (a *App) hero(gtx layout.Context) layout.Dimensions {
	size := image.Pt(gtx.Constraints.Max.X, gtx.Dp(224))
	defer clip.UniformRRect(image.Rectangle{Max: size}, gtx.Dp(28)).Push(gtx.Ops).Pop()
	paint.Fill(gtx.Ops, a.colour.container)
	r, mid := gtx.Dp(54), size.Div(2)
	left, right := mid.Sub(image.Pt(r*6/10, 0)), mid.Add(image.Pt(r*6/10, 0))
	for i := 1; i <= 6; i++ {
		share := 0.40 - 0.055*float32(i)
		wave := float32(gtx.Dp(2))
		ring(gtx, left, r+gtx.Dp(unit.Dp(22*i)), wave, fade(a.colour.primary, share))
		ring(gtx, right, r+gtx.Dp(unit.Dp(22*i)), wave, fade(a.colour.coral, share))
	}
	disc(gtx, left, r, a.colour.primary)
	disc(gtx, right, r, a.colour.coral)
	a.lens(gtx, left, right, r)
	hand := gtx.Dp(34)
	t := centre(gtx, mid, hand)
	defer t.Pop()
	draw(iconHand, 34, a.colour.onPeople)(gtx)
	return layout.Dimensions{Size: size}
}
