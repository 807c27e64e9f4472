package endtoend

import (
	"runtime"
	"slices"
	"strings"
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
	steps  int
}

func newAir(t testing.TB) *air {
	t.Helper()
	medium, err := sim.NewMedium(sim.DefaultConfig(), 7)
	if err != nil {
		t.Fatal(err)
	}
	return &air{t: t, medium: medium}
}

// client is what a phone's radio talks to: an [sdk.Client], or what stands for one.
type client interface {
	Start(interests string) error
	Stop()
	OnServiceData(serviceData []byte, rssi int)
}

// radio is a phone's radio in the air, and its app's screen.
type radio struct {
	client client

	mu         sync.Mutex
	at         float64 // metres from the origin
	sends      []byte  // nil: nothing
	listens    bool
	background bool

	links  []int
	nudges []*sdk.Nudge
	came   []string // ids of nudges
	people [][2]int
	errors []string
}

// phone returns a phone that is not started, at a place.
func (a *air) phone(base string, at float64) *radio {
	return a.add(at, func(r *radio) client { return sdk.NewClient(base, r, r) })
}

func (a *air) add(at float64, make func(*radio) client) *radio {
	r := &radio{at: at}
	r.client = make(r)
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

// until steps until something holds. No phone may have two connections meanwhile.
func (a *air) until(what string, holds func() bool) {
	a.t.Helper()
	deadline, again := time.After(patience), time.NewTicker(20*time.Millisecond)
	defer again.Stop()
	for !holds() {
		a.step()
		if a.steps++; a.steps%10 == 0 {
			if n := connections(); n > len(a.radios) {
				a.t.Errorf("%d phones have %d connections", len(a.radios), n)
			}
		}
		select {
		case <-again.C:
		case <-deadline:
			a.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// pass lets a while pass, on every clock.
func (a *air) pass(d time.Duration) {
	a.t.Helper()
	began := time.Now()
	a.until("a while", func() bool { return time.Since(began) > d })
}

// connections counts the WebSocket connections that phones of this process have: a
// goroutine reads each of them.
func connections() (n int) {
	stacks := make([]runtime.StackRecord, 1<<10)
	got, _ := runtime.GoroutineProfile(stacks)
	for _, record := range stacks[:got] {
		frames := runtime.CallersFrames(record.Stack())
		for more := true; more; {
			var frame runtime.Frame
			if frame, more = frames.Next(); strings.HasSuffix(frame.Function, "phone.(*connection).read") {
				n++
			}
		}
	}
	return n
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

func (r *radio) OnState(s *sdk.State) { defer r.lock()(); r.links = append(r.links, s.Link()) }

func (r *radio) OnNudge(n *sdk.Nudge) {
	defer r.lock()()
	r.nudges, r.came = append(r.nudges, n), append(r.came, n.ID())
}

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
	if len(r.links) == 0 {
		return sdk.LinkStopped
	}
	return r.links[len(r.links)-1]
}

func (r *radio) online() bool { return r.link() == sdk.LinkOnline }

// ids returns the ids of the nudges, in order.
func (r *radio) ids() []string { defer r.lock()(); return slices.Clone(r.came) }

// onAir returns what it sends.
func (r *radio) onAir() []byte { defer r.lock()(); return r.sends }
