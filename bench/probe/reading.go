package probe

import "time"

// Reading is what a [Watcher] saw at a time. What is cumulative says nothing by
// itself: subtract an earlier reading.
type Reading struct {
	At        time.Time // when the reading was complete
	Host      Host
	Processes []Process // those of Config.PIDs, then those of Config.Metrics, in their order
}

// Host is the load of the whole machine since it started, over all its cores.
// The zero value stands for unknown.
type Host struct {
	Cores int     // online, whether or not this process may use them
	Busy  float64 // core-seconds of work: user, nice, system and interrupts
	Steal float64 // core-seconds that the hypervisor gave to others though there was work
}

// Process is what is known of one process. A figure that is 0 is unknown.
type Process struct {
	PID        int     // 0: a metrics page told
	Name       string  // the command's name, of a page the URL's host
	CPU        float64 // seconds of user and system time since it started, by all threads, dead ones included
	RSS        int64   // bytes
	PSS        int64   // bytes, shared ones divided by their sharers; by ReadAll only, and where this user may see it
	Goroutines int64   // from pages only

	// Gone: the process has ended, or its pid or page is another's now. It stays
	// so, and the figures are the last that were known.
	Gone bool
	// Missed: there was no answer this time, and the figures are the last that
	// were known.
	Missed bool
}
