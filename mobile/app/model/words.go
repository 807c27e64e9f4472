package model

import (
	"fmt"
	"strings"
	"time"
)

// Title returns what a nudge says below "Someone nearby shares your interest
// in", or all of its message when it names no labels.
func (n Nudge) Title() string {
	if len(n.Labels) == 0 {
		return n.Message
	}
	return join(n.Labels)
}

// Sentence returns all of a nudge as one sentence.
func (n Nudge) Sentence() string {
	if len(n.Labels) == 0 {
		return n.Message
	}
	return "Someone nearby shares your interest in " + join(n.Labels)
}

// Words returns a distance in words, or "" when it is not known.
func (d Distance) Words() string {
	return [...]string{"", "Near", "Very near"}[min(d, VeryNear)]
}

// Ago returns how long ago t was, in words. A clock that runs ahead of the
// server's gives "just now".
func Ago(t, now time.Time) string {
	switch d := now.Sub(t); {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return "more than a day ago"
}

// People returns a number of people in words.
func People(n int) string {
	if n == 1 {
		return "person in range"
	}
	return "people in range"
}

// Summary returns the whole state in one or two sentences, for those who hear
// the app instead of seeing it.
func (s *State) Summary() string {
	switch s.Mode {
	case Open:
		return fmt.Sprintf("Open to talk. %s %d %s.", s.Connection.Words(), s.InRange, People(s.InRange))
	case Paused:
		return "Paused. Nobody is nudged about you."
	}
	return "Off. Nobody can find you."
}

// Words returns a connection as a sentence.
func (c Connection) Words() string {
	return [...]string{"Not connected.", "Connecting.", "Connected.", "No connection; trying again."}[min(c, Waiting)]
}

func join(labels []string) string {
	if len(labels) == 1 {
		return labels[0]
	}
	last := len(labels) - 1
	return strings.Join(labels[:last], ", ") + " and " + labels[last]
}

// Heading returns the name of a category for people: "film-tv" is "Film & TV".
func (c Category) Heading() string {
	words := strings.Split(c.Name, "-")
	for i, w := range words {
		if w == "tv" {
			words[i] = "TV"
		} else if w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " & ")
}
