package ui

import (
	"fmt"

	"gioui.org/io/key"
	"gioui.org/layout"
	"gioui.org/widget"

	"i80.dk/sighej/mobile/app/model"
)

const fewLabels = 7 // of a category that is not unfolded

// choose is the list of interests.
type choose struct {
	list   layout.List
	query  widget.Editor
	field  widget.Clickable // all around the query
	clear  widget.Clickable
	done   widget.Clickable
	again  widget.Clickable
	own    widget.Clickable
	chips  map[string]*widget.Clickable // by label
	unfold map[string]*widget.Clickable // by category
	open   map[string]bool              // categories that show all
	full   bool                         // a tap found no room
}

func (c *choose) init() {
	c.list.Axis = layout.Vertical
	c.query.SingleLine = true
	c.chips, c.unfold, c.open = map[string]*widget.Clickable{}, map[string]*widget.Clickable{}, map[string]bool{}
}

// clickable returns the control of a name, which stays the same.
func clickable(m map[string]*widget.Clickable, name string) *widget.Clickable {
	b, ok := m[name]
	if !ok {
		b = new(widget.Clickable)
		m[name] = b
	}
	return b
}

func (a *App) actChoose(gtx layout.Context) {
	c := &a.choose
	for label, b := range c.chips {
		if b.Clicked(gtx) {
			c.full = !a.state.Toggle(label)
		}
	}
	for name, b := range c.unfold {
		if b.Clicked(gtx) {
			c.open[name] = !c.open[name]
		}
	}
	if c.field.Clicked(gtx) {
		gtx.Execute(key.FocusCmd{Tag: &c.query})
		gtx.Execute(key.SoftKeyboardCmd{Show: true})
	}
	if c.clear.Clicked(gtx) {
		c.query.SetText("")
	}
	if c.again.Clicked(gtx) {
		a.state.NoList = false
		a.cfg.Fetch()
	}
	if _, own := a.state.Search(c.query.Text()); c.own.Clicked(gtx) && own != "" {
		c.full = !a.state.Toggle(own)
		c.query.SetText("")
	}
	if c.done.Clicked(gtx) {
		a.state.Chose()
		c.query.SetText("")
		c.full = false
	}
}

func (a *App) layoutChoose(gtx layout.Context) layout.Dimensions {
	rows := a.chooseRows()
	return layout.Flex{Axis: layout.Vertical}.Layout(gtx,
		layout.Rigid(func(gtx layout.Context) layout.Dimensions {
			return layout.Inset{Left: 20, Right: 20, Top: 24, Bottom: 12}.Layout(gtx, a.chooseHead)
		}),
		layout.Flexed(1, func(gtx layout.Context) layout.Dimensions {
			return a.choose.list.Layout(gtx, len(rows), func(gtx layout.Context, i int) layout.Dimensions {
				return layout.Inset{Left: 20, Right: 20, Bottom: 16}.Layout(gtx, rows[i])
			})
		}),
		layout.Rigid(a.chooseFoot))
}

func (a *App) chooseHead(gtx layout.Context) layout.Dimensions {
	c := a.colour
	hint := fmt.Sprintf("Pick up to %d. Others only see what you both picked.", model.MaxInterests)
	if a.choose.full {
		hint = fmt.Sprintf("That is %d already. Take one back to pick another.", model.MaxInterests)
	}
	return column(gtx,
		a.words(headline, c.onSurface, "What would you like to talk about?"), gap(8),
		a.words(bodySmall, c.onVariant, hint), gap(16), a.searchField)
}

func (a *App) chooseFoot(gtx layout.Context) layout.Dimensions {
	n := len(a.state.Chosen)
	if n == 0 {
		return a.bottom(a.centred(bodySmall, a.colour.onVariant, "Pick one to go on"))(gtx)
	}
	return a.bottom(a.button(&a.choose.done, filled, iconCheck, fmt.Sprintf("Done, %d picked", n)))(gtx)
}

// chooseRows are what the list shows: what was searched for, or the chosen ones
// and then each category.
func (a *App) chooseRows() []layout.Widget {
	query := a.choose.query.Text()
	found, own := a.state.Search(query)
	switch {
	case found != nil || own != "":
		return []layout.Widget{a.results(found, own)}
	case a.state.NoList:
		return []layout.Widget{a.noList}
	case a.state.Categories == nil:
		return []layout.Widget{a.words(body, a.colour.onVariant, "Fetching the list…")}
	}
	var rows []layout.Widget
	if len(a.state.Chosen) > 0 {
		rows = append(rows, a.section(iconCheck, "Yours", a.chipsOf(a.state.Chosen)))
	}
	for _, cat := range a.state.Categories {
		rows = append(rows, a.category(cat))
	}
	return rows
}

func (a *App) results(found []string, own string) layout.Widget {
	chips := a.chipsOf(found)
	if own != "" {
		chips = append(chips, a.button(&a.choose.own, tonal, iconAdd, "Add “"+own+"”"))
	}
	return a.section(iconSearch, "Found", chips)
}

func (a *App) noList(gtx layout.Context) layout.Dimensions {
	return column(gtx,
		a.words(body, a.colour.onVariant, "The list of interests could not be fetched. You can still type your own above."), gap(12),
		a.button(&a.choose.again, tonal, nil, "Try again"))
}

func (a *App) category(cat model.Category) layout.Widget {
	labels, rest := cat.Labels, len(cat.Labels)-fewLabels
	open := a.choose.open[cat.Name]
	if !open && rest > 1 {
		labels = labels[:fewLabels]
	}
	chips := a.chipsOf(labels)
	if rest > 1 {
		txt, label := fmt.Sprintf("%d more", rest), fmt.Sprintf("Show %d more of %s", rest, cat.Heading())
		if open {
			txt, label = "Show fewer", "Show fewer of "+cat.Heading()
		}
		chips = append(chips, a.buttonFor(clickable(a.choose.unfold, cat.Name), plain, nil, txt, label))
	}
	return a.section(categoryIcon(cat.Name), cat.Heading(), chips)
}

func (a *App) section(i *widget.Icon, heading string, chips []layout.Widget) layout.Widget {
	return func(gtx layout.Context) layout.Dimensions {
		return column(gtx,
			func(gtx layout.Context) layout.Dimensions {
				return layout.Flex{Alignment: layout.Middle}.Layout(gtx,
					layout.Rigid(draw(i, 20, a.colour.primary)), layout.Rigid(gap(8)),
					layout.Flexed(1, a.words(title, a.colour.onSurface, heading)))
			},
			gap(4),
			func(gtx layout.Context) layout.Dimensions { return flow(gtx, 8, 0, chips) })
	}
}
