package venue

import (
	"math"
	"strconv"

	"i80.dk/sighej/bench/report"
)

// kinds are the places of a festival, in the order in which a venue gets them.
// With all of them, 20,000 people on the default venue stand at one to two a
// square metre in front of the stages and in the queues.
var kinds = []struct {
	name   string
	radius float64 // of a venue of 1 × 1
	draw   float64 // how many it draws, against the others
}{
	{"main stage", 0.140, 38},
	{"food", 0.075, 14},
	{"bar", 0.060, 10},
	{"second stage", 0.095, 20},
	{"chill-out", 0.070, 7},
	{"entrance", 0.050, 4},
	{"market", 0.050, 5},
	{"water", 0.025, 2},
}

// hotspot is a place with what it draws.
type hotspot struct {
	report.Hotspot
	draw float64
}

// candidates are the places that are looked at for each hotspot.
const candidates = 32

// placeHotspots lays them out so that they keep away from each other as far as
// a few tries allow.
func placeHotspots(c Config) []hotspot {
	d := diceOf(c.Seed, ofHotspots, 0)
	var placed []hotspot
	for i := range c.Hotspots {
		kind := kinds[i%len(kinds)]
		h := hotspot{draw: kind.draw}
		h.Name = kind.name
		if round := i / len(kinds); round > 0 {
			h.Name += " " + strconv.Itoa(round+1)
		}
		h.Radius = min(kind.radius*math.Sqrt(c.Width*c.Height), min(c.Width, c.Height)/4)
		h.keepAway(placed, c, &d)
		placed = append(placed, h)
	}
	return placed
}

func (h *hotspot) keepAway(placed []hotspot, c Config, d *dice) {
	widest := math.Inf(-1)
	for range candidates {
		x, y := d.between(h.Radius, c.Width-h.Radius), d.between(h.Radius, c.Height-h.Radius)
		gap := math.Inf(1)
		for _, o := range placed {
			gap = min(gap, math.Hypot(x-o.X, y-o.Y)-o.Radius-h.Radius)
		}
		if gap > widest {
			widest, h.X, h.Y = gap, x, y
		}
	}
}

// places knows where people go.
type places struct {
	width, height float64
	drawn         float64
	hotspots      []hotspot
	draws         float64 // of all hotspots
}

func newPlaces(c Config) *places {
	p := &places{width: c.Width, height: c.Height, drawn: c.Drawn, hotspots: placeHotspots(c)}
	for _, h := range p.hotspots {
		p.draws += h.draw
	}
	return p
}

// pick returns a goal: a point in a hotspot, or anywhere.
func (p *places) pick(d *dice) (x, y float64) {
	if len(p.hotspots) == 0 || d.share() >= p.drawn {
		return d.between(0, p.width), d.between(0, p.height)
	}
	h := p.pickHotspot(d)
	angle, r := d.between(0, 2*math.Pi), h.Radius*math.Sqrt(d.share()) // evenly over the disc
	return h.X + r*math.Cos(angle), h.Y + r*math.Sin(angle)
}

func (p *places) pickHotspot(d *dice) *hotspot {
	left := d.between(0, p.draws)
	for i := range p.hotspots {
		if left -= p.hotspots[i].draw; left < 0 {
			return &p.hotspots[i]
		}
	}
	return &p.hotspots[len(p.hotspots)-1]
}

// inside takes back what rounding put over the edge.
func (p *places) inside(x, y float64) (float64, float64) {
	return max(0, min(x, p.width)), max(0, min(y, p.height))
}
