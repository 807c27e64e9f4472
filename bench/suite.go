package bench

import (
	"context"
	"time"
)

// suite is a way to load a server. Its exported fields are its flags.
type suite interface {
	name() string
	about() string // what it does, in a sentence
	common() *Common
	validate() []error // faults of the flags; those of Common included
	late() time.Duration
	files() int // that the generators have open at most, together
	run(ctx context.Context, p *pass) error
}

// Command is `sighej bench`.
type Command struct {
	List     List     `cmd:"" help:"Explain the suites."`
	Steady   Steady   `cmd:"" help:"Sightings at a fixed rate, some of them matches."`
	Connect  Connect  `cmd:"" help:"Register and connect phones; memory of an idle one."`
	Storm    Storm    `cmd:"" help:"All phones drop and come back."`
	Ramp     Ramp     `cmd:"" help:"Raise the rate until an objective breaks."`
	Festival Festival `cmd:"" help:"A crowd that moves and hears itself by simulated radio."`
	Soak     Soak     `cmd:"" help:"Hours at a moderate rate, with sessions that end and begin."`
	Compare  Compare  `cmd:"" help:"Two reports side by side."`
	Worker   Worker   `cmd:"" hidden:""`
}

// suites returns all with their zero flags, in the order in which they are
// listed.
func suites() []suite {
	return []suite{&Steady{}, &Connect{}, &Storm{}, &Ramp{}, &Festival{}, &Soak{}}
}

// How long it waits for its phones: for all, and besides for each.
const (
	populateFor  = 2 * time.Minute
	populateEach = 5 * time.Millisecond
)

// registering is how many phones register at the same time where it is only the
// preparation.
const registering = 64
