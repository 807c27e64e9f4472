// Package air is a simulated radio for the app in a browser: phones are tabs, and
// packets go from tab to tab through a BroadcastChannel. It is a simulator and no
// Bluetooth. Powers are those of package sim's path loss at the distance that a
// slider of the page says, the same between any two tabs.
package air

import (
	"math/rand/v2"
	"time"

	"i80.dk/sighej/mobile/sim"
)

// Air tells which packets arrive, and how strong.
type Air struct{ cfg sim.Config }

// New returns the air of a crowd outdoors.
func New() *Air { return &Air{sim.DefaultConfig()} }

// Receive returns the power of a packet sent from a distance, in dBm, or false
// when it is lost.
func (a *Air) Receive(metres float64) (rssi int, ok bool) {
	power := a.cfg.PowerAt(metres) + rand.NormFloat64()*a.cfg.Fading // #nosec G404 -- a simulation
	if power < a.cfg.Sensitivity || rand.Float64() < a.cfg.Loss {    // #nosec G404 -- a simulation
		return 0, false
	}
	return int(power), true
}

// Every returns how often a phone sends a packet.
func (a *Air) Every() time.Duration { return a.cfg.Foreground.Advertise }
