package admin

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"strconv"
	"sync"

	"i80.dk/sighej/persistence"
)

// Count is how many sessions there were of a category, as far as it may be told.
// Below 0 it says only that there were fewer than its negative.
type Count int64

// String writes a number, or "<10" of a count that is not told.
func (c Count) String() string {
	if c < 0 {
		return "<" + strconv.FormatInt(-int64(c), 10)
	}
	return strconv.FormatInt(int64(c), 10)
}

// MarshalJSON writes a number, or "<10" as text.
func (c Count) MarshalJSON() ([]byte, error) {
	if c < 0 {
		return []byte(`"` + c.String() + `"`), nil
	}
	return []byte(c.String()), nil
}

// Category is a category of interests with what may be told of a day.
type Category struct {
	Name     string
	Sessions Count
}

// Floor keeps small numbers of people from being told: whoever reads its answers,
// all of them and as often as they like, beside the exact number of all sessions,
// never learns the count of a category that is under the floor.
//
// With a floor of f a category shows the multiple of f that min(count, sessions-f)
// - offset has reached, and "<f" before the first. Each part is needed:
//
//   - the offset, 1 to f, is secret and another one for each day and category.
//     Without it the step that makes a category appear would tell that its count
//     was f-1 just before.
//   - sessions-f hides how near a category is to everybody: what is missing there
//     would be the count of those who are in none of the large ones.
//   - all categories that there may be are listed, so that a name does not tell
//     that somebody has it.
//
// A figure therefore trails the count by less than two steps, or by up to three
// where nearly everybody is in the category, and is never above it. Besides, the
// figures of a day stay as they are until f more sessions have begun, so that no
// single session is seen to move one.
//
// It is safe for concurrent use and does not block.
type Floor struct {
	size       int64
	key        []byte
	categories []string

	mu   sync.Mutex
	told map[persistence.Day]told
}

// told is what was last told of a day.
type told struct {
	sessions   int64 // that there were then
	categories []Category
}

// maxTold bounds what is remembered, in days.
const maxTold = 2 * maxDays

// NewFloor returns a floor of size sessions; with 0 every count is told as it is.
// Categories are all that there may be. The key is secret and the same on every
// member, or their answers would differ.
func NewFloor(size int, key []byte, categories []string) *Floor {
	return &Floor{size: int64(size), key: key, categories: categories, told: make(map[persistence.Day]told)}
}

// Categories returns what may be told of a day, the most frequent first and equals
// by name; those under the floor come last.
func (f *Floor) Categories(t persistence.Totals) []Category {
	if f.size <= 0 {
		return exact(t.Categories)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	last, ok := f.told[t.Day]
	if ok && t.Sessions < last.sessions+f.size {
		return slices.Clone(last.categories)
	}
	if len(f.told) >= maxTold {
		clear(f.told)
	}
	now := told{t.Sessions, f.reckon(t)}
	f.told[t.Day] = now
	return slices.Clone(now.categories)
}

func exact(counts map[string]int64) []Category {
	all := make([]Category, 0, len(counts))
	for name, n := range counts {
		all = append(all, Category{name, Count(n)})
	}
	slices.SortFunc(all, byFrequency)
	return all
}

func (f *Floor) reckon(t persistence.Totals) []Category {
	shown := make(map[string]Count, len(f.categories))
	for _, name := range f.categories {
		shown[name] = Count(-f.size)
	}
	for name, n := range t.Categories {
		// A name that the catalogue lacks shows once it may be told, and not before.
		if v := step(n, t.Sessions, f.offset(t.Day, name), f.size); v > 0 {
			shown[name] = Count(v)
		}
	}
	all := make([]Category, 0, len(shown))
	for _, name := range slices.Sorted(maps.Keys(shown)) {
		all = append(all, Category{name, shown[name]})
	}
	slices.SortStableFunc(all, byFrequency)
	return all
}

func byFrequency(a, b Category) int {
	return cmp.Or(cmp.Compare(max(b.Sessions, 0), max(a.Sessions, 0)), cmp.Compare(a.Name, b.Name))
}

// step returns the figure of a count, 0 when it is under the floor.
func step(count, sessions, offset, size int64) int64 {
	return max(min(count, sessions-size)-offset, 0) / size * size
}

// offset returns the secret of a category and day, from 1 to the floor.
func (f *Floor) offset(day persistence.Day, category string) int64 {
	mac := hmac.New(sha256.New, f.key)
	mac.Write([]byte("sighej: floor under small numbers\x00" + string(day) + "\x00" + category))
	return 1 + int64(binary.BigEndian.Uint64(mac.Sum(nil))%uint64(f.size))
}
