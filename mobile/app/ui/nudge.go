package ui

import (
	"strings"
	"time"

	"gioui.org/layout"
	"gioui.org/op"
	"gioui.org/widget"

	"i80.dk/sighej/mobile/app/model"
)

// nudgeCard returns a nudge: what is shared, when, and how near.
func (a *App) nudgeCard(n model.Nudge) layout.Widget {
	if a.home.dismiss == nil {
		a.home.dismiss = map[string]*widget.Clickable{}
	}
	c, b := a.colour, clickable(a.home.dismiss, n.ID)
	return card(24, c.people, layout.Inset{Left: 16, Right: 4, Top: 8, Bottom: 20}, func(gtx layout.Context) layout.Dimensions {
		return layout.Flex{}.Layout(gtx,
			layout.Rigid(func(gtx layout.Context) layout.Dimensions {
				return layout.Inset{Top: 8, Right: 12}.Layout(gtx, badge(iconHand, 44, c.coral, c.people))
			}),
			layout.Flexed(1, func(gtx layout.Context) layout.Dimensions {
				return layout.Inset{Top: 10}.Layout(gtx, a.nudgeWords(n))
			}),
			layout.Rigid(a.iconButton(b, iconClose, c.onPeople, "Dismiss the nudge about "+n.Title())))
	})
}

func (a *App) nudgeWords(n model.Nudge) layout.Widget {
	c := a.colour
	return func(gtx layout.Context) layout.Dimensions {
		gtx.Execute(op.InvalidateCmd{At: gtx.Now.Add(time.Minute)}) // the time goes on
		facts := []string{model.Ago(n.At, gtx.Now)}
		icons := []*widget.Icon{iconTime}
		if d := n.Distance.Words(); d != "" {
			facts, icons = []string{d, facts[0]}, []*widget.Icon{iconPlace, iconTime}
		}
		return said(n.Sentence()+". "+strings.Join(facts, ", "), func(gtx layout.Context) layout.Dimensions {
			lead := gap(0)
			if len(n.Labels) > 0 {
				lead = a.words(bodySmall, c.onPeople, "Someone nearby shares your interest in")
			}
			return column(gtx, lead, gap(2), a.words(titleLarge, c.onPeople, n.Title()), gap(12),
				func(gtx layout.Context) layout.Dimensions {
					ws := make([]layout.Widget, len(facts))
					for i := range facts {
						ws[i] = a.fact(icons[i], facts[i])
					}
					return flow(gtx, 16, 4, ws)
				})
		})(gtx)
	}
}

// fact returns a small icon with a word.
func (a *App) fact(i *widget.Icon, txt string) layout.Widget {
	c := fade(a.colour.onPeople, 0.85)
	return func(gtx layout.Context) layout.Dimensions {
		return layout.Flex{Alignment: layout.Middle}.Layout(gtx,
			layout.Rigid(optional(i, 16, 6, c)), layout.Rigid(a.line(caption, c, txt)))
	}
}
