package ui

import (
	"image"

	"gioui.org/layout"
	"gioui.org/op"
	"gioui.org/widget"
)

// welcome is the first start: what the app does, in plain words, and consent.
type welcome struct {
	list  layout.List
	agree widget.Clickable
	more  widget.Clickable
	all   bool // the long words are shown too
}

// promises are what a person agrees to.
var promises = []struct {
	icon        *widget.Icon
	title, text string
}{
	{iconNumber, "Only a random number is in the air", "Phones nearby hear it over Bluetooth. No name, no phone number, no place."},
	{iconShield, "Only what you share is shown", "The other person sees the interests that you both chose, never the rest."},
	{iconTimer, "Off means forgotten", "Switch off and your session is gone from the server at once. Without the phone it ends by itself in a few hours."},
}

const details = "While you are open to talk, this phone tells the server your interests, your random number and the random numbers " +
	"that it hears. The server compares interests and nudges both phones. It keeps interests as coded numbers, counts matches without " +
	"knowing whose they are, and has no account, no history and no place of yours. You can switch off at any time."

func (a *App) actWelcome(gtx layout.Context) {
	if a.welcome.more.Clicked(gtx) {
		a.welcome.all = !a.welcome.all
	}
	if a.welcome.agree.Clicked(gtx) {
		a.state.Agree()
	}
}

func (a *App) layoutWelcome(gtx layout.Context) layout.Dimensions {
	return layout.Flex{Axis: layout.Vertical}.Layout(gtx,
		layout.Flexed(1, func(gtx layout.Context) layout.Dimensions {
			return a.welcome.list.Layout(gtx, 1, func(gtx layout.Context, _ int) layout.Dimensions { return a.welcomeText(gtx) })
		}),
		layout.Rigid(a.bottom(a.button(&a.welcome.agree, filled, nil, "I agree, let's go"))))
}

func (a *App) welcomeText(gtx layout.Context) layout.Dimensions {
	c := a.colour
	ws := []layout.Widget{
		a.hero, gap(28),
		a.words(headline, c.onSurface, "Say hi to someone who likes what you like"), gap(12),
		a.words(body, c.onVariant, "SigHej nudges two people who are near each other, share an interest and are both open to talk."), gap(28),
	}
	for _, p := range promises {
		ws = append(ws, a.promise(p.icon, p.title, p.text), gap(20))
	}
	if a.welcome.all {
		ws = append(ws, card(16, c.container, layout.UniformInset(16), a.words(bodySmall, c.onVariant, details)))
	}
	label := "What exactly is sent?"
	if a.welcome.all {
		label = "Show less"
	}
	ws = append(ws, func(gtx layout.Context) layout.Dimensions {
		return layout.Inset{Left: 44}.Layout(gtx, a.button(&a.welcome.more, plain, nil, label)) // below the promises' words
	})
	return layout.Inset{Left: 20, Right: 20, Top: 20, Bottom: 8}.Layout(gtx, func(gtx layout.Context) layout.Dimensions {
		return column(gtx, ws...)
	})
}

func (a *App) promise(i *widget.Icon, title_, text string) layout.Widget {
	c := a.colour
	return said(title_+". "+text, func(gtx layout.Context) layout.Dimensions {
		return layout.Flex{}.Layout(gtx,
			layout.Rigid(badge(i, 40, c.secondary, c.onSecondary)), layout.Rigid(gap(16)),
			layout.Flexed(1, func(gtx layout.Context) layout.Dimensions {
				return column(gtx, a.words(title, c.onSurface, title_), gap(2), a.words(bodySmall, c.onVariant, text))
			}))
	})
}

// bottom returns a bar at the lower edge that holds the screen's one button.
func (a *App) bottom(w layout.Widget) layout.Widget {
	return func(gtx layout.Context) layout.Dimensions {
		return layout.Inset{Left: 20, Right: 20, Top: 12, Bottom: 20}.Layout(gtx, func(gtx layout.Context) layout.Dimensions {
			gtx.Constraints.Min.X = gtx.Constraints.Max.X
			return w(gtx)
		})
	}
}

// centre moves what is drawn next so that its middle is at p.
func centre(gtx layout.Context, p image.Point, size int) op.TransformStack {
	return op.Offset(p.Sub(image.Pt(size/2, size/2))).Push(gtx.Ops)
}
