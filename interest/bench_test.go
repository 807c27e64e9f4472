package interest_test

import (
	"fmt"
	"runtime"
	"testing"

	"i80.dk/sighej/interest"
)

// spread returns n catalogue labels, every step-th from first on.
func spread(first, step, n int) []string {
	entries := interest.Default().Entries()
	out := make([]string, n)
	for i := range out {
		out[i] = entries[(first+i*step)%len(entries)].Label
	}
	return out
}

func kites(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("kite no %d", i)
	}
	return out
}

func BenchmarkOverlaps(b *testing.B) {
	l := lexicon()
	for _, n := range []int{1, 5, 10, 20} {
		mine := parse(b, l, spread(0, 30, n)...)
		last := spread(15, 30, n)
		last[n-1] = spread(0, 30, n)[n-1]
		for _, c := range []struct {
			name   string
			theirs interest.Set
			want   bool
		}{
			{"miss", parse(b, l, spread(15, 30, n)...), false},
			{"hit", parse(b, l, last...), true},
		} {
			b.Run(fmt.Sprintf("%s/%d", c.name, n), func(b *testing.B) {
				for b.Loop() {
					if mine.Overlaps(c.theirs) != c.want {
						b.Fatal("wrong")
					}
				}
			})
		}
	}
}

func BenchmarkOverlap(b *testing.B) {
	l := lexicon()
	mine := append(spread(0, 30, 9), "kite no 0")
	for name, theirs := range map[string][]string{
		"miss":          spread(15, 30, 10),
		"hit/catalogue": append(spread(15, 30, 9), mine[4]),
		"hit/off":       append(spread(15, 30, 9), "kite no 0"),
	} {
		s, o := parse(b, l, mine...), parse(b, l, theirs...)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.Overlap(s, o)
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	l := lexicon()
	for name, in := range map[string][]string{
		"canonical/1":  spread(0, 30, 1),
		"canonical/10": spread(0, 30, 10),
		"canonical/20": spread(0, 30, 20),
		"respelled/10": {"DevOps", "Hardstyle", "Philosophy", "GoLang", "K8s", "Chess", "Tea", "Jazz", "Poetry", "Sauna"},
		"unicode/10":   {"Pokémon", "Forró", "Pétanque", "Macramé", "Repair Cafés", "Köln", "Ærø", "Straße", "茶道", "ΦΙΛΟΣ"},
		"off/10":       kites(10),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Parse(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRestore(b *testing.B) {
	l := lexicon()
	hashes := l.Hashes(parse(b, l, spread(0, 30, 10)...))
	b.ReportAllocs()
	for b.Loop() {
		l.Restore(hashes)
	}
}

// BenchmarkSetMemory reports the live bytes of a set, with the Set value itself.
func BenchmarkSetMemory(b *testing.B) {
	l := lexicon()
	for name, in := range map[string][]string{
		"canonical/1":  spread(0, 30, 1),
		"canonical/10": spread(0, 30, 10),
		"canonical/20": spread(0, 30, 20),
		"aliases/10":   {"golang", "k8s", "dnb", "ai", "ar", "cpp", "ml", "js", "ts", "vr"},
		"off/1":        append(spread(0, 30, 9), "kite no 0"),
		"off/10":       kites(10),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				const n = 50_000
				before := liveBytes()
				sets := make([]interest.Set, n)
				for i := range sets {
					sets[i] = parse(b, l, in...)
				}
				b.ReportMetric(float64(liveBytes()-before)/n, "B/set")
				runtime.KeepAlive(sets)
			}
		})
	}
}

func liveBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
