package report

import (
	"cmp"
	"slices"
	"strconv"
)

// processes are the targets' over all runs: CPU in sum, memory from before the
// first run to the end of the last.
func (r *Report) processes() []Process {
	var list []Process
	for i := range r.Runs {
		for _, proc := range r.Runs[i].Processes {
			at := slices.IndexFunc(list, func(have Process) bool {
				return have.Target == proc.Target && have.PID == proc.PID && have.Name == proc.Name
			})
			if at < 0 {
				list = append(list, proc)
				continue
			}
			list[at].CPUSeconds += proc.CPUSeconds
			list[at].RSS, list[at].PSS = proc.RSS, proc.PSS
		}
	}
	slices.SortStableFunc(list, func(a, b Process) int { return cmp.Compare(a.Target, b.Target) })
	return list
}

func (p *Process) describe() string {
	if p.PID == 0 {
		return p.Name + " (/metrics)"
	}
	return p.Name + " (pid " + strconv.Itoa(p.PID) + ")"
}

// growth is of the proportional size where it is known: shared pages do not
// count twice there.
func (p *Process) growth() int64 {
	if p.PSS > 0 && p.PSSBefore > 0 {
		return p.PSS - p.PSSBefore
	}
	return p.RSS - p.RSSBefore
}
