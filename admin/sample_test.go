package admin

import (
	"math"
	"testing"
	"time"

	"i80.dk/sighej/persistence"
)

func TestRates(t *testing.T) {
	var s samples
	for n := range int64(8) {
		s = s.and(sample{
			at: noon.Add(time.Duration(n) * 2 * time.Second), known: n != 6,
			totals: persistence.Totals{Day: "2026-11-27", Sessions: 4 * n, Sightings: n * n},
		})
	}
	out := s.series()
	for i, want := range []float64{-1, 2, 2, 2, 2, 2, -1, -1} { // the sixth is not known, and the seventh knows nothing before it
		got := out.Registrations[i]
		if want < 0 != (got == nil) || got != nil && *got != want {
			t.Errorf("registrations at %d: %v, want %v", i, got, want)
		}
	}
	if got := *out.Sightings[5]; got != 2.5 { // 25 within the last ten seconds
		t.Errorf("sightings: %v", got)
	}
	s = s.and(sample{at: noon.Add(time.Hour), known: true, totals: persistence.Totals{Day: "2026-11-28", Sessions: 1}})
	if out = s.series(); out.Registrations[8] != nil {
		t.Error("a rate across midnight:", *out.Registrations[8])
	}
	first := s
	for range 2 * maxSamples {
		s = s.and(sample{at: noon})
	}
	if len(s) != maxSamples || len(first) != 9 {
		t.Errorf("%d samples are kept, want %d", len(s), maxSamples)
	}
}

func TestLatency(t *testing.T) {
	var l Latency
	for range 98 {
		l.Observe(12 * time.Millisecond)
	}
	l.Observe(2 * time.Second)
	l.Observe(2 * time.Second)
	d := l.take()
	for q, want := range map[float64]time.Duration{0.5: 12 * time.Millisecond, 0.98: 12 * time.Millisecond, 0.99: 2 * time.Second} {
		if got, ok := d.quantile(q); !ok || math.Abs(float64(got-want)) > 0.1*float64(want) {
			t.Errorf("quantile %v is %v, want about %v", q, got, want)
		}
	}
	if again := l.take(); again.count() != 0 {
		t.Error("counted twice:", again.count())
	}
	l.Observe(-time.Second)
	l.Observe(24 * time.Hour)
	if d := l.take(); d[0] != 1 || d[buckets-1] != 1 {
		t.Error("what is out of bounds:", d)
	}
	var none *Latency
	if d := none.take(); d.count() != 0 {
		t.Error(d)
	}
}

func TestQuantitiesAsText(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := number(n); got != want {
			t.Errorf("%d is %q", n, got)
		}
	}
	for seconds, want := range map[int64]string{7: "7s", 250: "4m 10s", 7500: "2h 5m", 266_400: "3d 2h"} {
		if got := age(seconds); got != want {
			t.Errorf("%d is %q", seconds, got)
		}
	}
	for d, want := range map[time.Duration]string{400 * time.Microsecond: "0.4 ms", 48 * time.Millisecond: "48 ms", 1500 * time.Millisecond: "1.5 s"} {
		if got := span(d); got != want {
			t.Errorf("%v is %q", d, got)
		}
	}
}
