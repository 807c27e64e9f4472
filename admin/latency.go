package admin

import (
	"math"
	"sync/atomic"
	"time"
)

// The durations of a [Latency] fall into buckets of which each is a fifth wider
// than the one before: from 0.1 ms to some 20 minutes.
const (
	buckets     = 90
	firstBucket = 100 * time.Microsecond
	growth      = 1.2
)

// Latency counts how long something took, for the page to show. The zero value is
// ready. It is safe for concurrent use and Observe costs an atomic addition.
type Latency struct{ counts [buckets]atomic.Uint32 }

// Observe counts one duration.
func (l *Latency) Observe(d time.Duration) { l.counts[bucketOf(d)].Add(1) }

func bucketOf(d time.Duration) int {
	if d <= firstBucket {
		return 0
	}
	return min(int(math.Ceil(math.Log(float64(d)/float64(firstBucket))/math.Log(growth))), buckets-1)
}

// take returns what was counted since the last call.
func (l *Latency) take() (d distribution) {
	if l != nil {
		for i := range l.counts {
			d[i] = l.counts[i].Swap(0)
		}
	}
	return d
}

// distribution is how many durations fell into each bucket.
type distribution [buckets]uint32

func (d *distribution) add(e *distribution) {
	for i := range d {
		d[i] += e[i]
	}
}

func (d *distribution) count() (n int64) {
	for _, c := range d {
		n += int64(c)
	}
	return n
}

// quantile returns the duration, within a tenth, that the share q did not exceed;
// false when nothing was counted.
func (d *distribution) quantile(q float64) (time.Duration, bool) {
	n := d.count()
	rank := int64(math.Ceil(q * float64(n)))
	for i, c := range d {
		if rank -= int64(c); n > 0 && rank <= 0 {
			return time.Duration(float64(firstBucket) * math.Pow(growth, float64(i)-0.5)), true
		}
	}
	return 0, false
}
