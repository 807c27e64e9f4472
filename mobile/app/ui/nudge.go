package ui

import (
	"slices"
	"strings"
	"time"

	"gioui.org/layout"
	"gioui.org/op"
	"gioui.org/unit"
	"gioui.org/widget"

	"i80.dk/sighej/mobile/app/model"
)

// nudgeButtons are what can be done about a nudge.
type nudgeButtons struct{ dismiss, wave, doubt, block, keep widget.Clickable }

func (h *home) buttons(nudge string) *nudgeButtons {
	if h.nudges == nil {
		h.nudges = map[string]*nudgeButtons{}
	}
	b, ok := h.nudges[nudge]
	if !ok {
		b = new(nudgeButtons)
		h.nudges[nudge] = b
	}
	return b
}

func (a *App) actNudges(gtx layout.Context) {
	for id, b := range a.home.nudges {
		switch {
		case b.wave.Clicked(gtx):
			a.state.Wave(id)
			a.cfg.Wave(id)
		case b.doubt.Clicked(gtx):
			a.state.Doubt(id)
		case b.keep.Clicked(gtx):
			a.state.Keep()
		case b.block.Clicked(gtx):
			a.cfg.Block(id)
			a.state.Dismiss(id)
		case b.dismiss.Clicked(gtx):
			a.state.Dismiss(id)
		}
		if !slices.ContainsFunc(a.state.Nudges, func(n model.Nudge) bool { return n.ID == id }) {
			delete(a.home.nudges, id)
		}
	}
}

// nudgeCard returns a nudge: what is shared, when, and how near; and what can be
// done about it while the session goes on.
func (a *App) nudgeCard(n model.Nudge) layout.Widget {
	c, b := a.colour, a.home.buttons(n.ID)
	foot := gap(20)
	switch {
	case a.state.Mode == model.Off:
	case a.state.Doubted == n.ID:
		foot = a.blockQuestion(b)
	default:
		foot = a.nudgeActions(n, b)
	}
	return card(24, c.people, layout.Inset{Left: 16, Right: 4, Top: 8}, func(gtx layout.Context) layout.Dimensions {
		return column(gtx,
			func(gtx layout.Context) layout.Dimensions {
				return layout.Flex{}.Layout(gtx,
					layout.Rigid(func(gtx layout.Context) layout.Dimensions {
						return layout.Inset{Top: 8, Right: 12}.Layout(gtx, badge(iconHand, 44, c.coral, c.people))
					}),
					layout.Flexed(1, func(gtx layout.Context) layout.Dimensions {
						return layout.Inset{Top: 10}.Layout(gtx, a.nudgeWords(n))
					}),
					layout.Rigid(a.iconButton(&b.dismiss, iconClose, c.onPeople, "Dismiss the nudge about "+n.Title())))
			},
			foot)
	})
}

// nudgeActions are the buttons below a nudge.
func (a *App) nudgeActions(n model.Nudge, b *nudgeButtons) layout.Widget {
	doubt := loose(a.buttonFor(&b.doubt, quiet, nil, "Block", "Block whom the nudge about "+n.Title()+" is about"))
	switch {
	case len(n.Labels) > 0:
		return belowWords(0, doubt)
	case n.Waved:
		words := layout.Inset{Left: 12, Top: 8}
		return belowWords(0, func(gtx layout.Context) layout.Dimensions {
			return column(gtx, func(gtx layout.Context) layout.Dimensions {
				return words.Layout(gtx, a.words(bodySmall, a.colour.onPeople, "You said hi. If they do too, you both see what you share."))
			}, doubt)
		})
	}
	return belowWords(12, func(gtx layout.Context) layout.Dimensions {
		return flow(gtx, 4, 0, []layout.Widget{a.button(&b.wave, warm, iconHand, "Say hi"), doubt})
	})
}

// blockQuestion asks before it is done: it cannot be taken back.
func (a *App) blockQuestion(b *nudgeButtons) layout.Widget {
	const question = "Block this person? You two are not nudged about each other again while this goes on, and they are not told."
	answers := []layout.Widget{a.button(&b.block, warm, nil, "Yes, block"), a.buttonFor(&b.keep, quiet, nil, "Keep", "Do not block")}
	return belowWords(12, func(gtx layout.Context) layout.Dimensions {
		return column(gtx, gap(8), a.words(bodySmall, a.colour.onPeople, question), gap(4),
			func(gtx layout.Context) layout.Dimensions { return flow(gtx, 4, 0, answers) })
	})
}

// belowWords lays w out below the words of a nudge, that much further in than a
// quiet button stands, whose own words are under those then.
func belowWords(in unit.Dp, w layout.Widget) layout.Widget {
	return func(gtx layout.Context) layout.Dimensions {
		return layout.Inset{Left: 44 + in, Right: 12, Top: 4, Bottom: 8}.Layout(gtx, w)
	}
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
			lead, size := gap(0), title
			if len(n.Labels) > 0 {
				lead, size = a.words(bodySmall, c.onPeople, "Someone nearby shares your interest in"), titleLarge
			}
			return column(gtx, lead, gap(2), a.words(size, c.onPeople, n.Title()), gap(12),
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
