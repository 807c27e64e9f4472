package report

import "time"

// Format is the version of the report's JSON. A reader refuses every other.
const Format = 1

// Report is what a bench command measured: one run, or several that alternated
// between two targets.
type Report struct {
	Format      int       `json:"format"`
	Version     string    `json:"version"` // of the generator
	Suite       string    `json:"suite"`
	About       string    `json:"about"`    // what the suite does, a sentence
	Settings    []Setting `json:"settings"` // every flag of the suite, defaults included
	Targets     []Target  `json:"targets"`  // one, or two with --vs
	Machine     Machine   `json:"machine"`  // the generator's
	Started     time.Time `json:"started"`
	Ended       time.Time `json:"ended"`
	Interrupted bool      `json:"interrupted,omitempty"` // stopped before its time; what is here was measured until then
	Runs        []Run     `json:"runs"`                  // in the order in which they ran: with --vs 0, 1, 1, 0, 0, 1 …
}

// Setting is a flag as it was set.
type Setting struct {
	Name  string `json:"name"` // without the dashes
	Value string `json:"value"`
}

// Target is a server under test.
type Target struct {
	Bases []string `json:"bases"` // URLs of its members
	Auth  string   `json:"auth"`
}

// Machine is the computer that the generator ran on.
type Machine struct {
	OS          string `json:"os"`
	Arch        string `json:"arch"`
	CPU         string `json:"cpu,omitempty"`
	Cores       int    `json:"cores"`
	MemoryBytes int64  `json:"memory_bytes,omitempty"`
}

// Run is one pass of the suite over one target.
type Run struct {
	Target    int       `json:"target"` // index in Report.Targets
	Started   time.Time `json:"started"`
	Seconds   float64   `json:"seconds"` // of the measured part, without set-up and clean-up
	Figures   []Figure  `json:"figures"`
	Latencies []Latency `json:"latencies"`
	Samples   []Sample  `json:"samples"`         // one a second, in order
	Steps     []Step    `json:"steps,omitempty"` // of a ramp
	Checks    Checks    `json:"checks"`
	Generator Generator `json:"generator"`
	Processes []Process `json:"processes,omitempty"` // the target's, as far as known
	Disturbed []string  `json:"disturbed,omitempty"` // why rates and latencies deserve no trust; empty if they do
	Crowd     *Crowd    `json:"crowd,omitempty"`     // of a festival
}

// Better tells which way a figure improves.
type Better string

// The ways to improve; a figure with neither is only information.
const (
	More Better = "more"
	Less Better = "less"
)

// Figure is one number that the suite is about.
type Figure struct {
	Name   string  `json:"name"` // "answers per core-second"; the same in every run of the suite
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"` // "1/s", "ms", "s", "bytes", "%", ""
	Better Better  `json:"better,omitempty"`
	Robust bool    `json:"robust,omitempty"` // holds on a disturbed machine too, as counts and figures per core-second do
}

// Latency is a distribution, every value taken from the moment at which the
// cause was due, in milliseconds.
type Latency struct {
	Name    string   `json:"name"` // "answer", "nudge", "register", "connect", "outbox"
	Count   int64    `json:"count"`
	Mean    float64  `json:"mean"`
	P50     float64  `json:"p50"`
	P90     float64  `json:"p90"`
	P99     float64  `json:"p99"`
	P999    float64  `json:"p999"`
	Max     float64  `json:"max"`
	Buckets []Bucket `json:"buckets"` // ascending, only those that hold something
}

// Bucket counts the values up to UpTo milliseconds that the bucket before does
// not hold.
type Bucket struct {
	UpTo  float64 `json:"up_to"`
	Count int64   `json:"count"`
}

// Quantiles are of one latency within one second, in milliseconds; all 0 if
// there was none.
type Quantiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Sample is a second of a run.
type Sample struct {
	At           float64               `json:"at"`      // seconds since the run began, at the end of the second
	Seconds      float64               `json:"seconds"` // that the sample covers: about 1, and what its counts are to be divided by
	Phase        string                `json:"phase"`
	Due          int64                 `json:"due"`      // sightings (or registrations, or connects) due in this second
	Answered     int64                 `json:"answered"` // of them and of earlier ones
	Errors       int64                 `json:"errors"`
	Nudges       int64                 `json:"nudges"`
	Connected    int64                 `json:"connected"`         // sockets at the end of the second
	Latency      map[string]Quantiles  `json:"latency"`           // by the Latency's name
	LagMS        float64               `json:"lag_ms"`            // p99 of how late the generator dispatched
	GeneratorCPU float64               `json:"generator_cpu"`     // cores in use
	OtherCPU     float64               `json:"other_cpu"`         // cores in use by neither generator nor target
	Servers      map[int]ProcessSample `json:"servers,omitempty"` // by pid; pid 0: what the target's /metrics said
}

// ProcessSample is a process of the target in one second. 0 stands for unknown.
type ProcessSample struct {
	CPU        float64 `json:"cpu"` // cores in use
	RSS        int64   `json:"rss"` // bytes
	PSS        int64   `json:"pss,omitempty"`
	Goroutines int64   `json:"goroutines,omitempty"`
}

// Step is a rate that a ramp held for a while.
type Step struct {
	Rate     float64 `json:"rate"`     // sightings due a second
	Answered float64 `json:"answered"` // answers a second
	P50      float64 `json:"p50"`      // ms
	P99      float64 `json:"p99"`
	Errors   float64 `json:"errors"` // share, 0 to 1
	Held     bool    `json:"held"`   // within the objectives
	Why      string  `json:"why,omitempty"`
}

// Checks tell what the target got wrong. Every answer and every nudge is
// compared with what the generator computes itself.
type Checks struct {
	Answers     int64            `json:"answers"` // compared
	Nudges      int64            `json:"nudges"`
	Expected    int64            `json:"expected"`              // nudges that had to come
	Redelivered int64            `json:"redelivered,omitempty"` // the same id again after a reconnect: allowed
	Unsure      int64            `json:"unsure,omitempty"`      // sightings whose answer was lost: they may count or not
	Limited     int64            `json:"limited,omitempty"`     // refused by the target's limits, with a code that says so
	Errors      map[string]int64 `json:"errors,omitempty"`      // no answers, by code: not wrong, but not served
	Findings    []Finding        `json:"findings,omitempty"`    // wrong; empty when all is right
	Notes       []string         `json:"notes,omitempty"`       // what a reader should know besides
}

// Wrong tells whether the target did anything it must not.
func (c *Checks) Wrong() bool { return len(c.Findings) > 0 }

// Finding is a kind of fault, with the first few cases of it.
type Finding struct {
	Kind     string   `json:"kind"` // see the Fault constants
	Count    int64    `json:"count"`
	Examples []string `json:"examples"`
}

// Kinds of faults.
const (
	FaultAnswer    = "wrong answer"
	FaultMissing   = "missing nudge"
	FaultDuplicate = "duplicate nudge"
	FaultLate      = "late nudge"
	FaultContent   = "wrong content"
	FaultStray     = "wrong phone"
	FaultProtocol  = "broken frame"
)

// Generator tells how much of the measured is the generator's own doing.
type Generator struct {
	Workers    int     `json:"workers"`
	CPUSeconds float64 `json:"cpu_seconds"`
	Lag        Latency `json:"lag"` // from due to dispatched
	RSS        int64   `json:"rss"` // bytes at the end, of all workers
	Phones     int     `json:"phones"`
	OtherCPU   float64 `json:"other_cpu"` // mean cores in use by others than generator and target
}

// Process is one of the target's, over the measured part.
type Process struct {
	PID        int     `json:"pid"` // 0: what the target's /metrics said
	Name       string  `json:"name"`
	Target     int     `json:"target"`
	CPUSeconds float64 `json:"cpu_seconds"`
	RSS        int64   `json:"rss"` // bytes at the end
	PSS        int64   `json:"pss,omitempty"`
	RSSBefore  int64   `json:"rss_before"`
	PSSBefore  int64   `json:"pss_before,omitempty"`
}

// Crowd is what is needed to play a festival again on a map.
type Crowd struct {
	Width      float64     `json:"width"` // metres
	Height     float64     `json:"height"`
	Hotspots   []Hotspot   `json:"hotspots"`
	Every      float64     `json:"every"`      // simulated seconds between two positions of a person
	People     int         `json:"people"`     // shown; of more people than a page can hold, the first ones
	Positions  []byte      `json:"positions"`  // step by step, person by person: x, y as little-endian uint16 in decimetres
	Background []bool      `json:"background"` // by person: the phone is in the background
	Encounters []Encounter `json:"encounters"`
}

// Hotspot is a place that draws people.
type Hotspot struct {
	Name   string  `json:"name"`
	X      float64 `json:"x"` // metres
	Y      float64 `json:"y"`
	Radius float64 `json:"radius"`
}

// Encounter is two shown people who truly met, in simulated seconds.
type Encounter struct {
	A       int     `json:"a"`
	B       int     `json:"b"`
	Began   float64 `json:"began"`
	Ended   float64 `json:"ended"`
	Overlap bool    `json:"overlap"` // they share an interest, so they ought to be nudged
	Nudged  float64 `json:"nudged"`  // when; -1 for never
}
