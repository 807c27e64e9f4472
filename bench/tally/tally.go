// Package tally counts and times what a generator does. A generator adds to a
// Tally from many goroutines; whoever watches takes out what came since the last
// time, and can add it to what other generators did.
package tally

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"i80.dk/sighej/bench/report"
)

// Latency is a kind of duration that is measured.
type Latency int

// The kinds, each from the moment at which its cause was due.
const (
	Answer   Latency = iota // a report until its answer
	Nudge                   // the report that makes a match, or a reconnect, until the nudge
	Register                // POST /session
	Connect                 // WebSocket handshake until the welcome
	Outbox                  // a reconnect until the phone has all nudges that waited for it
	Lag                     // until the generator dispatched: its own fault
	latencies
)

var names = [latencies]string{"answer", "nudge", "register", "connect", "outbox", "lag"}

// String returns the name that reports use.
func (l Latency) String() string { return names[l] }

// Latencies returns all kinds but the lag, which is the generator's own.
func Latencies() []Latency { return []Latency{Answer, Nudge, Register, Connect, Outbox} }

// Count is a kind of event that is counted.
type Count int

// The kinds.
const (
	Due      Count = iota // sightings, registrations, connects that were due
	Answered              // of them
	Errors                // of them
	Nudges                // received
	counts
)

// Values are kept from a microsecond to two minutes with three digits; what is
// longer counts as two minutes.
const (
	shortest = 1
	longest  = int64(2 * time.Minute / time.Microsecond)
	digits   = 3
)

// Tally is safe for concurrent use. The zero value is ready.
type Tally struct {
	counts [counts]atomic.Int64

	mu    sync.Mutex
	times [latencies]*hdrhistogram.Histogram
}

// Count adds n events.
func (t *Tally) Count(c Count, n int) { t.counts[c].Add(int64(n)) }

// Time adds one duration.
func (t *Tally) Time(l Latency, d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.times[l] == nil {
		t.times[l] = hdrhistogram.New(shortest, longest, digits)
	}
	_ = t.times[l].RecordValue(min(max(d.Microseconds(), 0), longest)) // it fits
}

// Take returns what was added since the last Take.
func (t *Tally) Take() Sum {
	var s Sum
	for c := range t.counts {
		s.Counts[c] = t.counts[c].Swap(0)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s.times, t.times = t.times, s.times
	return s
}

// Sum is what one or several tallies took in. It is not safe for concurrent use.
type Sum struct {
	Counts [counts]int64
	times  [latencies]*hdrhistogram.Histogram
}

// Merge adds o, which stays as it is.
func (s *Sum) Merge(o *Sum) {
	for c := range s.Counts {
		s.Counts[c] += o.Counts[c]
	}
	for l, h := range o.times {
		if h == nil {
			continue
		}
		if s.times[l] == nil {
			s.times[l] = hdrhistogram.New(shortest, longest, digits)
		}
		s.times[l].Merge(h)
	}
}

// Len returns how many durations of a kind there are.
func (s *Sum) Len(l Latency) int64 {
	if s.times[l] == nil {
		return 0
	}
	return s.times[l].TotalCount()
}

// Quantile returns the duration that a share q of them, 0 to 1, does not exceed;
// 0 if there is none.
func (s *Sum) Quantile(l Latency, q float64) time.Duration {
	if s.times[l] == nil {
		return 0
	}
	return time.Duration(s.times[l].ValueAtQuantile(q*100)) * time.Microsecond
}

// Max returns the longest duration.
func (s *Sum) Max(l Latency) time.Duration {
	if s.times[l] == nil {
		return 0
	}
	return time.Duration(s.times[l].Max()) * time.Microsecond
}

// Quantiles returns a second's summary for a report.
func (s *Sum) Quantiles(l Latency) report.Quantiles {
	return report.Quantiles{P50: ms(s.Quantile(l, .5)), P99: ms(s.Quantile(l, .99)), Max: ms(s.Max(l))}
}

// Report returns the distribution for a report.
func (s *Sum) Report(l Latency) report.Latency {
	r := report.Latency{Name: l.String()}
	h := s.times[l]
	if h == nil {
		return r
	}
	r.Count, r.Mean = h.TotalCount(), h.Mean()/1000
	r.P50, r.P90, r.P99 = ms(s.Quantile(l, .5)), ms(s.Quantile(l, .9)), ms(s.Quantile(l, .99))
	r.P999, r.Max = ms(s.Quantile(l, .999)), ms(s.Max(l))
	for _, bar := range h.Distribution() {
		if bar.Count > 0 {
			r.Buckets = append(r.Buckets, report.Bucket{UpTo: float64(bar.To) / 1000, Count: bar.Count})
		}
	}
	return r
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// sumOnWire is a Sum on its way between two processes.
type sumOnWire struct {
	Counts [counts]int64
	Times  map[int][]byte
}

// GobEncode is for package gob.
func (s Sum) GobEncode() ([]byte, error) {
	w := sumOnWire{Counts: s.Counts, Times: map[int][]byte{}}
	for l, h := range s.times {
		if h == nil {
			continue
		}
		b, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
		if err != nil {
			return nil, fmt.Errorf("encoding the latencies %q: %w", names[l], err)
		}
		w.Times[l] = b
	}
	return encode(w)
}

// GobDecode is for package gob.
func (s *Sum) GobDecode(b []byte) error {
	var w sumOnWire
	if err := decode(b, &w); err != nil {
		return err
	}
	s.Counts = w.Counts
	for l, text := range w.Times {
		if l < 0 || l >= int(latencies) {
			return fmt.Errorf("latencies of an unknown kind %d", l)
		}
		h, err := hdrhistogram.Decode(text)
		if err != nil {
			return fmt.Errorf("decoding the latencies %q: %w", names[l], err)
		}
		s.times[l] = h
	}
	return nil
}
