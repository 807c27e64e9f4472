package live

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/app/model"
	"i80.dk/sighej/mobile/ble"
	"i80.dk/sighej/mobile/phone/phonetest"
	"i80.dk/sighej/wire"
)

// radio is a radio that fails when it is told to, and notes its power.
type radio struct {
	mu       sync.Mutex
	fault    error
	lowPower bool
}

func (r *radio) StartAdvertising([]byte) error { r.mu.Lock(); defer r.mu.Unlock(); return r.fault }
func (r *radio) StopAdvertising() error        { return nil }
func (r *radio) StartScanning() error          { return nil }
func (r *radio) StopScanning() error           { return nil }
func (r *radio) SetLowPower(on bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lowPower = on
	return nil
}

func (r *radio) low() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.lowPower }

// told are the events that a session told.
type told struct {
	t      *testing.T
	mu     sync.Mutex
	events []model.Event
}

func (l *told) tell(e model.Event) { l.mu.Lock(); defer l.mu.Unlock(); l.events = append(l.events, e) }

func (l *told) all() []model.Event { l.mu.Lock(); defer l.mu.Unlock(); return slices.Clone(l.events) }

// await waits until something holds.
func (l *told) await(what string, holds func() bool) {
	l.t.Helper()
	deadline, again := time.After(20*time.Second), time.NewTicker(5*time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-deadline:
			l.t.Fatalf("waited in vain for %s; told: %v", what, l.all())
		}
	}
}

// awaits waits for an event.
func (l *told) awaits(want func(model.Event) bool) {
	l.t.Helper()
	l.await("an event", func() bool { return slices.ContainsFunc(l.all(), want) })
}

func is(want model.Event) func(model.Event) bool {
	return func(e model.Event) bool { _, list := e.(model.Nudge); return !list && e == want }
}

func startSession(t *testing.T, r *radio, set func(*phonetest.Server)) (*Session, *told, *phonetest.Server) {
	t.Helper()
	server, l := phonetest.New(t, set), &told{t: t}
	s := NewSession(server.URL, r, l.tell)
	t.Cleanup(s.Stop)
	if err := s.Start([]string{"devops", "hardstyle"}); err != nil {
		t.Fatal(err)
	}
	return s, l, server
}

func TestSession(t *testing.T) {
	nudge := make(chan struct{})
	r := &radio{}
	s, l, server := startSession(t, r, func(s *phonetest.Server) {
		s.Script = func(_ int, c *phonetest.Socket) {
			c.Welcome(0)
			<-nudge
			c.Nudge("n1", "Someone nearby", "devops", "hardstyle")
			c.Serve()
		}
	})
	l.awaits(is(model.Connected))
	l.awaits(is(model.RadioFull))
	if created := server.Created(); !slices.Equal(created[0].Interests, []string{"devops", "hardstyle"}) {
		t.Errorf("registered: %v", created)
	}
	data, err := ble.ServiceData(sighej.NewToken())
	if err != nil {
		t.Fatal(err)
	}
	s.Heard(data, -45)
	l.awaits(is(model.PeopleInRange(1)))
	close(nudge)
	l.awaits(func(e model.Event) bool {
		n, ok := e.(model.Nudge)
		return ok && n.ID == "n1" && slices.Equal(n.Labels, []string{"devops", "hardstyle"}) && n.Message == "Someone nearby" &&
			n.Distance == model.VeryNear && time.Since(n.At) < time.Minute
	})
	s.OnScreen(false)
	l.await("the lower power", r.low)
	s.SetOpenToTalk(false)
	l.awaits(is(model.PeopleInRange(0)))
	l.await("the server to know", func() bool { return !server.Open() })
	s.RadioOn(false)
	s.Stop()
	events := l.all()
	if last := events[len(events)-1]; last != model.Offline || !server.Forgotten() {
		t.Errorf("the last event is %v, the session forgotten: %v", last, server.Forgotten())
	}
	if err := s.Start([]string{"devops"}); err != nil {
		t.Fatal(err)
	}
	l.await("another session", func() bool { return len(server.Created()) == 2 && server.Open() })
}

// A nudge that names nothing has no labels, and what the person wants of it reaches
// the server.
func TestWavingAndBlocking(t *testing.T) {
	s, l, server := startSession(t, &radio{}, func(s *phonetest.Server) {
		s.Script = func(_ int, c *phonetest.Socket) {
			c.Welcome(0)
			c.Nudge("n1", "Someone nearby shares an interest of yours.")
			c.Serve()
		}
	})
	l.awaits(func(e model.Event) bool {
		n, ok := e.(model.Nudge)
		return ok && n.ID == "n1" && len(n.Labels) == 0
	})
	s.Wave("n1")
	l.await("the server to know of the wave", func() bool { return slices.Equal(server.Waved(), []string{"n1"}) })
	s.Block("n1")
	l.await("the server to know of the block", func() bool { return slices.Equal(server.Blocked(), []string{"n1"}) })
}

func TestSessionThatIsRefused(t *testing.T) {
	_, l, _ := startSession(t, &radio{}, func(s *phonetest.Server) {
		s.RefuseSession = func(int) (int, wire.Problem) {
			return http.StatusUnprocessableEntity, wire.Problem{Code: string(sighej.CodeInvalid), Detail: "no such interest"}
		}
	})
	l.awaits(is(model.Refused("No such interest.")))
}

func TestRadioThatFails(t *testing.T) {
	_, l, _ := startSession(t, &radio{fault: errors.New("no advertiser")}, nil)
	l.awaits(is(model.Fault("Bluetooth does not work: the radio: no advertiser")))
	l.awaits(is(model.RadioOff))
}

func TestStartRefuses(t *testing.T) {
	s := NewSession("nowhere", &radio{}, func(model.Event) {})
	if err := s.Start([]string{"devops"}); err == nil {
		t.Error("started without a server")
		s.Stop()
	}
}
