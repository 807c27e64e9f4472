package phones

import (
	"fmt"
	"testing"

	"i80.dk/sighej/bench/ledger"
)

func newTestPlan(t testing.TB, seed uint64, n, interests, limit int) *plan {
	t.Helper()
	var labels []string
	for i := range 100 {
		labels = append(labels, fmt.Sprint("label ", i))
	}
	v, err := ledger.NewVocabulary(labels)
	if err != nil {
		t.Fatal(err)
	}
	pl := newPlan(seed, 0, v, limit)
	for i := range n {
		pl.admit(&phone{Phone: ledger.Phone(i), interests: pl.draw(interests)}) // #nosec G115 -- small
	}
	return pl
}

func TestChooseKeepsTheShare(t *testing.T) {
	for _, c := range []struct {
		batch   int
		overlap float64
	}{{1, 0}, {1, .3}, {1, 1}, {10, .3}, {100, 0}} {
		pl := newTestPlan(t, 1, 400, 5, 0)
		var overlaps, all int
		for range 2000 {
			by, of := pl.choose(c.batch, c.overlap)
			for _, o := range of {
				if o == by {
					t.Fatal("a phone sees itself")
				}
				if all++; !o.interests.Disjoint(&by.interests) {
					overlaps++
				}
			}
		}
		if got := float64(overlaps) / float64(all); got < c.overlap-.03 || got > c.overlap+.03 {
			t.Errorf("batches of %d: %.3f overlap, want %.3f", c.batch, got, c.overlap)
		}
	}
}

// No phone gets more new matches than the limit; when there are no more to be had,
// pairs that met are reported again.
func TestChooseStaysUnderTheLimit(t *testing.T) {
	const limit = 3
	pl := newTestPlan(t, 1, 50, 5, limit)
	pairs := map[[2]ledger.Phone]bool{}
	var repeated int
	for range 1000 {
		by, of := pl.choose(1, 1)
		pair := [2]ledger.Phone{min(by.Phone, of[0].Phone), max(by.Phone, of[0].Phone)}
		if pairs[pair] {
			repeated++
		}
		pairs[pair] = true
	}
	matches := map[ledger.Phone]int{}
	for pair := range pairs {
		for _, p := range pair {
			if matches[p]++; matches[p] > limit {
				t.Fatalf("phone %d has %d matches", p, matches[p])
			}
		}
	}
	if repeated == 0 || len(pairs) < 50*limit/2*8/10 {
		t.Errorf("%d pairs, %d repeated", len(pairs), repeated)
	}
}

func TestSameSeedSamePairs(t *testing.T) {
	of := func(seed uint64) (all string) {
		pl := newTestPlan(t, seed, 50, 5, 20)
		for range 200 {
			by, others := pl.choose(3, .5)
			all += fmt.Sprint(by.Phone)
			for _, o := range others {
				all += fmt.Sprint(" ", o.Phone)
			}
			all += "\n"
		}
		return all
	}
	first := of(7)
	if again := of(7); again != first {
		t.Error("the same seed gave other pairs")
	}
	if of(8) == first {
		t.Error("another seed gave the same pairs")
	}
}

func TestDismissedIsNeverChosen(t *testing.T) {
	pl := newTestPlan(t, 1, 20, 5, 0)
	gone := map[*phone]bool{}
	for len(pl.phones) > 2 {
		p := pl.phones[0]
		gone[p] = true
		pl.dismiss(p)
		pl.dismiss(p) // twice is once
		for range 50 {
			by, of := pl.choose(2, .5)
			for _, o := range append(of, by) {
				if gone[o] {
					t.Fatal("a dismissed phone was chosen")
				}
			}
		}
	}
	pl.dismiss(pl.phones[0])
	if by, of := pl.choose(1, 1); by != nil || of != nil {
		t.Error("a single phone sees somebody")
	}
}
