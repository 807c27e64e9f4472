package admin

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"i80.dk/sighej/persistence"
)

// TestNoAnswersRevealACount goes through every way in which a day of a small
// system can begin, with every secret offset, and looks at it as one would who
// reads all answers after each session: the ways that look alike must not agree
// about any count under the floor.
func TestNoAnswersRevealACount(t *testing.T) {
	for _, c := range []struct{ floor, categories, sessions int }{{2, 2, 9}, {2, 3, 6}, {3, 2, 10}} {
		t.Run(fmt.Sprintf("floor %d, %d categories, %d sessions", c.floor, c.categories, c.sessions), func(t *testing.T) {
			looks := make(map[string][]uint32) // by what is seen: the counts that there may be, a bit each, per session and category
			for way := range power(1<<c.categories-1, c.sessions) {
				counts := begin(way, c.categories, c.sessions)
				for secret := range power(c.floor, c.categories) {
					seen := watch(counts, secret, c.floor, c.categories)
					may := looks[seen]
					if may == nil {
						may = make([]uint32, len(counts))
						looks[seen] = may
					}
					for i, n := range counts {
						may[i] |= 1 << n
					}
				}
			}
			revealed := 0
			for _, may := range looks {
				if slices.ContainsFunc(may, func(bits uint32) bool { return bits&(bits-1) == 0 && bits < 1<<c.floor }) {
					revealed++
				}
			}
			if len(looks) < 20 || revealed > 0 {
				t.Errorf("%d of %d sequences of answers reveal a count under the floor", revealed, len(looks))
			}
		})
	}
}

// begin returns the counts of each category after each session, of one way.
func begin(way, categories, sessions int) []int64 {
	counts := make([]int64, 0, sessions*categories)
	now := make([]int64, categories)
	for range sessions {
		set := way%(1<<categories-1) + 1 // each session is in one category or more
		way /= 1<<categories - 1
		for c := range now {
			now[c] += int64(set >> c & 1)
		}
		counts = append(counts, now...)
	}
	return counts
}

// watch returns all figures that are shown, for one choice of offsets.
func watch(counts []int64, secret, floor, categories int) string {
	seen := make([]byte, len(counts))
	for i, n := range counts {
		offset := secret / power(floor, i%categories) % floor
		seen[i] = byte(step(n, int64(i/categories+1), int64(1+offset), int64(floor)))
	}
	return string(seen)
}

func power(base, exponent int) int {
	p := 1
	for range exponent {
		p *= base
	}
	return p
}

var known = []string{"art", "books", "music", "tech"}

// A figure is never above the count, nor further below it than is said, and the
// same for all who have the key.
func TestFigureTrailsTheCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, 50).Draw(t, "floor")
		key := rapid.SliceOfN(rapid.Byte(), 1, 8).Draw(t, "key")
		totals := persistence.Totals{Day: "2026-11-27", Categories: map[string]int64{}}
		for _, name := range known {
			totals.Categories[name] = rapid.Int64Range(0, 500).Draw(t, name)
			totals.Sessions = max(totals.Sessions, totals.Categories[name])
		}
		totals.Sessions += rapid.Int64Range(0, 100).Draw(t, "others")
		all := NewFloor(int(size), key, known).Categories(totals)
		if again := NewFloor(int(size), key, known).Categories(totals); len(all) != len(known) || !slices.Equal(all, again) {
			t.Fatalf("%v, and on another member %v", all, again)
		}
		for i, c := range all {
			n := totals.Categories[c.Name]
			switch {
			case n < size && c.Sessions != Count(-size):
				t.Errorf("%s with %d shows %v under a floor of %d", c.Name, n, c.Sessions, size)
			case c.Sessions < 0 && n >= 3*size, c.Sessions >= 0 && (int64(c.Sessions) >= n || int64(c.Sessions) <= n-3*size || int64(c.Sessions)%size != 0):
				t.Errorf("%s with %d shows %v, the floor is %d", c.Name, n, c.Sessions, size)
			case i > 0 && byFrequency(all[i-1], c) >= 0:
				t.Errorf("not in order: %v", all)
			}
		}
	})
}

// Whoever watches while single sessions begin sees no figure move but after as
// many as the floor.
func TestFiguresMoveInBatches(t *testing.T) {
	f := NewFloor(10, []byte("key"), known)
	var last []Category
	moved := int64(0)
	for n := range int64(200) {
		now := f.Categories(persistence.Totals{Day: "2026-11-27", Sessions: n, Categories: map[string]int64{"tech": n * 2 / 3, "art": n / 2}})
		if last != nil && !slices.Equal(now, last) {
			if n-moved < 10 {
				t.Errorf("moved after %d and after %d sessions", moved, n)
			}
			moved = n
		}
		last = now
	}
	if moved == 0 || last[0].Name != "tech" || last[0].Sessions < 100 || last[3].Sessions != -10 {
		t.Errorf("after 200 sessions: %v", last)
	}
	if other := f.Categories(persistence.Totals{Day: "2026-11-28"}); other[0].Sessions != -10 {
		t.Errorf("the next day begins with %v", other)
	}
}

// A name tells nothing: it stands there before anybody has it, and one that the
// catalogue lacks does not before it may be told.
func TestNamesUnderTheFloor(t *testing.T) {
	f := NewFloor(10, []byte("key"), known)
	got := f.Categories(persistence.Totals{Day: "2026-11-27", Sessions: 90, Categories: map[string]int64{"tech": 1, "former": 3, "gone": 60}})
	if fmt.Sprint(got[0].Name) != "gone" || fmt.Sprint(got[1:]) != "[{art <10} {books <10} {music <10} {tech <10}]" {
		t.Errorf("%v", got)
	}
}

func TestNoFloor(t *testing.T) {
	f := NewFloor(0, nil, known)
	for n := range int64(3) {
		got := f.Categories(persistence.Totals{Sessions: 3, Categories: map[string]int64{"tech": 1 + n, "art": 1}})
		if want := []Category{{"tech", Count(1 + n)}, {"art", 1}}; n > 0 && !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

func TestCountAsText(t *testing.T) {
	for c, want := range map[Count]string{-10: `"<10"`, 0: "0", 40: "40"} {
		if got, err := c.MarshalJSON(); err != nil || string(got) != want {
			t.Errorf("%d: %s %v, want %s", c, got, err, want)
		}
	}
}
