//go:build !js

package bluez

import (
	"context"
	"slices"

	"github.com/godbus/dbus/v5"

	"i80.dk/sighej/mobile/sdk"
)

// watch asks the bus for what tells whether the radio can be used.
func (r *Radio) watch() error {
	for _, match := range [][]dbus.MatchOption{
		{dbus.WithMatchSender("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, busName)},
		{dbus.WithMatchSender(busName), dbus.WithMatchInterface(objectsIface)},
		changesOf(adapterIface),
	} {
		if err := r.conn.AddMatchSignal(match...); err != nil {
			return err
		}
	}
	return nil
}

// changesOf matches changed properties of objects of BlueZ.
func changesOf(iface string) []dbus.MatchOption {
	return []dbus.MatchOption{
		dbus.WithMatchSender(busName), dbus.WithMatchInterface(propertiesIface),
		dbus.WithMatchMember("PropertiesChanged"), dbus.WithMatchArg(0, iface),
	}
}

// Run tells what the radio hears and whether it can be used, until ctx ends or Close,
// which is nil, or the bus is lost, which is [ErrNoBus]. BlueZ restarted, or another
// adapter in place of the one before, is the radio off and on: an [sdk.Client]
// then starts anew what it had started. Run it once, before the client starts.
func (r *Radio) Run(ctx context.Context, ears Ears) error {
	t := teller{radio: r, ears: ears, on: true}
	t.look()
	for {
		select {
		case <-ctx.Done():
			return nil
		case s, ok := <-r.signals:
			if !ok {
				if ctx.Err() != nil || r.closed.Load() {
					return nil
				}
				t.state(false)
				return ErrNoBus
			}
			t.signal(s)
		}
	}
}

// teller is what Run knows.
type teller struct {
	radio *Radio
	ears  Ears
	on    bool            // what the ears were told, or take for granted
	at    dbus.ObjectPath // the adapter that was on then
}

func (t *teller) state(on bool) {
	if on == t.on {
		return
	}
	t.on = on
	state := sdk.RadioOff
	if on {
		state = sdk.RadioOn
	}
	t.ears.OnRadioState(state)
}

// look tells how things stand now.
func (t *teller) look() {
	at, err := t.radio.usable()
	if err == nil {
		t.at = at
	}
	t.state(err == nil)
}

// signal does what one signal asks for. A signal of another form than BlueZ's
// documents say is left alone.
func (t *teller) signal(s *dbus.Signal) {
	switch s.Name {
	case "org.freedesktop.DBus.NameOwnerChanged":
		t.state(false)
		t.look()
	case objectsIface + ".InterfacesAdded":
		var path dbus.ObjectPath
		var p properties
		if dbus.Store(s.Body, &path, &p) == nil {
			t.added(path, p)
		}
	case objectsIface + ".InterfacesRemoved":
		var path dbus.ObjectPath
		var ifaces []string
		if dbus.Store(s.Body, &path, &ifaces) == nil {
			t.removed(path, ifaces)
		}
	case propertiesIface + ".PropertiesChanged":
		var iface string
		var changed map[string]dbus.Variant
		var gone []string
		if dbus.Store(s.Body, &iface, &changed, &gone) == nil {
			t.changed(s.Path, iface, changed)
		}
	}
}

func (t *teller) added(path dbus.ObjectPath, p properties) {
	_, isAdapter := p[adapterIface]
	_, advertises := p[advertiseIface]
	if (isAdapter || advertises) && !t.on {
		t.look()
	}
	t.heard(path, p[deviceIface])
}

func (t *teller) removed(path dbus.ObjectPath, ifaces []string) {
	if slices.Contains(ifaces, adapterIface) && path == t.at {
		t.state(false)
		t.look()
	}
	if slices.Contains(ifaces, deviceIface) {
		t.radio.forget(path)
	}
}

func (t *teller) changed(path dbus.ObjectPath, iface string, changed map[string]dbus.Variant) {
	switch iface {
	case deviceIface:
		t.heard(path, changed)
	case adapterIface:
		powered, told := changed["Powered"].Value().(bool)
		if told && !powered && path == t.at {
			t.state(false) // even if it is on again by now
		}
		if told && !t.on {
			t.look()
		}
	}
}

func (t *teller) heard(path dbus.ObjectPath, changed map[string]dbus.Variant) {
	if n, ok := t.radio.note(path, changed); ok {
		t.ears.OnServiceData(n.data, n.rssi)
	}
}
