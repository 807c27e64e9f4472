package phones

import (
	"math/rand/v2"
	"sync"

	"i80.dk/sighej/bench/ledger"
)

const (
	tries      = 32   // to find a pair as wanted
	remembered = 4096 // decided pairs that are reported again once no new ones are allowed
)

// plan chooses who reports whom. What it chooses follows from the seed and the
// order of the calls. It is safe for concurrent use.
type plan struct {
	mu         sync.Mutex
	rand       *rand.Rand
	vocabulary *ledger.Vocabulary
	limit      int // new matches of a phone that are planned at most; 0: any number

	phones  []*phone // that may be chosen
	place   map[ledger.Phone]int
	holders map[int][]*phone // of a label
	matches map[ledger.Phone]int
	planned map[[2]ledger.Phone]struct{}
	decided [][2]*phone // a ring
	next    int
	repeats int // of decided pairs, for want of new ones
}

func newPlan(seed uint64, worker int, v *ledger.Vocabulary, limit int) *plan {
	return &plan{
		rand:       rand.New(rand.NewPCG(seed, uint64(worker))), // #nosec G404 G115 -- repeatable on purpose
		vocabulary: v, limit: limit,
		place: map[ledger.Phone]int{}, holders: map[int][]*phone{}, matches: map[ledger.Phone]int{},
		planned: map[[2]ledger.Phone]struct{}{},
	}
}

// draw returns the interests of a new phone.
func (pl *plan) draw(n int) ledger.Set {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	return pl.vocabulary.Draw(pl.rand, n)
}

// admit lets p be chosen.
func (pl *plan) admit(p *phone) {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	pl.place[p.Phone] = len(pl.phones)
	pl.phones = append(pl.phones, p)
	p.interests.Each(func(label int) { pl.holders[label] = append(pl.holders[label], p) })
}

// dismiss lets p be chosen no more.
func (pl *plan) dismiss(p *phone) {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	i, ok := pl.place[p.Phone]
	if !ok {
		return
	}
	last := len(pl.phones) - 1
	pl.phones[i] = pl.phones[last]
	pl.place[pl.phones[i].Phone] = i
	pl.phones = pl.phones[:last]
	delete(pl.place, p.Phone)
	delete(pl.matches, p.Phone)
	p.interests.Each(func(label int) { pl.holders[label] = without(pl.holders[label], p) })
	kept := pl.decided[:0]
	for _, pair := range pl.decided {
		if pair[0] != p && pair[1] != p {
			kept = append(kept, pair)
		}
	}
	clear(pl.decided[len(kept):])
	pl.decided, pl.next = kept, 0
	for pair := range pl.planned {
		if pair[0] == p.Phone || pair[1] == p.Phone {
			delete(pl.planned, pair)
		}
	}
}

func without(phones []*phone, p *phone) []*phone {
	for i, q := range phones {
		if q == p {
			last := len(phones) - 1
			phones[i], phones[last] = phones[last], nil
			return phones[:last]
		}
	}
	return phones
}

// choose returns a phone and n others for it to report, each of them with a
// common interest in the given share of the cases. Others may be fewer than n
// where the crowd has no more to offer.
func (pl *plan) choose(n int, overlap float64) (by *phone, others []*phone) {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	if len(pl.phones) < 2 {
		return nil, nil
	}
	by = pl.phones[pl.rand.IntN(len(pl.phones))]
	others = make([]*phone, 0, n)
	for range n {
		var of *phone
		if pl.rand.Float64() < overlap {
			if n == 1 {
				return pl.overlapping(by)
			}
			of = pl.partner(by)
		} else {
			of = pl.stranger(by)
		}
		if of != nil {
			others = append(others, of)
		}
	}
	return by, others
}

// stranger returns a phone that shares nothing with by.
func (pl *plan) stranger(by *phone) *phone {
	for range tries {
		if of := pl.phones[pl.rand.IntN(len(pl.phones))]; of != by && of.interests.Disjoint(&by.interests) {
			return of
		}
	}
	return nil
}

// partner returns a phone that shares something with by and that it may match.
func (pl *plan) partner(by *phone) *phone {
	if pl.full(by) {
		return nil
	}
	labels := make([]int, 0, 20)
	by.interests.Each(func(label int) { labels = append(labels, label) })
	for range tries {
		holders := pl.holders[labels[pl.rand.IntN(len(labels))]]
		of := holders[pl.rand.IntN(len(holders))]
		if of == by || pl.full(of) {
			continue
		}
		pair := [2]ledger.Phone{min(by.Phone, of.Phone), max(by.Phone, of.Phone)}
		if _, again := pl.planned[pair]; again {
			continue
		}
		pl.planned[pair] = struct{}{}
		pl.matches[by.Phone]++
		pl.matches[of.Phone]++
		pl.remember(by, of)
		return of
	}
	return nil
}

// overlapping returns two phones that share something: new to each other, or, if
// the limit leaves none, two that met before.
func (pl *plan) overlapping(by *phone) (*phone, []*phone) {
	for range tries {
		if of := pl.partner(by); of != nil {
			return by, []*phone{of}
		}
		by = pl.phones[pl.rand.IntN(len(pl.phones))]
	}
	if len(pl.decided) == 0 {
		return nil, nil
	}
	pl.repeats++
	pair := pl.decided[pl.rand.IntN(len(pl.decided))]
	return pair[0], pair[1:]
}

// repeated returns how often a pair that had met was chosen for want of a new one.
func (pl *plan) repeated() int {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	return pl.repeats
}

func (pl *plan) full(p *phone) bool { return pl.limit > 0 && pl.matches[p.Phone] >= pl.limit }

func (pl *plan) remember(a, b *phone) {
	if len(pl.decided) < remembered {
		pl.decided = append(pl.decided, [2]*phone{a, b})
		return
	}
	pl.decided[pl.next%remembered] = [2]*phone{a, b}
	pl.next++
}
