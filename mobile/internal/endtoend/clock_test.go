package endtoend

import (
	"strings"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/mobile/internal/core"
)

// clocked is a phone whose clock is off: the core behind an [sdk.Client], which
// lets nobody set the clock.
type clocked struct {
	*radio
	core *core.Core
}

func (a *air) clocked(base string, at float64, off time.Duration) *radio {
	return a.add(at, func(r *radio) client {
		c := clocked{radio: r}
		c.core = core.New(core.Config{
			Base: base, Radio: r, Listener: c, Clock: func() time.Time { return time.Now().Add(off) },
		})
		return c
	})
}

func (c clocked) Start(interests string) error        { return c.core.Start(strings.Split(interests, "\n")) }
func (c clocked) Stop()                               { c.core.Stop() }
func (c clocked) OnServiceData(data []byte, rssi int) { c.core.Heard(data, rssi) }

func (c clocked) OnState(s core.State) { defer c.lock()(); c.links = append(c.links, int(s.Link)) }
func (c clocked) OnNudge(n core.Nudge) { defer c.lock()(); c.came = append(c.came, n.ID) }

func (c clocked) OnError(code sighej.Code, message string) {
	c.radio.OnError(string(code), message)
}

// Two phones meet without a network, and are apart again when they tell of it. Their
// clocks are five minutes off, to either side: what they say of the time has to be
// by the server's.
func TestClocksThatAreWrong(t *testing.T) {
	nothingLeft(t)
	m := startMember(t, nil)
	a := newAir(t)
	one, other := a.clocked(m.base(), 0, 5*time.Minute), a.clocked(m.base(), 500, -5*time.Minute)
	begin(a, one, other)
	m.proxy.Stop()
	other.move(1)
	a.pass(2 * time.Second)
	other.move(500)
	a.pass(11 * time.Second) // longer than what is told as of now
	if err := testservers.Rebind(m.proxy.Start); err != nil {
		t.Fatal(err)
	}
	nudgedOnce(t, a, one, other)
	stop(t, one, other)
}
