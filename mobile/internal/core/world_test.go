package core_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/internal/testleaks"
	"i80.dk/sighej/mobile/ble"
	"i80.dk/sighej/mobile/internal/core"
	"i80.dk/sighej/mobile/phone"
	"i80.dk/sighej/mobile/phone/phonetest"
	"i80.dk/sighej/wire"
)

// These tests have a clock of their own (synctest), and a network in memory, so
// that quarters of an hour pass at once.

func TestMain(m *testing.M) { testleaks.Main(m) }

// seen is what the app's side was told.
type seen struct {
	advertised  []string // service data, in order; "" for a stop
	scanning    bool
	lowPower    []bool
	states      []core.State
	nudges      []core.Nudge
	ranges      [][2]int
	errors      []sighej.Code
	overlapping bool // two calls at a time
}

// shell is the app's side.
type shell struct {
	busy    atomic.Bool
	onNudge func(core.Nudge)
	onState func(core.State)

	mu       sync.Mutex
	had      seen
	refuse   error
	onRefuse func() // under the lock
}

// enter is called by every call: they must come one at a time.
func (s *shell) enter() func() {
	overlapping := s.busy.Swap(true)
	s.mu.Lock()
	s.had.overlapping = s.had.overlapping || overlapping
	return func() { s.mu.Unlock(); s.busy.Store(false) }
}

// seen returns a copy.
func (s *shell) seen() seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	had := s.had
	had.advertised, had.lowPower, had.states = slices.Clone(had.advertised), slices.Clone(had.lowPower), slices.Clone(had.states)
	had.nudges, had.ranges, had.errors = slices.Clone(had.nudges), slices.Clone(had.ranges), slices.Clone(had.errors)
	return had
}

// setRefuse sets what starting the radio fails with.
func (s *shell) setRefuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = err
}

func (s *shell) StartAdvertising(data []byte) error {
	defer s.enter()()
	if err := s.refuse; err != nil {
		if s.onRefuse != nil {
			s.onRefuse()
		}
		return err
	}
	s.had.advertised = append(s.had.advertised, string(data))
	return nil
}

func (s *shell) StopAdvertising() error {
	defer s.enter()()
	s.had.advertised = append(s.had.advertised, "")
	return nil
}

func (s *shell) StartScanning() error {
	defer s.enter()()
	s.had.scanning = s.refuse == nil
	return s.refuse
}
func (s *shell) StopScanning() error { defer s.enter()(); s.had.scanning = false; return nil }

func (s *shell) SetLowPower(on bool) error {
	defer s.enter()()
	s.had.lowPower = append(s.had.lowPower, on)
	return nil
}

func (s *shell) OnState(state core.State) {
	defer s.enter()()
	s.had.states = append(s.had.states, state)
	if s.onState != nil {
		s.onState(state)
	}
}

func (s *shell) OnNudge(n core.Nudge) {
	leave := s.enter()
	s.had.nudges = append(s.had.nudges, n)
	leave()
	s.busy.Store(true)
	defer s.busy.Store(false)
	if s.onNudge != nil {
		s.onNudge(n)
	}
}

func (s *shell) OnPeopleInRange(all, veryNear int) {
	defer s.enter()()
	s.had.ranges = append(s.had.ranges, [2]int{all, veryNear})
}

func (s *shell) OnError(code sighej.Code, _ string) {
	defer s.enter()()
	s.had.errors = append(s.had.errors, code)
}

func (s *shell) state() core.State {
	states := s.seen().states
	if len(states) == 0 {
		return core.State{}
	}
	return states[len(states)-1]
}

// onAir returns the token that is advertised.
func (s *shell) onAir() sighej.Token {
	advertised := s.seen().advertised
	if len(advertised) == 0 {
		return ""
	}
	token, _ := ble.ParseServiceData([]byte(advertised[len(advertised)-1]))
	return token
}

func (s *shell) ids() (ids []string) {
	for _, n := range s.seen().nudges {
		ids = append(ids, n.ID)
	}
	return ids
}

// world is one phone and its server.
type world struct {
	t      *testing.T
	server *phonetest.Server
	shell  *shell
	core   *core.Core
	wakes  wakes
}

// wakes are the times at which the phone woke up, by its own timers or by what
// came from the network.
type wakes struct {
	mu sync.Mutex
	at map[time.Time]bool
}

func (w *wakes) woken() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.at == nil {
		w.at = map[time.Time]bool{}
	}
	w.at[time.Now()] = true
}

func (w *wakes) count() int { w.mu.Lock(); defer w.mu.Unlock(); return len(w.at) }

// dial is the way to the server. What comes from it wakes the phone.
func (w *world) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := w.server.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return waking{conn, &w.wakes}, nil
}

type waking struct {
	net.Conn
	wakes *wakes
}

func (w waking) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.wakes.woken()
	return n, err
}

// inWorld runs a test in a bubble, with a phone that is not started.
func inWorld(t *testing.T, set func(*phonetest.Server), test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, shell: &shell{}}
		w.server = phonetest.New(t, func(s *phonetest.Server) {
			s.InMemory = true
			if set != nil {
				set(s)
			}
		})
		transport := &http.Transport{DialContext: w.dial}
		w.core = core.New(core.Config{
			Base: w.server.URL, Radio: w.shell, Listener: w.shell, Transport: transport,
			Dialer: &phone.Dialer{NetDialContext: w.dial}, Woken: w.wakes.woken,
		})
		t.Cleanup(transport.CloseIdleConnections)
		t.Cleanup(w.core.Stop)
		test(w)
		if w.shell.seen().overlapping {
			t.Error("two calls to the shell at a time")
		}
		if most := w.server.MostConnections(); most > 1 {
			t.Errorf("%d connections at a time", most)
		}
	})
}

func (w *world) start() {
	w.t.Helper()
	if err := w.core.Start([]string{"devops", " hardstyle "}); err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
}

// pass lets time pass, of the bubble.
func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *world) wantState(link core.Link, d ble.Discoverability) {
	w.t.Helper()
	if s := w.shell.state(); s.Link != link || s.Discoverability != d {
		w.t.Errorf("state %+v, want link %d, discoverability %v", s, link, d)
	}
}

// hear lets the phone hear others at a power.
func (w *world) hear(power int, tokens ...sighej.Token) {
	for _, token := range tokens {
		data, err := ble.ServiceData(token)
		if err != nil {
			w.t.Fatal(err)
		}
		w.core.Heard(data, power)
	}
	synctest.Wait()
}

// over serves a connection and keeps the sightings that come over it.
type over struct {
	mu        sync.Mutex
	sightings []wire.Sighting
	acked     []string
	answer    func(wire.ClientFrame) *wire.Sighted // nil, or nil from it: as the server does
}

func (o *over) serve(c *phonetest.Socket) {
	for {
		frame, ok := c.Next()
		if !ok {
			return
		}
		o.mu.Lock()
		o.sightings = append(o.sightings, frame.Sightings...)
		if frame.Type == wire.TypeAck {
			o.acked = append(o.acked, frame.ID)
		}
		answer := o.answer
		o.mu.Unlock()
		if frame.Type != wire.TypeSighting {
			continue
		}
		if answer != nil {
			if sighted := answer(frame); sighted != nil {
				c.Send(sighted)
				continue
			}
		}
		c.Answer(frame)
	}
}

func (o *over) tokens() (tokens []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.sightings {
		tokens = append(tokens, s.Token)
	}
	return tokens
}

func (o *over) first() wire.Sighting {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sightings[0]
}

func (o *over) acks() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.acked)
}

var errRadio = errors.New("no Bluetooth here")
