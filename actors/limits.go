package actors

import "time"

// meter is a leaky bucket in one word (the generic cell rate algorithm): the
// instant at which the bucket is empty again. A session has one, so it must be
// small, and only its actor touches it.
type meter int64

// take grants up to n units at a rate of perSecond with the given burst, and
// returns how many it granted and, if that is fewer, when one more will be
// there. A rate of 0 grants everything.
func (m *meter) take(now time.Time, n, perSecond, burst int) (granted int, wait time.Duration) {
	if perSecond <= 0 {
		return n, 0
	}
	step := int64(time.Second) / int64(perSecond)
	t := now.UnixNano()
	empty := max(int64(*m), t)
	free := (t + step*int64(max(burst, 1)) - empty) / step
	granted = int(min(int64(n), max(free, 0)))
	*m = meter(empty + step*int64(granted))
	if granted < n {
		wait = time.Duration(int64(*m) + step - step*int64(max(burst, 1)) - t)
	}
	return granted, wait
}

// hourly counts the new matches of the last hour.
type hourly struct{ at []int64 } // Unix milliseconds, oldest first

// count returns how many lie in the hour before now.
func (h *hourly) count(now time.Time) int {
	edge := now.Add(-time.Hour).UnixMilli()
	for len(h.at) > 0 && h.at[0] <= edge {
		h.at = h.at[1:]
	}
	return len(h.at)
}

// load replaces what is known by what a store tells.
func (h *hourly) load(times []time.Time) {
	h.at = h.at[:0]
	for _, at := range times {
		h.add(at)
	}
}

func (h *hourly) add(at time.Time) { h.at = append(h.at, at.UnixMilli()) }
