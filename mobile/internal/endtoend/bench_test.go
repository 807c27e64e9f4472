package endtoend

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/ble"
	"i80.dk/sighej/mobile/phone/phonetest"
)

// online returns a phone that is connected to a server that answers and decides
// nothing.
func online(b *testing.B) client {
	b.Helper()
	s := phonetest.New(b, nil)
	a := newAir(b)
	r := a.phone(s.URL, 0)
	if err := r.client.Start("devops"); err != nil {
		b.Fatal(err)
	}
	a.until("the phone to be online", r.online)
	return r.client
}

func crowd(b *testing.B, n int) [][]byte {
	b.Helper()
	data := make([][]byte, n)
	for i := range data {
		var err error
		if data[i], err = ble.ServiceData(sighej.NewToken()); err != nil {
			b.Fatal(err)
		}
	}
	return data
}

// BenchmarkAdvertisement is one packet of a crowd of 200, as the shell hands it
// in. %core is the share of a core that 1,000 of them a second take, reports to
// the server not counted.
func BenchmarkAdvertisement(b *testing.B) {
	c, data := online(b), crowd(b, 200)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		c.OnServiceData(data[i%len(data)], -60-i%20)
		i++
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)*1000*100, "%core")
}

// BenchmarkThousandAdvertisements lets a phone hear 1,000 packets a second of a
// crowd of 200 for 10 seconds, once, and tells the processor time of all that
// follows, reports, test server and pacing included.
func BenchmarkThousandAdvertisements(b *testing.B) {
	const seconds, perTick = 10, 10
	c, data := online(b), crowd(b, 200)
	tick := time.NewTicker(perTick * time.Millisecond)
	defer tick.Stop()
	before := processorTime(b)
	for i := range seconds * 1000 {
		if i%perTick == 0 {
			<-tick.C
		}
		c.OnServiceData(data[i%len(data)], -60-i%20)
	}
	b.ReportMetric((processorTime(b)-before).Seconds()/seconds*100, "%core")
	b.ReportMetric(0, "ns/op")
}

func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkIdleHeap tells what is live on the heap of a process with n phones that
// are connected and idle, divided by n; with one, that is all that a process with
// the SDK and the test server needs.
func BenchmarkIdleHeap(b *testing.B) {
	for name, n := range map[string]int{"1": 1, "100": 100} {
		b.Run(name, func(b *testing.B) {
			for range n {
				online(b)
			}
			b.ReportMetric(float64(heap())/float64(n)/1e6, "MB/phone")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
