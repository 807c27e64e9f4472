package sim

import "math"

// cellsPerReach makes cells smaller than the reach, so that the cells a circle
// touches are little more than the circle.
const cellsPerReach = 4

type point struct{ x, y float64 }

// advertiser is a phone that sends packets in this tick.
type advertiser struct {
	pair        uint64  // its part of a pair's shadowing
	loss        float32 // dB
	phone       int32
	first, last int32 // its packets in schedule.packets
}

// grid finds the advertisers near a point. It is filled anew every tick; cells
// of a row lie side by side, so that a stretch of a row is one loop.
type grid struct {
	least      float32 // least loss of an advertiser, dB
	side       float64 // of a cell, metres
	left, top  float64
	cols, rows int
	starts     []int32 // by cell: its first advertiser; one more at the end
	at         []point
	who        []advertiser

	incomingAt []point // in the order of add
	incoming   []advertiser
}

func (g *grid) reset() {
	g.incomingAt, g.incoming = g.incomingAt[:0], g.incoming[:0]
}

func (g *grid) add(at point, a advertiser) {
	g.incomingAt, g.incoming = append(g.incomingAt, at), append(g.incoming, a)
}

// build sorts the added advertisers into cells.
func (g *grid) build(r *radio) {
	n := len(g.incoming)
	g.at, g.who = grown(g.at, n), grown(g.who, n)
	if n == 0 {
		return
	}
	g.measure(r)
	g.starts = grown(g.starts, g.cols*g.rows+1)
	clear(g.starts)
	for _, p := range g.incomingAt {
		g.starts[g.cell(p)]++
	}
	end := int32(0)
	for i, count := range g.starts {
		end += count
		g.starts[i] = end
	}
	for i := n - 1; i >= 0; i-- { // backwards: each cell keeps the order of add
		c := g.cell(g.incomingAt[i])
		g.starts[c]--
		g.at[g.starts[c]], g.who[g.starts[c]] = g.incomingAt[i], g.incoming[i]
	}
}

// measure lays cells over where the advertisers are. Phones that are very far
// apart get larger cells, never more than a few for each.
func (g *grid) measure(r *radio) {
	g.least, g.left, g.top = g.incoming[0].loss, math.Inf(1), math.Inf(1)
	right, bottom := math.Inf(-1), math.Inf(-1)
	for i, p := range g.incomingAt {
		g.left, right = min(g.left, p.x), max(right, p.x)
		g.top, bottom = min(g.top, p.y), max(bottom, p.y)
		g.least = min(g.least, g.incoming[i].loss)
	}
	width, height := right-g.left, bottom-g.top
	cells := float64(4*len(g.incoming) + 64)
	for g.side = max(r.reachWith(g.least)/cellsPerReach, near); (width/g.side+1)*(height/g.side+1) > cells; {
		g.side *= 2
	}
	g.cols, g.rows = int(width/g.side)+1, int(height/g.side)+1
}

func (g *grid) cell(p point) int { return g.row(p.y)*g.cols + g.col(p.x) }

// col and row return the nearest ones there are.
func (g *grid) col(x float64) int { return clampCell((x-g.left)/g.side, g.cols) }
func (g *grid) row(y float64) int { return clampCell((y-g.top)/g.side, g.rows) }

func clampCell(v float64, n int) int { return int(max(0, min(v, float64(n-1)))) }

// stretch returns the advertisers of a row that may be within reach of p, as a
// range of indices.
func (g *grid) stretch(p point, row int, reach float64) (from, to int32) {
	top := g.top + float64(row)*g.side
	dy := max(top-p.y, p.y-top-g.side, 0)
	half := math.Sqrt(max(reach*reach-dy*dy, 0)) + g.side*1e-6 // for what the divisions round
	cells := row * g.cols
	return g.starts[cells+g.col(p.x-half)], g.starts[cells+g.col(p.x+half)+1]
}

// grown returns s with length n and whatever it held.
func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		s = append(s[:cap(s)], make([]T, n-cap(s))...)
	}
	return s[:n]
}
