package ui

import (
	"gioui.org/layout"
	"gioui.org/widget"

	"i80.dk/sighej/mobile/app/model"
)

// home is the switch, who is in range, and the nudges.
type home struct {
	list   layout.List
	open   toggle
	pause  widget.Clickable
	edit   widget.Clickable
	nudges map[string]*nudgeButtons // by nudge
}

func (a *App) actHome(gtx layout.Context) {
	h := &a.home
	if h.open.click.Clicked(gtx) {
		a.state.SetOpen(a.state.Mode == model.Off)
	}
	if h.pause.Clicked(gtx) {
		a.state.SetPaused(a.state.Mode == model.Open)
	}
	if h.edit.Clicked(gtx) {
		a.state.Choose()
	}
	a.actNudges(gtx)
}

func (a *App) layoutHome(gtx layout.Context) layout.Dimensions {
	rows := a.homeRows()
	return layout.Flex{Axis: layout.Vertical}.Layout(gtx,
		layout.Rigid(a.topBar),
		layout.Flexed(1, func(gtx layout.Context) layout.Dimensions {
			return a.home.list.Layout(gtx, len(rows), func(gtx layout.Context, i int) layout.Dimensions {
				return layout.Inset{Left: 16, Right: 16, Bottom: 12}.Layout(gtx, rows[i])
			})
		}))
}

// homeRows are what the screen scrolls through. Nudges come before everything
// that only tells how things are.
func (a *App) homeRows() []layout.Widget {
	rows := []layout.Widget{a.switchCard}
	if len(a.state.Nudges) > 0 {
		for _, n := range a.state.Nudges {
			rows = append(rows, a.nudgeCard(n))
		}
		return append(rows, a.statusRow, a.interestsCard)
	}
	return append(rows, a.statusRow, a.interestsCard, a.noNudges)
}

func (a *App) topBar(gtx layout.Context) layout.Dimensions {
	c := a.colour
	return layout.Inset{Left: 20, Right: 12, Top: 12, Bottom: 12}.Layout(gtx, func(gtx layout.Context) layout.Dimensions {
		gtx.Constraints.Min.Y = gtx.Dp(finger)
		return layout.Flex{Alignment: layout.Middle}.Layout(gtx,
			layout.Rigid(a.logo(24)), layout.Rigid(gap(12)), layout.Rigid(loose(a.line(titleLarge, c.onSurface, "SigHej"))))
	})
}

func (a *App) interestsCard(gtx layout.Context) layout.Dimensions {
	c := a.colour
	tags := make([]layout.Widget, len(a.state.Chosen))
	for i, l := range a.state.Chosen {
		tags[i] = a.tag(l)
	}
	return card(20, c.low, layout.Inset{Left: 20, Right: 8, Top: 8, Bottom: 20}, func(gtx layout.Context) layout.Dimensions {
		return column(gtx,
			func(gtx layout.Context) layout.Dimensions {
				return layout.Flex{Alignment: layout.Middle}.Layout(gtx,
					layout.Flexed(1, a.words(title, c.onSurface, "You like to talk about")),
					layout.Rigid(a.buttonFor(&a.home.edit, plain, iconEdit, "Edit", "Edit interests")))
			},
			gap(4),
			func(gtx layout.Context) layout.Dimensions {
				gtx.Constraints.Max.X -= gtx.Dp(12)
				return flow(gtx, 8, 8, tags)
			})
	})(gtx)
}

func (a *App) noNudges(gtx layout.Context) layout.Dimensions {
	c, txt := a.colour, "Switch on, and put the phone in your pocket. It tells you when someone is near."
	switch a.state.Mode {
	case model.Open:
		txt = "No nudges yet. You can put the phone in your pocket; it tells you."
	case model.Paused:
		txt = "Paused. Go on when you feel like it."
	}
	return layout.Inset{Top: 12, Left: 32, Right: 32}.Layout(gtx, func(gtx layout.Context) layout.Dimensions {
		gtx.Constraints.Min.X = gtx.Constraints.Max.X
		return layout.Flex{Axis: layout.Vertical, Alignment: layout.Middle}.Layout(gtx,
			layout.Rigid(badge(iconHand, 56, c.container, c.outline)), layout.Rigid(gap(12)),
			layout.Rigid(a.centred(bodySmall, c.onVariant, txt)))
	})
}
