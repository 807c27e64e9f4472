package actors

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/interest"
	"i80.dk/sighej/persistence/memstore"
	"i80.dk/sighej/wire"
)

// Rates here are per second of CPU that this process used, in all its threads:
// on a shared machine they hold where wall-clock rates do not.

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// perCoreSecond reports n divided by the CPU-seconds since start.
func perCoreSecond(b *testing.B, start time.Duration, n int, unit string) {
	b.ReportMetric(float64(n)/(cpuTime(b)-start).Seconds(), unit+"/core-s")
}

// crowd is a system full of sessions, each with 5 interests out of its half of
// the catalogue, so that sessions of the two halves never overlap.
type crowd struct {
	system *System
	snaps  []*snapshot
}

func newCrowd(b *testing.B, n int) crowd {
	b.Helper()
	c := crowd{system: New(Config{Store: memstore.New(), Lexicon: lexicon(), TTL: 2 * time.Hour, Logger: slog.New(slog.DiscardHandler), Immediate: true})}
	b.Cleanup(func() { _ = c.system.Close(context.Background(), wire.CloseDraining) })
	c.fill(b, n)
	return c
}

// fill registers n sessions, from as many goroutines as there are processors:
// with one alone the garbage collector's idle workers would use up the rest and
// be counted.
func (c *crowd) fill(b *testing.B, n int) {
	labels := catalogueLabels()
	half := len(labels) / 2
	first := len(c.snaps)
	c.snaps = append(c.snaps, make([]*snapshot, n)...)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			interests := make([]string, 5)
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				for k := range interests {
					interests[k] = labels[i%2*half+rand.IntN(half)]
				}
				token := sighej.NewToken()
				if _, err := c.system.Register(context.Background(), sighej.NewSession{Token: token, Interests: interests, Open: true}); err != nil {
					b.Error(err)
					return
				}
				c.snaps[first+i], _ = c.system.index.Load(token)
			}
		})
	}
	wg.Wait()
}

func catalogueLabels() []string {
	var labels []string
	for _, e := range interest.Default().Entries() {
		labels = append(labels, e.Label)
	}
	return labels
}

// BenchmarkSightings is sightings without an overlap among 300,000 sessions,
// random pairs, in one message each or in batches.
func BenchmarkSightings(b *testing.B) {
	const sessions, window = 300_000, 4096
	c := newCrowd(b, sessions)
	for _, size := range []int{1, 10} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			messages := make([]*sight, 1<<16)
			reporters := make([]*snapshot, len(messages))
			slots := make(chan struct{}, window)
			done := func([]sighej.Verdict, error) { <-slots }
			for i := range messages {
				r := rand.IntN(sessions)
				s := make([]sighej.Sighting, size)
				for k := range s {
					s[k].Token = c.snaps[(rand.IntN(sessions/2)*2+1-r%2)%sessions].session.Token
				}
				messages[i], reporters[i] = &sight{s, done}, c.snaps[r]
			}
			runtime.GC()
			start := cpuTime(b)
			b.ResetTimer()
			b.ReportAllocs()
			for i := range b.N {
				k := i % len(messages)
				slots <- struct{}{}
				c.system.send(reporters[k].pid, messages[k])
			}
			for range window {
				slots <- struct{}{}
			}
			perCoreSecond(b, start, b.N*size, "sightings")
		})
	}
}

// sink is a socket that counts what it is handed.
type sink struct{ frames *atomic.Int64 }

func (s sink) Send([]byte, sighej.NudgeID) bool { s.frames.Add(1); return true }
func (s sink) Close(wire.CloseCode)             {}

// BenchmarkMatches is matches committed in memory, both nudges encoded and
// handed to the connections' queues. Sessions are renewed before they have met
// one another too often.
func BenchmarkMatches(b *testing.B) {
	const sessions, window = 20_000, 1024
	var frames atomic.Int64
	system := New(Config{Store: memstore.New(), Lexicon: lexicon(), TTL: 2 * time.Hour, Logger: slog.New(slog.DiscardHandler), Immediate: true})
	b.Cleanup(func() { _ = system.Close(context.Background(), wire.CloseDraining) })
	labels := catalogueLabels()
	snaps := make([]*snapshot, sessions)
	for i := range snaps {
		token := sighej.NewToken()
		if _, err := system.Register(b.Context(), sighej.NewSession{Token: token, Interests: labels[i%7 : i%7+8 : i%7+8], Open: true}); err != nil {
			b.Fatal(err)
		}
		snaps[i], _ = system.index.Load(token)
		system.Attach(snaps[i].session.Key(), sink{&frames}, false)
	}
	b.ResetTimer()
	b.ReportAllocs()
	start := cpuTime(b)
	slots := make(chan struct{}, window)
	var made atomic.Int64
	done := func(v []sighej.Verdict, err error) {
		if err == nil && v[0].NudgeSent {
			made.Add(1)
		}
		<-slots
	}
	for i := range b.N { // pairs at a growing distance: none comes twice before sessions²/2
		from, to := snaps[i%sessions], snaps[(i+1+i/sessions)%sessions]
		slots <- struct{}{}
		system.send(from.pid, &sight{[]sighej.Sighting{{Token: to.session.Token}}, done})
	}
	for range window {
		slots <- struct{}{}
	}
	perCoreSecond(b, start, int(made.Load()), "matches")
	if int(made.Load()) != b.N {
		b.Errorf("%d of %d sightings made a match", made.Load(), b.N)
	}
}

// BenchmarkRegister is whole registrations; it ends with the heap per live
// session.
func BenchmarkRegister(b *testing.B) {
	before := heap()
	c := crowd{system: New(Config{Store: memstore.New(), Lexicon: lexicon(), TTL: 2 * time.Hour, Logger: slog.New(slog.DiscardHandler), Immediate: true})}
	b.Cleanup(func() { _ = c.system.Close(context.Background(), wire.CloseDraining) })
	c.snaps = make([]*snapshot, 0, b.N)
	b.ResetTimer()
	b.ReportAllocs()
	start := cpuTime(b)
	c.fill(b, b.N)
	perCoreSecond(b, start, b.N, "sessions")
	b.StopTimer()
	b.ReportMetric(float64(heap()-before-8*uint64(b.N))/float64(b.N), "heap-B/session")
	runtime.KeepAlive(c)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkMassExpiry has a crowd expire while others go on reporting, and
// tells the longest that a sighting took meanwhile.
func BenchmarkMassExpiry(b *testing.B) {
	const lasting, leaving = 1000, 1_000_000
	for range b.N {
		system := New(Config{Store: memstore.New(), Lexicon: lexicon(), TTL: 2 * time.Hour, Logger: slog.New(slog.DiscardHandler), Immediate: true})
		c := crowd{system: system}
		c.fill(b, lasting)
		system.cfg.TTL = 40 * time.Second
		rest := crowd{system: system}
		rest.fill(b, leaving)
		var worst time.Duration
		var mu sync.Mutex
		for system.Activated() > lasting {
			done := make(chan struct{})
			began := time.Now()
			i := rand.IntN(lasting - 1)
			system.send(c.snaps[i].pid, &sight{[]sighej.Sighting{{Token: c.snaps[i+1].session.Token}}, func([]sighej.Verdict, error) { close(done) }})
			<-done
			mu.Lock()
			worst = max(worst, time.Since(began))
			mu.Unlock()
		}
		b.ReportMetric(float64(worst.Microseconds())/1000, "worst-ms")
		_ = system.Close(context.Background(), wire.CloseDraining)
	}
}
