package actors

import "i80.dk/sighej"

// report collects the verdicts on the sightings of one message. Most messages
// bring nothing but neutral verdicts, and then it allocates nothing, unless these
// are to wait for a round.
type report struct {
	m       *sight
	tally   *tally
	neutral int64    // verdicts that were known at once
	batch   *batch   // nil while all verdicts are neutral
	lookUps []lookUp // to be begun; they are awaited
	joined  bool     // it awaits one that another report has begun
	veiled  bool     // it is neutral, and answered at the end of a round
}

// batch is a report in which something is not neutral. It is answered when all
// is decided.
type batch struct {
	verdicts []sighej.Verdict
	open     int // undecided ones
	tally    *tally
	done     func([]sighej.Verdict, error)
}

// waiter is a sighting that waits for its verdict.
type waiter struct {
	batch    *batch
	i        int
	sighting *sighej.Sighting
	joined   bool // a call that was under way when it came
}

// neutral is as many neutral verdicts as a report may need; nobody changes it.
var neutral [1000]sighej.Verdict

// put takes the verdict on sighting i, or the inquiry that will bring it.
func (r *report) put(i int, v sighej.Verdict, awaited *inquiry) {
	switch {
	case awaited != nil:
		r.await(i, awaited)
	case !v.Match && v.Code == "":
		r.neutral++
	default:
		r.tally.sightings[outcomeOf(v)].Add(1)
		r.decidable().verdicts[i] = v
	}
}

// await makes sighting i wait for an inquiry.
func (r *report) await(i int, e *inquiry) {
	b := r.decidable()
	b.open++
	e.waiters = append(e.waiters, waiter{b, i, &r.m.sightings[i], len(e.waiters) > 0})
}

func (r *report) decidable() *batch {
	if r.batch == nil {
		r.batch = &batch{verdicts: make([]sighej.Verdict, len(r.m.sightings)), open: 1, tally: r.tally, done: r.m.done}
	}
	return r.batch
}

// finish answers, unless something is awaited.
func (r *report) finish() {
	if r.neutral > 0 {
		r.tally.sightings[neutralOutcome].Add(r.neutral)
	}
	switch {
	case r.veiled:
	case r.batch != nil:
		r.batch.decided()
	default:
		r.m.neutral()
	}
}

// neutral answers that all is.
func (m *sight) neutral() {
	n := len(m.sightings)
	if n > len(neutral) {
		m.done(make([]sighej.Verdict, n), nil)
		return
	}
	m.done(neutral[:n:n], nil)
}

func (w waiter) settle(v sighej.Verdict) {
	w.batch.tally.sightings[outcomeOf(v)].Add(1)
	w.batch.verdicts[w.i] = v
	w.batch.decided()
}

func (b *batch) decided() {
	if b.open--; b.open == 0 {
		b.done(b.verdicts, nil)
	}
}

// fail answers for a sighting that will get no verdict: at once, and for good.
func (b *batch) fail(err error) {
	b.tally.sightings[unavailableOutcome].Add(1)
	if b.open > 0 {
		b.open = 0
		b.done(nil, err)
	}
}
