package endtoend

import (
	"slices"
	"sync"
	"testing"
	"time"

	"i80.dk/sighej/mobile/sdk"
	"i80.dk/sighej/mobile/sim"
)

const patience = 60 * time.Second // how long a test waits for what must come

// air is the simulated radio between clients. Time in it goes by in steps, as
// fast as a test takes them.
type air struct {
	t      testing.TB
	medium *sim.Medium
	radios []*radio
}

func newAir(t testing.TB) *air {
	t.Helper()
	medium, err := sim.NewMedium(sim.DefaultConfig(), 7)
	if err != nil {
		t.Fatal(err)
	}
	return &air{t: t, medium: medium}
}

// radio is a phone's radio in the air, and its app's screen.
type radio struct {
	client *sdk.Client

	mu         sync.Mutex
	at         float64 // metres from the origin
	sends      []byte  // nil: nothing
	listens    bool
	background bool

	states []*sdk.State
	nudges []*sdk.Nudge
	people [][2]int
	errors []string
}

// phone returns a phone that is not started, at a place.
func (a *air) phone(base string, at float64) *radio {
	r := &radio{at: at}
	r.client = sdk.NewClient(base, r, r)
	a.radios = append(a.radios, r)
	a.t.Cleanup(r.client.Stop)
	return r
}

// step lets a second of the radios' time pass.
func (a *air) step() {
	phones, sent, listening := make([]sim.Phone, len(a.radios)), make([][]byte, len(a.radios)), make([]bool, len(a.radios))
	for i, r := range a.radios {
		r.mu.Lock()
		phones[i] = sim.Phone{X: r.at, Off: r.sends == nil && !r.listens}
		if r.background {
			phones[i].Mode = sim.Background
		}
		sent[i], listening[i] = r.sends, r.listens
		r.mu.Unlock()
	}
	a.medium.Step(phones, func(h sim.Hearing) {
		if listening[h.By] && sent[h.Of] != nil {
			a.radios[h.By].client.OnServiceData(sent[h.Of], int(h.RSSI))
		}
	})
}

// until steps until something holds.
func (a *air) until(what string, holds func() bool) {
	a.t.Helper()
	deadline, again := time.After(patience), time.NewTicker(20*time.Millisecond)
	defer again.Stop()
	for !holds() {
		a.step()
		select {
		case <-again.C:
		case <-deadline:
			a.t.Fatalf("waited in vain for %s", what)
		}
	}
}

func (r *radio) move(to float64) { r.mu.Lock(); defer r.mu.Unlock(); r.at = to }

// lock is for each call of the client.
func (r *radio) lock() func() { r.mu.Lock(); return r.mu.Unlock }

func (r *radio) StartAdvertising(data []byte) error {
	defer r.lock()()
	r.sends = slices.Clone(data)
	return nil
}

func (r *radio) StopAdvertising() error    { defer r.lock()(); r.sends = nil; return nil }
func (r *radio) StartScanning() error      { defer r.lock()(); r.listens = true; return nil }
func (r *radio) StopScanning() error       { defer r.lock()(); r.listens = false; return nil }
func (r *radio) SetLowPower(on bool) error { defer r.lock()(); r.background = on; return nil }

func (r *radio) OnState(s *sdk.State) { defer r.lock()(); r.states = append(r.states, s) }
func (r *radio) OnNudge(n *sdk.Nudge) { defer r.lock()(); r.nudges = append(r.nudges, n) }

func (r *radio) OnPeopleInRange(all, veryNear int) {
	defer r.lock()()
	r.people = append(r.people, [2]int{all, veryNear})
}

func (r *radio) OnError(code, message string) {
	defer r.lock()()
	r.errors = append(r.errors, code+": "+message)
}

// link returns the newest link.
func (r *radio) link() int {
	defer r.lock()()
	if len(r.states) == 0 {
		return sdk.LinkStopped
	}
	return r.states[len(r.states)-1].Link()
}

func (r *radio) online() bool { return r.link() == sdk.LinkOnline }

// ids returns the ids of the nudges, in order.
func (r *radio) ids() (ids []string) {
	defer r.lock()()
	for _, n := range r.nudges {
		ids = append(ids, n.ID())
	}
	return ids
}

// onAir returns what it sends.
func (r *radio) onAir() []byte { defer r.lock()(); return r.sends }
