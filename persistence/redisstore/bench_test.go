package redisstore_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
	"i80.dk/sighej/persistence/redisstore"
)

// BenchmarkCommit commits matches of ever new pairs from many goroutines. Redis
// runs beside it on the same cores; client-µs/op is the CPU of this process.
func BenchmarkCommit(b *testing.B) {
	for _, callers := range []int{1, 64, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			store := openEmpty(b)
			ring := registerMany(b, store, 300+b.N/100) // each pair comes once
			run(b, callers, func(i int) error {
				from := i % len(ring)
				to := (from + 1 + i/len(ring)) % len(ring)
				outcome, err := store.Commit(context.Background(), matchOf(ring[from], ring[to]))
				if err == nil && outcome != sighej.Committed {
					err = fmt.Errorf("outcome %d", outcome)
				}
				return err
			})
		})
	}
}

func BenchmarkCreate(b *testing.B) {
	store := openEmpty(b)
	run(b, 64, func(int) error { return store.Create(context.Background(), registration(time.Hour)) })
}

func BenchmarkLoad(b *testing.B) {
	store := openEmpty(b)
	all := registerMany(b, store, 1000)
	run(b, 64, func(i int) error {
		_, err := store.Load(context.Background(), all[i%len(all)].Session.Token)
		return err
	})
}

func BenchmarkActive(b *testing.B) {
	store := openEmpty(b)
	registerMany(b, store, 1000)
	run(b, 1, func(int) error {
		_, err := store.Active(context.Background())
		return err
	})
}

func registerMany(b *testing.B, store *redisstore.Store, n int) []persistence.Registration {
	b.Helper()
	all := make([]persistence.Registration, n)
	var group errgroup.Group
	group.SetLimit(64)
	for i := range all {
		all[i] = registration(time.Hour)
		group.Go(func() error { return store.Create(context.Background(), all[i]) })
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	return all
}

// run spreads b.N calls over the callers and measures this process's CPU.
func run(b *testing.B, callers int, call func(i int) error) {
	b.Helper()
	b.ReportAllocs()
	var next atomic.Int64
	var group errgroup.Group
	b.ResetTimer()
	before := cpu(b)
	for range callers {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= b.N {
					return nil
				}
				if err := call(i); err != nil {
					return err
				}
			}
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "client-µs/op")
}

func cpu(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
