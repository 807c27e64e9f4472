package venue

// reported is what a phone remembers to have reported: a hash table of peers
// with linear probing. It grows on demand up to a bound; at the bound the phone
// reports nobody new until it may report one of them again, so that a bound too
// low costs sightings but never breaks ReportAgain.
type reported struct {
	slots []slot // a power of two, never full
	used  int32
	full  int32 // until this tick nothing can be forgotten
}

type slot struct {
	peer int32 // plus 1; 0: empty
	at   int32 // tick
}

// rules are the same for all phones.
type rules struct {
	again int32 // ticks from one report of a peer to the next
	most  int32 // peers
	alive []slot
}

const fewest = 16 // slots

// note tells whether a peer is to be reported now, and remembers if so.
func (r *reported) note(peer, now int32, rules *rules) bool {
	if s := r.find(peer); s != nil && s.peer != 0 {
		if now-s.at < rules.again {
			return false
		}
		s.at = now
		return true
	}
	if !r.room(now, rules) {
		return false
	}
	*r.find(peer) = slot{peer + 1, now}
	r.used++
	return true
}

// find returns the slot of a peer or the one where it belongs; nil without any.
func (r *reported) find(peer int32) *slot {
	if len(r.slots) == 0 {
		return nil
	}
	mask := uint32(len(r.slots) - 1)
	for i := uint32(peer) * 0x9e3779b1 >> 7 & mask; ; i = (i + 1) & mask {
		if s := &r.slots[i]; s.peer == peer+1 || s.peer == 0 {
			return s
		}
	}
}

// room makes sure that one more fits, or tells that it must not.
func (r *reported) room(now int32, rules *rules) bool {
	if r.used < rules.most && int(r.used)*4 < len(r.slots)*3 {
		return true
	}
	if now < r.full {
		return false
	}
	oldest := r.forget(now, rules)
	if r.used >= rules.most {
		r.full = oldest + rules.again
		return false
	}
	return true
}

// forget drops what may be reported again, makes the table as large as the rest
// needs, and returns when the oldest of the rest was reported.
func (r *reported) forget(now int32, rules *rules) (oldest int32) {
	rules.alive, oldest = rules.alive[:0], now
	for _, s := range r.slots {
		if s.peer != 0 && now-s.at < rules.again {
			rules.alive = append(rules.alive, s)
			oldest = min(oldest, s.at)
		}
	}
	size := fewest
	for len(rules.alive)*5/3 >= size {
		size *= 2
	}
	if size > len(r.slots) {
		r.slots = make([]slot, size)
	} else {
		clear(r.slots)
	}
	for _, s := range rules.alive {
		*r.find(s.peer - 1) = s
	}
	r.used = int32(len(rules.alive))
	return oldest
}
