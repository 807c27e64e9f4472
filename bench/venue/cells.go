package venue

import "math"

// cells finds people near each other. It is filled anew every tick; cells of a
// row lie side by side, so that neighbouring cells are one loop.
type cells struct {
	side       float64 // metres; at least the distance that is asked for
	cols, rows int
	starts     []int32 // by cell: its first person; one more at the end
	at         []point
	who        []int32
}

type point struct{ x, y float64 }

// newCells makes cells no smaller than distance. A large and empty venue gets
// larger ones, never more than a few for each person.
func newCells(c Config, distance float64) *cells {
	side := distance
	for (c.Width/side+1)*(c.Height/side+1) > float64(4*c.People+64) {
		side *= 2
	}
	g := &cells{side: side, cols: int(c.Width/side) + 1, rows: int(c.Height/side) + 1}
	g.starts = make([]int32, g.cols*g.rows+1)
	g.at, g.who = make([]point, c.People), make([]int32, c.People)
	return g
}

// fill sorts people into the cells.
func (g *cells) fill(people []walker) {
	clear(g.starts)
	for i := range people {
		g.starts[g.cell(people[i].x, people[i].y)]++
	}
	end := int32(0)
	for i, count := range g.starts {
		end += count
		g.starts[i] = end
	}
	for i := len(people) - 1; i >= 0; i-- { // backwards: in a cell people stay in order
		c := g.cell(people[i].x, people[i].y)
		g.starts[c]--
		g.at[g.starts[c]], g.who[g.starts[c]] = point{people[i].x, people[i].y}, int32(i)
	}
}

func (g *cells) cell(x, y float64) int { return g.index(y)*g.cols + g.index(x) }

func (g *cells) index(v float64) int { return int(math.Floor(v / g.side)) }

// around returns the people of a row of cells who may be within reach of p, as a
// range of indices. row may be outside of the venue.
func (g *cells) around(p point, row int) (from, to int32) {
	if row < 0 || row >= g.rows {
		return 0, 0
	}
	col := g.index(p.x)
	first, last := row*g.cols+max(col-1, 0), row*g.cols+min(col+1, g.cols-1)
	return g.starts[first], g.starts[last+1]
}
