package sim

// scanner is a phone that listens in this tick.
type scanner struct {
	phone int32
	at    point
	loss  float32
	pair  uint64 // its part of a pair's shadowing
	key   uint64 // its part of what is lost and how it fades
}

// scan finds whom a phone hears.
func (m *Medium) scan(phones []Phone, i int, tick span, hear func(Hearing)) {
	p := &phones[i]
	if !p.on() {
		return
	}
	id := &m.phones[i]
	if m.schedule.listen(id.key, m.duty(p.Mode), tick); len(m.schedule.windows) == 0 {
		return
	}
	s := scanner{phone: int32(i), at: point{p.X, p.Y}, loss: p.loss(), pair: id.pair, key: draw(id.key, streamReceive, 0)}
	for mode := range m.grids {
		if p.Mode == Foreground || Mode(mode) != BackgroundIOS {
			m.search(&s, &m.grids[mode], hear)
		}
	}
}

// search goes through the advertisers that may be within the scanner's reach.
func (m *Medium) search(s *scanner, g *grid, hear func(Hearing)) {
	if len(g.who) == 0 {
		return
	}
	reach := m.radio.reachWith(g.least + s.loss)
	for row := g.row(s.at.y - reach); row <= g.row(s.at.y+reach); row++ {
		from, to := g.stretch(s.at, row, reach)
		m.searchStretch(s, g, from, to, reach*reach, hear)
	}
}

// searchStretch is where the time of a simulation goes: what is cheap and decides
// for most comes first, and it calls nothing that is not inlined before that.
func (m *Medium) searchStretch(s *scanner, g *grid, from, to int32, within float64, hear func(Hearing)) {
	r, who := m.radio, g.who[from:to]
	for i, at := range g.at[from:to] {
		dx, dy := at.x-s.at.x, at.y-s.at.y
		squared := dx*dx + dy*dy
		if squared > within {
			continue
		}
		a := &who[i]
		pair := mix(s.pair + a.pair) // a sum, so that it is the same in both directions
		power := r.powerAt(squared) + r.shadow.at(pair) - s.loss - a.loss
		if power+r.slack < r.floor || s.phone == a.phone {
			continue
		}
		if h, ok := m.receive(s, a, pair, power); ok {
			hear(h)
		}
	}
}

// receive tells which packet of an advertiser is the first to get through.
func (m *Medium) receive(s *scanner, a *advertiser, pair uint64, power float32) (Hearing, bool) {
	r := m.radio
	for _, w := range m.schedule.windows {
		for _, at := range m.schedule.packets[a.first:a.last] {
			if at < w.from || at >= w.to {
				continue
			}
			luck := mix(pair + s.key + uint64(at)*odd)
			if faded := power + r.fade.at(luck); faded >= r.floor && luck&(1<<32-1) >= r.lost {
				return Hearing{At: at, By: int(s.phone), Of: int(a.phone), RSSI: dBm(faded)}, true
			}
		}
	}
	return Hearing{}, false
}
