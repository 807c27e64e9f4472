//go:build !js

package bluez

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/godbus/dbus/v5"

	"i80.dk/sighej/mobile/sdk"
)

// patience is how long BlueZ may take for an answer: less than what the SDK
// grants a call to the radio when it stops.
const patience = 4 * time.Second

// Config tells which radio.
type Config struct {
	Bus     string // the address of a bus; "": the system's
	Adapter string // as in hci0; "": one that is powered, else the first
}

// Ears is who is told what the radio hears and whether it can be used: an
// [sdk.Client]. The methods must not wait.
type Ears interface {
	OnServiceData(serviceData []byte, rssi int)
	OnRadioState(state int)
}

// Radio is one adapter. The methods of [sdk.Radio] are for one goroutine at a
// time, as the SDK calls them, beside which Run goes on.
type Radio struct {
	cfg     Config
	conn    *dbus.Conn
	signals chan *dbus.Signal
	closed  atomic.Bool

	mu         sync.Mutex
	adapter    adapter
	lowPower   bool
	data       []byte        // what StartAdvertising was given; nil: nothing
	sent       advertisement // zero: nothing
	registered int           // advertisements so far, for their names
	scans      dbus.ObjectPath
	neighbours map[dbus.ObjectPath]*neighbour
}

var _ sdk.Radio = (*Radio)(nil)

// Open connects to the bus, [ErrNoBus] if it cannot. Whether there is a radio is
// for Ready to tell. The caller closes it.
func Open(cfg Config) (*Radio, error) {
	// One signal after the other and none dropped: what waits is bounded by what
	// an adapter hears in the time that Ears take.
	ordered := dbus.WithSignalHandler(dbus.NewSequentialSignalHandler())
	conn, err := connect(cfg.Bus, ordered)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoBus, err)
	}
	r := &Radio{cfg: cfg, conn: conn, signals: make(chan *dbus.Signal, 64), neighbours: map[dbus.ObjectPath]*neighbour{}}
	conn.Signal(r.signals)
	if err := r.watch(); err != nil {
		_ = conn.Close()
		return nil, explained("watching BlueZ", err)
	}
	return r, nil
}

func connect(address string, option dbus.ConnOption) (*dbus.Conn, error) {
	if address == "" {
		return dbus.ConnectSystemBus(option)
	}
	return dbus.Connect(address, option)
}

// Close takes back what BlueZ was asked for and leaves the bus. Run ends too.
func (r *Radio) Close() error {
	r.closed.Store(true)
	stop := errors.Join(r.StopAdvertising(), r.StopScanning())
	return errors.Join(stop, r.conn.Close())
}

// SetLowPower makes the advertisement be sent more seldom, or more often again. One
// that could not be registered anew is tried again by the next call.
func (r *Radio) SetLowPower(on bool) error {
	r.mu.Lock()
	same, sends, data := r.lowPower == on, r.sent.path != "", r.data
	r.lowPower = on
	r.mu.Unlock()
	if data == nil || same && sends {
		return nil
	}
	return errors.Join(r.unregister(), r.register(data))
}

// call calls a method of BlueZ and waits for its answer.
func (r *Radio) call(path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return r.conn.Object(busName, path).CallWithContext(ctx, method, dbus.FlagNoAutoStart, args...)
}
