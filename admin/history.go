package admin

import (
	"fmt"
	"net/http"
	"strconv"

	"i80.dk/sighej"
)

// Days of a history.
const (
	defaultDays = 30
	maxDays     = 366
)

// History is the answer to GET /stats/history: the days that have counts, oldest
// first. Today's are what has been written so far.
type History struct {
	Days []Day `json:"days"` // never null
}

// Day has the anonymous counts of one UTC day.
type Day struct {
	Day       string `json:"day"` // as 2006-01-02
	Sessions  int64  `json:"sessions"`
	Matches   int64  `json:"matches"`
	Sightings int64  `json:"sightings"`
	// Categories has the sessions per interest category, as far as [Floor] lets
	// them be told: a number, or "<10" as text. Never null.
	Categories map[string]Count `json:"categories"`
}

func history(w http.ResponseWriter, r *http.Request, cfg Config) {
	days, err := daysOf(r)
	if err != nil {
		refuse(w, err)
		return
	}
	totals, err := cfg.History(r.Context(), firstDay(cfg.Now(), days))
	if err != nil {
		fail(w, r, cfg.Logger, err)
		return
	}
	h := History{Days: make([]Day, len(totals))}
	for i, t := range totals {
		h.Days[i] = Day{string(t.Day), t.Sessions, t.Matches, t.Sightings, map[string]Count{}}
		for _, c := range cfg.Floor.Categories(t) {
			h.Days[i].Categories[c.Name] = c.Sessions
		}
	}
	answer(w, http.StatusOK, h)
}

// daysOf returns how many days are asked for, today included.
func daysOf(r *http.Request) (int, error) {
	asked := r.URL.Query()["days"]
	if len(asked) == 0 {
		return defaultDays, nil
	}
	n, err := strconv.Atoi(asked[0])
	if err != nil || n < 1 || n > maxDays || len(asked) > 1 {
		invalid := sighej.Errorf(sighej.CodeInvalid, "that history is not to be had")
		invalid.Fields = []sighej.InvalidField{{Path: "query.days", Message: fmt.Sprintf("must be one whole number from 1 to %d", maxDays)}}
		return 0, invalid
	}
	return n, nil
}
