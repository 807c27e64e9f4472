package ui

import (
	"image"
	"time"

	"gioui.org/io/semantic"
	"gioui.org/layout"
	"gioui.org/op"
	"gioui.org/unit"
	"gioui.org/widget"

	"i80.dk/sighej/mobile/app/model"
)

// toggle is the big switch with the words beside it; all of it is touched.
type toggle struct {
	click widget.Clickable
	at    float32 // where the thumb is: 0 off, 1 on
	last  time.Time
}

const slide = 180 * time.Millisecond // from one end to the other

// settle moves the thumb towards where it belongs.
func (t *toggle) settle(gtx layout.Context, on bool) float32 {
	to, step := float32(0), float32(1)
	if on {
		to = 1
	}
	if t.at != to {
		if since := gtx.Now.Sub(t.last); !t.last.IsZero() && since < slide {
			step = float32(since) / float32(slide)
		} else if t.last.IsZero() {
			step = 0
		}
		if t.at < to {
			t.at = min(t.at+step, to)
		} else {
			t.at = max(t.at-step, to)
		}
		t.last = gtx.Now
		gtx.Execute(op.InvalidateCmd{})
	}
	if t.at == to {
		t.last = time.Time{}
	}
	return t.at * t.at * (3 - 2*t.at)
}

// openSwitch returns the switch with its words, which are read out as its hint.
func (a *App) openSwitch(on bool, hint string, words layout.Widget) layout.Widget {
	return func(gtx layout.Context) layout.Dimensions {
		t := touch{class: semantic.Switch, label: "Open to talk", hint: hint, selected: on, radius: 20} // no tint: the thumb moves at once
		return a.press(gtx, &a.home.open.click, t, func(gtx layout.Context) layout.Dimensions {
			return layout.Flex{Alignment: layout.Middle}.Layout(gtx,
				layout.Flexed(1, words), layout.Rigid(gap(16)), layout.Rigid(a.track(on)))
		})
	}
}

// track draws the switch itself.
func (a *App) track(on bool) layout.Widget {
	c := a.colour
	return func(gtx layout.Context) layout.Dimensions {
		at := a.home.open.settle(gtx, on)
		size := image.Pt(gtx.Dp(92), gtx.Dp(56))
		full, mark := c.primary, iconHand
		if a.state.Mode == model.Paused {
			full, mark = c.outline, iconPause
		}
		fill(gtx, size, 28, mix(c.high, full, at))
		if at < 1 {
			border(gtx, size, 28, 2, mix(c.outline, full, at))
		}
		small, large := gtx.Dp(18), gtx.Dp(23)
		r := small + int(float32(large-small)*at)
		x := size.Y/2 + int(float32(size.X-size.Y)*at)
		disc(gtx, image.Pt(x, size.Y/2), r, mix(c.outline, c.onPrimary, at))
		if at > 0.5 {
			t := centre(gtx, image.Pt(x, size.Y/2), gtx.Dp(26))
			draw(mark, unit.Dp(26), fade(full, at*2-1))(gtx)
			t.Pop()
		}
		return layout.Dimensions{Size: size}
	}
}
