package doctor

import "fmt"

// State is how bad a finding is.
type State string

// States of a finding.
const (
	OK      State = "ok"
	Warning State = "warning" // it works, and may not one day
	Fault   State = "fault"   // a member does not start, or loses something
)

// Finding is what came out of one check. Neither of its texts bears a secret.
type Finding struct {
	Check string `json:"check"` // what was looked at, such as "redis eviction"
	State State  `json:"state"`
	Found string `json:"found"`          // what is
	Mend  string `json:"mend,omitempty"` // why that is bad, and what to do; empty when it is well
}

// Report is all that was found, in the order of the checks.
type Report []Finding

// Count returns how many findings have that state.
func (r Report) Count(s State) (n int) {
	for _, f := range r {
		if f.State == s {
			n++
		}
	}
	return n
}

func (r *Report) ok(check, found string, args ...any) { r.add(check, OK, "", found, args...) }

func (r *Report) warn(check, mend, found string, args ...any) {
	r.add(check, Warning, mend, found, args...)
}

func (r *Report) fault(check, mend, found string, args ...any) {
	r.add(check, Fault, mend, found, args...)
}

func (r *Report) add(check string, state State, mend, found string, args ...any) {
	*r = append(*r, Finding{Check: check, State: state, Found: fmt.Sprintf(found, args...), Mend: mend})
}
