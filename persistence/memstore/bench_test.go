package memstore

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

func fill(b *testing.B, s *Store, n int) []persistence.Registration {
	b.Helper()
	all := make([]persistence.Registration, n)
	for i := range all {
		all[i] = register(b, s, 2*time.Hour)
	}
	return all
}

func BenchmarkCreate(b *testing.B) {
	all := make([]persistence.Registration, b.N)
	for i := range all {
		all[i] = registration(2 * time.Hour)
	}
	s := New()
	b.ReportAllocs()
	b.ResetTimer()
	for i := range all {
		if err := s.Create(b.Context(), all[i]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommit has about a hundred matches a session at the most.
func BenchmarkCommit(b *testing.B) {
	s := New()
	all := fill(b, s, 300+b.N/50)
	matches := make([]sighej.Match, b.N)
	for i := range matches {
		from := i % len(all)
		matches[i] = matchOf(all[from], all[(from+1+i/len(all))%len(all)])
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range matches {
		if outcome, err := s.Commit(b.Context(), matches[i]); outcome != sighej.Committed || err != nil {
			b.Fatal(outcome, err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	s := New()
	all := fill(b, s, 100_000)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := s.Load(b.Context(), all[i%len(all)].Session.Token); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkActive(b *testing.B) {
	s := New()
	fill(b, s, 100_000)
	b.ResetTimer()
	for b.Loop() {
		if n, err := s.Active(b.Context()); n != 100_000 || err != nil {
			b.Fatal(n, err)
		}
	}
}

// BenchmarkBytesPerSession measures the heap beside the shared Session.
func BenchmarkBytesPerSession(b *testing.B) {
	sizes := []int{100_000, 1_000_000}
	if testing.Short() {
		sizes = sizes[:1]
	}
	for _, n := range sizes {
		b.Run(fmt.Sprintf("sessions=%d", n), func(b *testing.B) {
			all := make([]persistence.Registration, n)
			for i := range all {
				all[i] = registration(2 * time.Hour)
			}
			for b.Loop() {
				before := heap()
				s := New()
				for i := range all {
					if err := s.Create(b.Context(), all[i]); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(heap()-before)/float64(n), "B/session")
				runtime.KeepAlive(s)
			}
			runtime.KeepAlive(all)
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
