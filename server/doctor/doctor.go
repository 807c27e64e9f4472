package doctor

import (
	"context"
	"errors"
	"time"

	"i80.dk/sighej/server"
)

// patience is how long one server may take to answer.
const patience = 5 * time.Second

// Config is what the doctor goes by.
type Config struct {
	Options server.Options
	Now     func() time.Time // this machine's clock
	Files   uint64           // how many a member may open at once; 0: as many as it likes
}

// Examine looks at everything and returns within some 15 s, or when ctx ends.
// Settings that are wrong in themselves keep the rest from being looked at.
func Examine(ctx context.Context, c Config) Report {
	var r Report
	if !r.settings(c.Options) {
		return r
	}
	r.interestKey(c.Options)
	r.dataDir(c.Options)
	r.redis(ctx, c.Options, c.Now)
	r.postgres(ctx, c.Options)
	r.ports(ctx, c.Options)
	r.files(c.Options, c.Files)
	r.certificates(c.Options, c.Now())
	return r
}

// settings reports whether it makes sense to go on.
func (r *Report) settings(o server.Options) bool {
	err := o.Validate()
	if invalid, ok := errors.AsType[*server.OptionsError](err); ok {
		for _, f := range invalid.Faults {
			r.fault("settings", "The rest is looked at once the settings are right. sighej config shows where each comes from.",
				"%s %s", f.Setting, f.Message)
		}
		return false
	}
	r.ok("settings", "valid in themselves")
	if o.Beacon() {
		r.warn("auth", "Everybody in range can act for a session. Take it off outside a lab.", "AUTH=beacon")
	}
	for _, p := range o.Proxies() {
		if p.Bits() == 0 {
			r.warn("trusted proxies", "Everybody can make up an address, and so get round the limits by address. Name the balancers' own.",
				"X-Forwarded-For is believed from everywhere (%s)", p)
		}
	}
	return true
}
