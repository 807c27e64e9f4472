package bench

import (
	"context"
	"sync"
	"time"

	"i80.dk/sighej/bench/fleet"
	"i80.dk/sighej/bench/phones"
	"i80.dk/sighej/bench/probe"
	"i80.dk/sighej/bench/progress"
	"i80.dk/sighej/bench/report"
	"i80.dk/sighej/bench/tally"
)

// total is what happened in a phase.
type total struct {
	tally.Sum
	seconds      float64
	generatorCPU float64 // core-seconds
	serverCPU    float64 // core-seconds; 0 is unknown
	otherCPU     float64 // core-seconds of neither
	steal        float64
}

func (t *total) add(o *total) {
	t.seconds += o.seconds
	t.generatorCPU += o.generatorCPU
	t.serverCPU += o.serverCPU
	t.otherCPU += o.otherCPU
	t.steal += o.steal
}

// recorder takes a sample every second and at the ends of phases, and keeps the
// totals of each phase. Between phases nothing is recorded.
type recorder struct {
	fleet    *fleet.Fleet
	watcher  *probe.Watcher
	progress *progress.Progress
	began    time.Time
	entered  time.Time // the phase

	mu        sync.Mutex
	names     []string // of the phases that are measured
	totals    map[string]*total
	samples   []report.Sample
	pending   pending
	rest      func() // makes a sample of what is pending; nil: nothing is
	last      probe.Reading
	lastCPU   float64 // the generator's
	notes     []string
	connected int64
	most      int64 // of connected
	rss       int64
	err       error
}

// pending is what came since the last sample.
type pending struct {
	total
	since time.Time
}

const (
	sampleEvery = time.Second
	redrawEvery = 100 * time.Millisecond
)

func newRecorder(f *fleet.Fleet, w *probe.Watcher, p *progress.Progress) *recorder {
	return &recorder{fleet: f, watcher: w, progress: p, began: time.Now(), totals: map[string]*total{}}
}

// measure makes the phase one that the figures are about.
func (r *recorder) measure(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names = append(r.names, name)
}

// note tells people something, in the report too.
func (r *recorder) note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.noteLocked(text)
}

func (r *recorder) noteLocked(text string) {
	r.progress.Note(text)
	r.notes = append(r.notes, text)
}

func (r *recorder) total(name string) *total {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.totals[name] == nil {
		r.totals[name] = &total{}
	}
	return r.totals[name]
}

// measured returns the totals of all measured phases together.
func (r *recorder) measured() *total {
	all := &total{}
	for _, name := range r.names {
		t := r.total(name)
		all.add(t)
		all.Merge(&t.Sum)
	}
	return all
}

// phase records while do runs.
func (r *recorder) phase(ctx context.Context, name string, do func() error) error {
	quiet := context.WithoutCancel(ctx) // what was done before an interruption is recorded too
	r.entered = time.Now()
	r.begin(quiet)
	stop := make(chan struct{})
	var sampling sync.WaitGroup
	sampling.Go(func() {
		ticker := time.NewTicker(redrawEvery)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticker.C:
				r.take(quiet, name, false)
			}
		}
	})
	err := do()
	close(stop)
	sampling.Wait()
	r.take(quiet, name, true)
	if err == nil {
		err = r.err
	}
	return err
}

// begin forgets what happened between phases, but for the counts.
func (r *recorder) begin(ctx context.Context) {
	s, err := r.fleet.Take(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
	r.lastCPU = s.CPUSeconds
	r.pending.since = time.Now()
	if r.watcher != nil {
		r.last = r.watcher.Read(ctx)
	}
}

// take adds what came since the last time. A sample is made of each full second;
// what is left at the end of a phase goes with the next sample, if it is short, and
// is in the totals alone if there is none.
func (r *recorder) take(ctx context.Context, phase string, end bool) {
	s, err := r.fleet.Take(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.err = err
		return
	}
	r.connected, r.rss = s.Connected, s.RSS
	r.most = max(r.most, s.Connected)
	for _, note := range s.Notes {
		r.noteLocked(note)
	}
	if r.totals[phase] == nil {
		r.totals[phase] = &total{}
	}
	t := r.totals[phase]
	r.show(phase, &s)
	t.Merge(&s.Sum)
	r.pending.Merge(&s.Sum)
	now := time.Now()
	elapsed := now.Sub(r.pending.since)
	if elapsed < sampleEvery && !end {
		return
	}
	load := r.load(ctx, s.CPUSeconds, elapsed)
	t.add(&load.total)
	r.pending.add(&load.total)
	r.pending.since = now
	r.rest = func() { r.sample(phase, &s, load.servers) }
	if r.pending.seconds >= sampleEvery.Seconds()/2 {
		r.rest()
		r.rest, r.pending = nil, pending{since: now}
	}
}

// load is what the machine did since the last reading.
type load struct {
	total
	servers map[int]report.ProcessSample
}

func (r *recorder) load(ctx context.Context, generatorCPU float64, elapsed time.Duration) load {
	l := load{total: total{seconds: elapsed.Seconds(), generatorCPU: max(0, generatorCPU-r.lastCPU)}}
	r.lastCPU = generatorCPU
	if r.watcher == nil {
		return l
	}
	now := r.watcher.Read(ctx)
	l.servers = map[int]report.ProcessSample{}
	for i, p := range now.Processes {
		used := max(0, p.CPU-r.last.Processes[i].CPU)
		l.serverCPU += used
		sample := l.servers[p.PID]
		sample.CPU += used / elapsed.Seconds()
		sample.RSS += p.RSS
		sample.Goroutines += p.Goroutines
		l.servers[p.PID] = sample
	}
	if now.Host.Cores > 0 {
		busy := now.Host.Busy - r.last.Host.Busy
		l.otherCPU = max(0, busy-l.generatorCPU-onThisMachine(now, r.last))
		l.steal = max(0, now.Host.Steal-r.last.Host.Steal)
	}
	r.last = now
	return l
}

// onThisMachine returns the CPU time of the processes that are certainly here.
func onThisMachine(now, last probe.Reading) (seconds float64) {
	for i, p := range now.Processes {
		if p.PID > 0 {
			seconds += max(0, p.CPU-last.Processes[i].CPU)
		}
	}
	return seconds
}

func (r *recorder) sample(phase string, s *phones.Snapshot, servers map[int]report.ProcessSample) {
	d := &r.pending
	sample := report.Sample{
		At: time.Since(r.began).Seconds(), Phase: phase, Seconds: d.seconds,
		Due: d.Counts[tally.Due], Answered: d.Counts[tally.Answered], Errors: d.Counts[tally.Errors],
		Nudges: d.Counts[tally.Nudges], Connected: s.Connected, Latency: map[string]report.Quantiles{},
		LagMS:        d.Quantiles(tally.Lag).P99,
		GeneratorCPU: d.generatorCPU / d.seconds, OtherCPU: d.otherCPU / d.seconds, Servers: servers,
	}
	for _, l := range tally.Latencies() {
		if d.Len(l) > 0 {
			sample.Latency[l.String()] = d.Quantiles(l)
		}
	}
	r.samples = append(r.samples, sample)
}

// show updates what a person sees.
func (r *recorder) show(phase string, s *phones.Snapshot) {
	recent := r.samples[max(0, len(r.samples)-1):]
	status := progress.Status{Done: time.Since(r.entered).Milliseconds(), Connected: s.Connected, Errors: sumOf(s.Checks.Errors)}
	if phase == arriving {
		status.Done = s.Connected
	}
	for _, f := range s.Checks.Findings {
		status.Wrong += f.Count
	}
	for _, sample := range recent {
		status.Rate = float64(sample.Answered) / sample.Seconds
		q := sample.Latency[tally.Answer.String()]
		status.P50, status.P99 = inMS(q.P50), inMS(q.P99)
	}
	r.progress.Update(status)
}

func inMS(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

func sumOf(counts map[string]int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// finish writes what was recorded into run.
func (r *recorder) finish(ctx context.Context, run *report.Run, before probe.Reading) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rest != nil && len(r.samples) == 0 { // else so little that its rates would only mislead
		r.rest()
	}
	run.Samples = r.samples
	if r.watcher == nil {
		return
	}
	after := r.watcher.ReadAll(context.WithoutCancel(ctx))
	for i, p := range after.Processes {
		b := before.Processes[i]
		run.Processes = append(run.Processes, report.Process{
			PID: p.PID, Name: p.Name, Target: run.Target, CPUSeconds: p.CPU - b.CPU,
			RSS: p.RSS, PSS: p.PSS, RSSBefore: b.RSS, PSSBefore: b.PSS,
		})
	}
}
