package admin

import (
	"time"

	"i80.dk/sighej/persistence"
)

// What is sampled, and for how long that is kept.
const (
	sampleEvery = 2 * time.Second
	sampleTime  = 5 * time.Minute
	maxSamples  = int(sampleTime/sampleEvery) + smoothing + 1
	// smoothing is over how many samples a rate is taken: sightings are counted by
	// the second, so that from one sample to the next there may be two or three
	// seconds of them.
	smoothing = 5
)

// sample is what the totals were at one moment.
type sample struct {
	at     time.Time
	known  bool // else the store was away
	totals persistence.Totals
	acked  distribution // since the sample before
}

// samples are the last ones, oldest first.
type samples []sample

func (s samples) and(next sample) samples {
	if len(s) >= maxSamples {
		s = s[len(s)-maxSamples+1:]
	}
	return append(s[:len(s):len(s)], next) // a copy, since pages read the other
}

// series is what the page plots: a value a sample, null where there is none.
type series struct {
	At            []int64    `json:"at"` // Unix seconds
	Registrations []*float64 `json:"registrations"`
	Sightings     []*float64 `json:"sightings"`
	Matches       []*float64 `json:"matches"`
	Median        []*float64 `json:"median"` // milliseconds from a match to the acknowledgement of its nudge
	Slow          []*float64 `json:"slow"`   // the same, which 99 of 100 are within
}

func (s samples) series() series {
	var out series
	for i := range s {
		out.At = append(out.At, s[i].at.Unix())
		out.Registrations = append(out.Registrations, s.rate(i, func(t persistence.Totals) int64 { return t.Sessions }))
		out.Sightings = append(out.Sightings, s.rate(i, func(t persistence.Totals) int64 { return t.Sightings }))
		out.Matches = append(out.Matches, s.rate(i, func(t persistence.Totals) int64 { return t.Matches }))
		lately := s.acked(max(0, i-smoothing+1), i)
		out.Median, out.Slow = append(out.Median, lately.ms(0.5)), append(out.Slow, lately.ms(0.99))
	}
	return out
}

// rate returns how much of something there was a second before sample i; nil when
// it is not known or a day began meanwhile.
func (s samples) rate(i int, of func(persistence.Totals) int64) *float64 {
	from := i
	for j := i; j >= max(0, i-smoothing); j-- {
		if !s[j].known || s[j].totals.Day != s[i].totals.Day {
			break
		}
		from = j
	}
	seconds := s[i].at.Sub(s[from].at).Seconds()
	if seconds <= 0 {
		return nil
	}
	rate := max(0, float64(of(s[i].totals)-of(s[from].totals))/seconds)
	return &rate
}

// acked returns how long acknowledgements took from one sample to another.
func (s samples) acked(from, to int) (all distribution) {
	for i := from; i <= to; i++ {
		all.add(&s[i].acked)
	}
	return all
}

func (d *distribution) ms(q float64) *float64 {
	v, ok := d.quantile(q)
	if !ok {
		return nil
	}
	ms := float64(v) / float64(time.Millisecond)
	return &ms
}
