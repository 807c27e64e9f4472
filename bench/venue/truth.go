package venue

// truth knows who is near whom, and since when. A pair is kept with the one of
// the lower index.
type truth struct {
	cells   *cells
	squared float64 // distance of an encounter, squared
	need    int32   // ticks that make a contact an encounter
	now     int32

	// All contacts of a tick, each person's together. The next tick's are written
	// while this one's are read, which costs less than a map of pairs: both go
	// through memory in order.
	last, next contacts
	seen       []int32 // by peer of the person at hand: where it stands among the last contacts, plus 1
}

// contact is somebody near.
type contact struct {
	peer  int32
	since int32 // tick
}

type contacts struct {
	list []contact
	of   []stretch // by person
}

type stretch struct{ from, to int32 }

// change is a contact that became an encounter, or an encounter that ended.
type change struct {
	a, b  int32 // a < b
	since int32 // tick
}

func newTruth(c Config) *truth {
	return &truth{
		cells:   newCells(c, c.EncounterDistance),
		squared: c.EncounterDistance * c.EncounterDistance,
		need:    ticks(c.EncounterTime, c.Radio.Tick),
		last:    contacts{of: make([]stretch, c.People)},
		next:    contacts{of: make([]stretch, c.People)},
		seen:    make([]int32, c.People),
	}
}

// step looks at everybody once more. met and parted are called in no particular
// order.
func (t *truth) step(people []walker, met, parted func(change)) {
	t.now++
	t.cells.fill(people)
	t.next.list = t.next.list[:0]
	for i, a := range t.cells.who {
		t.look(a, t.cells.at[i], met, parted)
	}
	t.last, t.next = t.next, t.last
}

// look compares whom a person is near with whom it was near before.
func (t *truth) look(a int32, at point, met, parted func(change)) {
	s := t.last.of[a]
	before := t.last.list[s.from:s.to]
	for i, c := range before {
		t.seen[c.peer] = int32(i) + 1
	}
	from := int32(len(t.next.list))
	row := t.cells.index(at.y)
	for r := row - 1; r <= row+1; r++ {
		t.lookAlong(a, at, r, before, met)
	}
	t.next.of[a] = stretch{from, int32(len(t.next.list))}
	for _, c := range before {
		if t.seen[c.peer] == 0 {
			continue // still there
		}
		t.seen[c.peer] = 0
		if t.now-1-c.since >= t.need {
			parted(change{a, c.peer, c.since})
		}
	}
}

func (t *truth) lookAlong(a int32, at point, row int, before []contact, met func(change)) {
	from, to := t.cells.around(at, row)
	who := t.cells.who[from:to]
	for i, p := range t.cells.at[from:to] {
		dx, dy := p.x-at.x, p.y-at.y
		if b := who[i]; b > a && dx*dx+dy*dy <= t.squared {
			t.touch(a, b, before, met)
		}
	}
}

func (t *truth) touch(a, b int32, before []contact, met func(change)) {
	since := t.now
	if i := t.seen[b]; i > 0 {
		since = before[i-1].since
		t.seen[b] = 0
	}
	t.next.list = append(t.next.list, contact{b, since})
	if t.now-since == t.need {
		met(change{a, b, since})
	}
}
