package venue

import (
	"cmp"
	"slices"
	"time"
)

// Sighting is one phone's claim to have heard another. People and their phones
// are known by one index, from 0 on.
type Sighting struct {
	At     time.Duration // when it was heard, within the tick
	By, Of int32
	RSSI   int8 // dBm, never 0
}

// Meeting is two people within EncounterDistance of each other, from tick to
// tick without a break, for EncounterTime or longer. A pair that parts and comes
// back meets anew after another EncounterTime.
type Meeting struct {
	A, B  int32         // A < B
	Began time.Duration // of the first tick that found them so near
	Ended time.Duration // of the first that did not; 0 while they are together
}

// Tick is what happened in a step.
type Tick struct {
	At        time.Duration // simulated time at its end
	Sightings []Sighting    // by At, then By, then Of
	Met       []Meeting     // that lasted long enough in this tick; by A, then B
	Parted    []Meeting     // that ended in this tick; by A, then B
}

func (t *Tick) sort() {
	slices.SortFunc(t.Sightings, func(a, b Sighting) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.By, b.By), cmp.Compare(a.Of, b.Of))
	})
	byPeople := func(a, b Meeting) int { return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B)) }
	slices.SortFunc(t.Met, byPeople)
	slices.SortFunc(t.Parted, byPeople)
}
