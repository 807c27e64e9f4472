package bench

import (
	"fmt"
	"time"

	"i80.dk/sighej/bench/report"
	"i80.dk/sighej/bench/tally"
)

// A run beyond one of these is disturbed: its rates and latencies are not the
// server's alone. What is counted, or set against CPU time, holds nevertheless.
const (
	maxLag   = 20 * time.Millisecond // p99 of the generator's dispatch
	maxOther = .25                   // of the machine, used by neither generator nor server
	maxSteal = .05                   // of the machine, taken by the hypervisor
)

// disturbed returns why the figures of a run deserve no trust.
func disturbed(t *total, cores int, known bool) (why []string) {
	if lag := t.Quantile(tally.Lag, .99); lag > maxLag {
		why = append(why, fmt.Sprintf("the generator dispatched late, p99 %v: it had too little CPU", lag.Round(time.Millisecond)))
	}
	machine := float64(cores) * t.seconds
	if machine == 0 {
		return why
	}
	if other := t.otherCPU / machine; known && other > maxOther {
		why = append(why, fmt.Sprintf("other processes used %.0f %% of the machine; if they are the server's own, name them with --server-pid", 100*other))
	}
	if steal := t.steal / machine; steal > maxSteal {
		why = append(why, fmt.Sprintf("the hypervisor took %.0f %% of the machine away", 100*steal))
	}
	return why
}

// summarise writes the measured phases' totals into the run.
func (p *pass) summarise(cores int) {
	all := p.recorder.measured()
	p.run.Seconds = all.seconds
	for _, l := range tally.Latencies() {
		if all.Len(l) > 0 {
			p.run.Latencies = append(p.run.Latencies, all.Report(l))
		}
	}
	p.run.Generator = report.Generator{
		Workers: p.fleet.Workers(), CPUSeconds: all.generatorCPU, Lag: all.Report(tally.Lag),
		RSS: p.recorder.rss, Phones: int(p.recorder.most),
	}
	if all.seconds > 0 {
		p.run.Generator.OtherCPU = all.otherCPU / all.seconds
	}
	p.run.Disturbed = disturbed(all, cores, p.recorder.watcher != nil)
}
