package persistence

import "log/slog"

// The two sides of a Flusher, as indexes of its troubles.
const (
	ofCounters = iota
	ofStatistics
)

// trouble is what is known of one side: logged when it begins and when it
// ends, not once a round.
type trouble struct {
	used  bool  // in this round
	err   error // the first of this round
	since bool  // an earlier round failed, and was logged
}

// ok notes how a call went and reports whether it went well.
func (f *Flusher) ok(side int, err error) bool {
	t := &f.troubles[side]
	t.used = true
	if t.err == nil {
		t.err = err
	}
	return err == nil
}

// report logs what has changed with this round, and begins a new one. A round
// that was cut off tells nothing: what failed in it was our own hurry.
func (f *Flusher) report(cutOff bool) {
	log := f.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	for side, name := range [...]string{ofCounters: "counters", ofStatistics: "statistics"} {
		t := &f.troubles[side]
		if cutOff {
			t.used, t.err = false, nil
		}
		switch {
		case t.err != nil && !t.since:
			log.Warn("counts wait for a store that fails", "store", name, "error", t.err)
		case t.err == nil && t.used && t.since:
			log.Info("counts no longer wait for the store", "store", name)
		}
		*t = trouble{since: t.err != nil || t.since && !t.used}
	}
}
