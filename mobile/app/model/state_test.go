package model

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var list = Catalogue{{"go", "tech"}, {"devops", "tech"}, {"hardstyle", "music"}, {"good food", "food"}, {"mango", "food"}, {"Go boards", "games"}}

func opened() *State {
	s := &State{}
	s.Apply(list)
	s.Agree()
	s.Toggle("devops")
	s.Chose()
	s.SetOpen(true)
	return s
}

func TestWayHome(t *testing.T) {
	s := &State{}
	s.SetOpen(true)
	if s.Mode != Off {
		t.Error("open without an interest")
	}
	s.Agree()
	s.Chose()
	if s.Screen != Choosing {
		t.Errorf("screen %d without an interest", s.Screen)
	}
	s.Toggle("devops")
	s.Chose()
	s.SetPaused(true)
	if s.Screen != Home || s.Wish().Running {
		t.Errorf("%+v", s)
	}
}

func TestTwentyInterests(t *testing.T) {
	s := &State{}
	for i := range MaxInterests {
		if !s.Toggle(fmt.Sprint(i)) {
			t.Fatalf("no room for %d", i)
		}
	}
	if s.Toggle("one more") || len(s.Chosen) != MaxInterests {
		t.Errorf("%d chosen", len(s.Chosen))
	}
	if !s.Toggle("7") || s.HasChosen("7") || !s.Toggle("one more") {
		t.Error("a choice taken back makes no room")
	}
}

// A wish does not change with the state that it came from.
func TestWishIsItsOwn(t *testing.T) {
	s := opened()
	w := s.Wish()
	s.Toggle("devops")
	s.Toggle("go")
	if !slices.Equal(w.Interests, []string{"devops"}) {
		t.Errorf("%q", w.Interests)
	}
}

func TestOffForgets(t *testing.T) {
	s := opened()
	for _, e := range []Event{Connected, RadioFull, PeopleInRange(4), Nudge{ID: "1"}} {
		s.Apply(e)
	}
	s.SetOpen(false)
	for _, e := range []Event{Connected, RadioFull, PeopleInRange(4), Nudge{ID: "2"}} { // too late
		s.Apply(e)
	}
	if s.Mode != Off || s.Connection != Offline || s.Radio != RadioOff || s.InRange != 0 || s.Nudges != nil {
		t.Errorf("%+v", s)
	}
}

func TestRefusalKeepsNudges(t *testing.T) {
	s := opened()
	s.Apply(Nudge{ID: "1"})
	s.Apply(Refused("why"))
	if s.Mode != Off || len(s.Nudges) != 1 || s.Notice != "why" {
		t.Errorf("%+v", s)
	}
	s.SetOpen(true)
	if len(s.Nudges) != 0 || s.Notice != "" {
		t.Errorf("a new session has what the old one left: %+v", s)
	}
}

func TestNudgesAreBounded(t *testing.T) {
	s := opened()
	for i := range 3 * maxNudges {
		s.Apply(Nudge{ID: fmt.Sprint(i / 2)})
	}
	if len(s.Nudges) != maxNudges || s.Nudges[0].ID != fmt.Sprint(3*maxNudges/2-1) {
		t.Errorf("%d nudges, the newest is %s", len(s.Nudges), s.Nudges[0].ID)
	}
}

func TestSearch(t *testing.T) {
	s := &State{}
	s.Apply(list)
	for _, c := range []struct {
		query string
		found []string
		own   string
	}{
		{"  ", nil, ""},
		{"go", []string{"go", "Go boards", "good food", "mango"}, ""},
		{"GO ", []string{"go", "Go boards", "good food", "mango"}, ""},
		{"Moss", nil, "moss"},
		{"hard", []string{"hardstyle"}, "hard"},
		{strings.Repeat("ø", 65), nil, ""},
		{strings.Repeat("ø", 64), nil, strings.Repeat("ø", 64)},
	} {
		found, own := s.Search(c.query)
		slices.Sort(found)
		slices.Sort(c.found)
		if !slices.Equal(found, c.found) || own != c.own {
			t.Errorf("%q: %q and %q", c.query, found, own)
		}
	}
	if found, _ := s.Search("go"); found[0] != "go" || found[len(found)-1] != "mango" {
		t.Errorf("in the order %q", found)
	}
}

func TestWords(t *testing.T) {
	now := time.Now()
	for want, got := range map[string]string{
		"just now":                  Ago(now.Add(time.Minute), now),
		"59 min ago":                Ago(now.Add(-time.Hour+time.Second), now),
		"3 h ago":                   Ago(now.Add(-3*time.Hour), now),
		"more than a day ago":       Ago(now.Add(-30*time.Hour), now),
		"a, b and c":                Nudge{Labels: []string{"a", "b", "c"}}.Title(),
		"Hello":                     Nudge{Message: "Hello"}.Sentence(),
		"Film & TV":                 Category{Name: "film-tv"}.Heading(),
		"Off. Nobody can find you.": (&State{}).Summary(),
		"Open to talk. Connected. 1 person in range.": (&State{Mode: Open, Connection: Connected, InRange: 1}).Summary(),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
