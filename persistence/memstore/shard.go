package memstore

import (
	"encoding/binary"
	"sync"
	"time"

	"i80.dk/sighej"
)

// shard is a slice of the sessions: by token, and as a binary heap with the
// next one to expire on top. Sessions mostly expire in the order of their
// creation, and then a new one stays where it is appended.
type shard struct {
	mu       sync.Mutex
	records  map[sighej.Token]*record
	byExpiry []*record // byExpiry[r.place] == r
	_        [24]byte  // one shard, one cache line
}

func (sh *shard) live(token sighej.Token, now time.Time) *record {
	if rec := sh.records[token]; rec != nil && rec.session.Live(now) {
		return rec
	}
	return nil
}

func (sh *shard) liveAs(key sighej.SessionKey, now time.Time) *record {
	if rec := sh.live(key.Token, now); rec != nil && rec.session.ID == key.ID {
		return rec
	}
	return nil
}

// first returns the record that expires first, or nil.
func (sh *shard) first() *record {
	if len(sh.byExpiry) == 0 {
		return nil
	}
	return sh.byExpiry[0]
}

func (sh *shard) add(rec *record) {
	if sh.records == nil {
		sh.records = make(map[sighej.Token]*record)
	}
	sh.records[rec.session.Token] = rec
	sh.byExpiry = append(sh.byExpiry, rec)
	sh.up(len(sh.byExpiry)-1, rec)
}

func (sh *shard) remove(rec *record) {
	delete(sh.records, rec.session.Token)
	end := len(sh.byExpiry) - 1
	last := sh.byExpiry[end]
	sh.byExpiry[end] = nil
	sh.byExpiry = sh.byExpiry[:end]
	if last == rec {
		return
	}
	hole := int(rec.place)
	if hole > 0 && last.before(sh.byExpiry[(hole-1)/2]) {
		sh.up(hole, last)
	} else {
		sh.down(hole, last)
	}
}

// up puts rec at i or, while it expires before the parent, above it.
func (sh *shard) up(i int, rec *record) {
	for i > 0 {
		parent := (i - 1) / 2
		if !rec.before(sh.byExpiry[parent]) {
			break
		}
		sh.put(i, sh.byExpiry[parent])
		i = parent
	}
	sh.put(i, rec)
}

// down puts rec at i or, while a child expires before it, below that.
func (sh *shard) down(i int, rec *record) {
	for {
		child := 2*i + 1
		if child >= len(sh.byExpiry) {
			break
		}
		if right := child + 1; right < len(sh.byExpiry) && sh.byExpiry[right].before(sh.byExpiry[child]) {
			child = right
		}
		if !sh.byExpiry[child].before(rec) {
			break
		}
		sh.put(i, sh.byExpiry[child])
		i = child
	}
	sh.put(i, rec)
}

func (sh *shard) put(i int, rec *record) {
	sh.byExpiry[i] = rec
	rec.place = uint32(i) //nolint:gosec // memory ends long before 2^32 records
}

// accessShard finds sessions by access token. Eight bytes of a hash are key
// enough; find compares all of it.
type accessShard struct {
	mu      sync.Mutex
	records map[uint64]*record
}

func (a *accessShard) add(rec *record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.records == nil {
		a.records = make(map[uint64]*record)
	}
	a.records[accessKey(rec.session.Access)] = rec
}

func (a *accessShard) remove(rec *record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if key := accessKey(rec.session.Access); a.records[key] == rec {
		delete(a.records, key)
	}
}

func (a *accessShard) find(h sighej.AccessHash) *sighej.Session {
	a.mu.Lock()
	defer a.mu.Unlock()
	if rec := a.records[accessKey(h)]; rec != nil && rec.session.Access.Equal(h) {
		return rec.session
	}
	return nil
}

func accessKey(h sighej.AccessHash) uint64 { return binary.BigEndian.Uint64(h[:]) }
