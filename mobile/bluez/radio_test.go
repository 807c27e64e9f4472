//go:build linux

package bluez_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"i80.dk/sighej"
	"i80.dk/sighej/internal/testleaks"
	"i80.dk/sighej/mobile/ble"
	"i80.dk/sighej/mobile/bluez"
	"i80.dk/sighej/mobile/bluez/fakebluez"
	"i80.dk/sighej/mobile/sdk"
)

const patience = 30 * time.Second // how long a test waits for what must come

// ears notes what it is told.
type ears struct {
	mu     sync.Mutex
	data   [][]byte
	rssi   []int
	states []int
}

func (e *ears) OnServiceData(data []byte, rssi int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.data, e.rssi = append(e.data, data), append(e.rssi, rssi)
}

func (e *ears) OnRadioState(state int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.states = append(e.states, state)
}

func (e *ears) heard(data []byte, rssi int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := len(e.data)
	return n > 0 && bytes.Equal(e.data[n-1], data) && e.rssi[n-1] == rssi
}

func (e *ears) count() int { e.mu.Lock(); defer e.mu.Unlock(); return len(e.data) }

func (e *ears) told(states ...int) func() bool {
	return func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return slices.Equal(e.states, states)
	}
}

// until polls, with something done before each look.
func until(t *testing.T, what string, do func(), holds func() bool) {
	t.Helper()
	deadline, again := time.After(patience), time.NewTicker(10*time.Millisecond)
	defer again.Stop()
	for !holds() {
		do()
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func nothing() {}

// open returns a radio that runs until the test ends.
func open(t *testing.T, bus *fakebluez.Bus, adapter string) (*bluez.Radio, *ears) {
	t.Helper()
	r, err := bluez.Open(bluez.Config{Bus: bus.Address, Adapter: adapter})
	if err != nil {
		t.Fatal(err)
	}
	e := &ears{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx, e) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		_ = r.Close() // its BlueZ may be gone
	})
	return r, e
}

func serviceData(t *testing.T) []byte {
	t.Helper()
	data, err := ble.ServiceData(sighej.NewToken())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestTwoRadiosHearEachOther(t *testing.T) {
	defer testleaks.None(t, goleak.IgnoreCurrent())
	t.Run("on one bus", func(t *testing.T) {
		bus := fakebluez.StartBus(t, "")
		d := fakebluez.StartDaemon(t, bus, "hci0", "hci1")
		one, hears := open(t, bus, "hci0")
		other, hearsToo := open(t, bus, "hci1")
		first, second, third := serviceData(t), serviceData(t), serviceData(t)
		must(t, one.SetLowPower(false), one.StartAdvertising(first), one.StartScanning())
		must(t, other.SetLowPower(false), other.StartAdvertising(second), other.StartScanning())
		until(t, "each to hear the other", func() { d.Air(-60) }, func() bool { return hears.heard(second, -60) && hearsToo.heard(first, -60) })
		until(t, "the other to come nearer", func() { d.Air(-57) }, func() bool { return hears.heard(second, -57) })
		still := hears.count()
		until(t, "an other that stays where it is", func() { d.Air(-57) }, func() bool { return hears.count() > still+2 })
		must(t, one.StopAdvertising(), one.StartAdvertising(third))
		until(t, "the next token", func() { d.Air(-60) }, func() bool { return hearsToo.heard(third, -60) })
		must(t, one.StopAdvertising(), one.StopScanning(), other.StopAdvertising(), other.StopScanning())
		for _, name := range []string{"hci0", "hci1"} {
			if len(d.Sends(name)) != 0 || d.Scans(name) != nil {
				t.Errorf("%s goes on", name)
			}
		}
		if set := d.Set(); len(set) != 0 {
			t.Errorf("properties of an adapter were set: %v", set)
		}
	})
}

// Nobody can connect, the adapter is not made discoverable, and it all fits.
func TestWhatBlueZIsAsked(t *testing.T) {
	bus := fakebluez.StartBus(t, "")
	d := fakebluez.StartDaemon(t, bus, "hci0")
	r, _ := open(t, bus, "")
	must(t, r.SetLowPower(false), r.StartAdvertising(serviceData(t)), r.StartScanning(), r.SetLowPower(true))
	all := d.Advertised()
	if len(all) != 2 || len(d.Sends("hci0")) != 1 {
		t.Fatalf("%d advertisements, of which %d go on", len(all), len(d.Sends("hci0")))
	}
	for i, ms := range []uint32{250, 1000} {
		p := all[i].Properties
		if p["Type"].Value() != "broadcast" || p["MinInterval"].Value() != ms || p["MaxInterval"].Value() != ms || len(p) != 5 {
			t.Errorf("advertisement %d: %v", i, p)
		}
	}
	filter := d.Scans("hci0")
	if filter["Transport"].Value() != "le" || filter["RSSI"].Value() != int16(-127) || len(filter) != 3 {
		t.Errorf("filter: %v", filter)
	}
	if set := d.Set(); len(set) != 0 {
		t.Errorf("properties of an adapter were set: %v", set)
	}
	must(t, r.Close())
	if len(d.Sends("hci0")) != 0 || d.Scans("hci0") != nil {
		t.Error("it goes on after Close")
	}
}

// The advertisement that a change of power could not register anew comes back.
func TestNoRoomForAChangeOfPower(t *testing.T) {
	bus := fakebluez.StartBus(t, "")
	d := fakebluez.StartDaemon(t, bus, "hci0")
	r, _ := open(t, bus, "")
	must(t, r.SetLowPower(false), r.StartAdvertising(serviceData(t)))
	d.Slots(0)
	if err := r.SetLowPower(true); !errors.Is(err, bluez.ErrBusy) {
		t.Errorf("%v, want %v", err, bluez.ErrBusy)
	}
	d.Slots(1)
	must(t, r.SetLowPower(true))
	if sends := d.Sends("hci0"); len(sends) != 1 || sends[0].Properties["MinInterval"].Value() != uint32(1000) {
		t.Errorf("it sends %v", sends)
	}
	must(t, r.SetLowPower(true), r.StopAdvertising())
	if n := len(d.Advertised()); n != 2 || len(d.Sends("hci0")) != 0 {
		t.Errorf("%d advertisements, %d go on", n, len(d.Sends("hci0")))
	}
}

func TestRadioStates(t *testing.T) {
	for name, fault := range map[string]struct{ off, on func(*fakebluez.Daemon) }{
		"switched off and on": {
			func(d *fakebluez.Daemon) { d.Power("hci0", false) }, func(d *fakebluez.Daemon) { d.Power("hci0", true) },
		},
		"pulled out and put in": {
			func(d *fakebluez.Daemon) { d.Plug("hci0", false) }, func(d *fakebluez.Daemon) { d.Plug("hci0", true) },
		},
		"killed and started": {(*fakebluez.Daemon).Kill, (*fakebluez.Daemon).Start},
	} {
		t.Run(name, func(t *testing.T) {
			bus := fakebluez.StartBus(t, "")
			d := fakebluez.StartDaemon(t, bus, "hci0")
			r, e := open(t, bus, "")
			must(t, r.StartAdvertising(serviceData(t)), r.StartScanning())
			fault.off(d)
			until(t, "off", nothing, e.told(sdk.RadioOff))
			if err := r.StartAdvertising(serviceData(t)); err == nil {
				t.Error("it advertises with a radio that is off")
			}
			fault.on(d)
			until(t, "on", nothing, e.told(sdk.RadioOff, sdk.RadioOn))
			_, _ = r.StopAdvertising(), r.StopScanning() // of before, as the SDK does
			must(t, r.StartAdvertising(serviceData(t)), r.StartScanning())
			if len(d.Sends("hci0")) != 1 || d.Scans("hci0") == nil {
				t.Error("it did not start again")
			}
		})
	}
}

func TestErrorsTellWhatIsMissing(t *testing.T) {
	ready := func(bus *fakebluez.Bus) error {
		r, err := bluez.Open(bluez.Config{Bus: bus.Address})
		if err != nil {
			return err
		}
		defer func() { _ = r.Close() }()
		if err := r.Ready(); err != nil {
			return err
		}
		return r.StartAdvertising(serviceData(t))
	}
	for name, c := range map[string]struct {
		want   error
		policy string
		spoil  func(*testing.T, *fakebluez.Bus)
	}{
		"no bus":     {want: bluez.ErrNoBus, spoil: func(_ *testing.T, b *fakebluez.Bus) { b.Stop() }},
		"no bluez":   {want: bluez.ErrNoBlueZ, spoil: func(*testing.T, *fakebluez.Bus) {}},
		"no adapter": {want: bluez.ErrNoAdapter, spoil: func(t *testing.T, b *fakebluez.Bus) { fakebluez.StartDaemon(t, b) }},
		"off": {want: bluez.ErrPoweredOff, spoil: func(t *testing.T, b *fakebluez.Bus) {
			fakebluez.StartDaemon(t, b, "hci0").Power("hci0", false)
		}},
		"not permitted": {
			want: bluez.ErrNotPermitted, policy: `<deny send_destination="org.bluez"/>`,
			spoil: func(t *testing.T, b *fakebluez.Bus) { fakebluez.StartDaemon(t, b, "hci0") },
		},
		"no room": {want: bluez.ErrBusy, spoil: func(t *testing.T, b *fakebluez.Bus) { fakebluez.StartDaemon(t, b, "hci0").Slots(0) }},
	} {
		t.Run(name, func(t *testing.T) {
			bus := fakebluez.StartBus(t, c.policy)
			c.spoil(t, bus)
			if err := ready(bus); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

func TestABusThatIsLostEndsRun(t *testing.T) {
	bus := fakebluez.StartBus(t, "")
	fakebluez.StartDaemon(t, bus, "hci0")
	r, err := bluez.Open(bluez.Config{Bus: bus.Address})
	must(t, err)
	defer func() { _ = r.Close() }()
	must(t, r.Ready())
	bus.Stop()
	e := &ears{}
	if err := r.Run(t.Context(), e); !errors.Is(err, bluez.ErrNoBus) || !e.told(sdk.RadioOff)() {
		t.Errorf("%v, states %v", err, e.states)
	}
}
