package model

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Category is a part of the catalogue, in the catalogue's order.
type Category struct {
	Name   string
	Labels []string
}

func categories(c Catalogue) []Category {
	out := []Category{}
	for _, in := range c {
		i := slices.IndexFunc(out, func(o Category) bool { return o.Name == in.Category })
		if i < 0 {
			i = len(out)
			out = append(out, Category{Name: in.Category})
		}
		out[i].Labels = append(out[i].Labels, in.Label)
	}
	return out
}

const (
	maxFound = 40 // labels that a search shows
	maxLabel = 64 // runes of a label: the contract's
)

// Search returns the interests that have the words of a query in them, those
// that begin with it first. An own label is offered when the catalogue lacks it;
// "" means that there is none to offer.
func (s *State) Search(query string) (found []string, own string) {
	query = normal(query)
	if query == "" {
		return nil, ""
	}
	var begin, contain []string
	exact := false
	for _, c := range s.Categories {
		for _, l := range c.Labels {
			switch low := strings.ToLower(l); {
			case strings.HasPrefix(low, query):
				begin = append(begin, l)
				exact = exact || low == query
			case strings.Contains(low, query):
				contain = append(contain, l)
			}
		}
	}
	found = append(begin, contain...)
	found = found[:min(len(found), maxFound)]
	if !exact && utf8.RuneCountInString(query) <= maxLabel {
		own = query
	}
	return found, own
}

// normal folds case and spaces. The server normalises for itself; this is for
// looking up only.
func normal(label string) string { return strings.ToLower(strings.Join(strings.Fields(label), " ")) }
