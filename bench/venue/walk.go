package venue

import "math"

// walker is a person on the way to a goal or resting at one: the random waypoint
// model, with hotspots.
type walker struct {
	x, y         float64
	goalX, goalY float64
	dx, dy       float64 // the way of a tick, metres
	way          int32   // ticks until the goal
	rest         int32   // ticks to stay there
	dice         dice
}

// habits are what all walkers do alike.
type habits struct {
	places            *places
	slowest, fastest  float64 // metres per tick
	shortest, longest float64 // pause, ticks
	most              float64 // ticks of the longest way and the longest pause
}

func newHabits(c Config) habits {
	tick := c.Radio.Tick.Seconds()
	h := habits{
		places:  newPlaces(c),
		slowest: c.SlowestWalk * tick, fastest: c.FastestWalk * tick,
		shortest: c.ShortestPause.Seconds() / tick, longest: c.LongestPause.Seconds() / tick,
	}
	h.most = math.Hypot(c.Width, c.Height)/h.slowest + h.longest
	return h
}

// enough tries find somebody's first way and rest. Longer ones are taken more
// often: at any moment that is what most people are in the midst of.
const enough = 64

// newWalker returns a person somewhere in the midst of a way or of a rest, so
// that a crowd is from the start as it will be for ever.
func newWalker(h *habits, d dice) walker {
	w := walker{dice: d}
	w.x, w.y = h.places.pick(&w.dice)
	for range enough {
		w.leave(h)
		if w.dice.between(0, h.most) < w.lasting() {
			break
		}
	}
	gone := int32(w.dice.between(0, w.lasting()))
	if gone < w.way {
		w.way -= gone
		w.x, w.y = h.places.inside(w.x+w.dx*float64(gone), w.y+w.dy*float64(gone))
		return w
	}
	w.rest -= gone - w.way
	w.way, w.x, w.y = 0, w.goalX, w.goalY
	return w
}

// lasting is for how many ticks the goal holds.
func (w *walker) lasting() float64 { return float64(w.way) + float64(w.rest) }

// leave chooses the next goal, and how fast to go and how long to stay.
func (w *walker) leave(h *habits) {
	w.goalX, w.goalY = h.places.pick(&w.dice)
	speed := w.dice.between(h.slowest, h.fastest)
	distance := math.Hypot(w.goalX-w.x, w.goalY-w.y)
	w.way = int32(math.Ceil(distance / speed))
	w.dx, w.dy = 0, 0
	if distance > 0 {
		w.dx, w.dy = (w.goalX-w.x)*speed/distance, (w.goalY-w.y)*speed/distance
	}
	w.rest = int32(w.dice.between(h.shortest, h.longest))
}

// step is a tick of somebody's life.
func (w *walker) step(h *habits) {
	switch {
	case w.way > 1:
		w.way--
		w.x, w.y = h.places.inside(w.x+w.dx, w.y+w.dy)
	case w.way == 1:
		w.way--
		w.x, w.y = w.goalX, w.goalY
	case w.rest > 0:
		w.rest--
	default:
		w.leave(h)
	}
}
