//go:build linux

package fakebluez

import (
	"fmt"
	"maps"

	"github.com/godbus/dbus/v5"
)

// refused is an error of BlueZ's.
func refused(name string) *dbus.Error {
	return dbus.NewError("org.bluez.Error."+name, []any{"refused by the test's BlueZ"})
}

// onAdapter are the calls of Adapter1 and LEAdvertisingManager1.
type onAdapter struct{ *adapter }

// SetDiscoveryFilter is BlueZ's.
func (a onAdapter) SetDiscoveryFilter(filter map[string]dbus.Variant) *dbus.Error {
	defer a.daemon.lock()()
	a.filter = maps.Clone(filter)
	return nil
}

// StartDiscovery is BlueZ's.
func (a onAdapter) StartDiscovery() *dbus.Error {
	defer a.daemon.lock()()
	switch {
	case !a.powered:
		return refused("NotReady")
	case a.scans:
		return refused("InProgress")
	}
	a.scans = true
	return nil
}

// StopDiscovery is BlueZ's.
func (a onAdapter) StopDiscovery() *dbus.Error {
	defer a.daemon.lock()()
	if !a.scans {
		return refused("Failed")
	}
	a.scans = false
	return nil
}

// RegisterAdvertisement reads the advertisement, as BlueZ does, before it answers.
func (a onAdapter) RegisterAdvertisement(path dbus.ObjectPath, _ map[string]dbus.Variant, sender dbus.Sender) *dbus.Error {
	unlock := a.daemon.lock()
	powered, full := a.powered, len(a.sends) == a.daemon.slots
	unlock()
	switch {
	case !powered:
		return refused("NotReady")
	case full:
		return refused("NotPermitted")
	}
	var p map[string]dbus.Variant
	err := a.daemon.conn.Object(string(sender), path).Call("org.freedesktop.DBus.Properties.GetAll", 0, "org.bluez.LEAdvertisement1").Store(&p)
	if err != nil {
		return refused("Failed")
	}
	defer a.daemon.lock()()
	a.daemon.made++
	made := Advertisement{Properties: p, Device: fmt.Sprintf("dev_%012X", a.daemon.made)}
	a.sends[path] = made
	a.daemon.advertised = append(a.daemon.advertised, made)
	return nil
}

// UnregisterAdvertisement is BlueZ's.
func (a onAdapter) UnregisterAdvertisement(path dbus.ObjectPath) *dbus.Error {
	defer a.daemon.lock()()
	if _, ok := a.sends[path]; !ok {
		return refused("DoesNotExist")
	}
	delete(a.sends, path)
	return nil
}

// settings are the adapter's properties.
type settings struct{ *adapter }

// Set writes down that somebody changes the adapter, which nobody may.
func (s settings) Set(iface, name string, value dbus.Variant) *dbus.Error {
	defer s.daemon.lock()()
	s.daemon.set = append(s.daemon.set, fmt.Sprint(iface, ".", name, "=", value))
	return nil
}

// objects is the ObjectManager.
type objects struct{ *Daemon }

// GetManagedObjects is D-Bus's.
func (o objects) GetManagedObjects() (map[dbus.ObjectPath]map[string]map[string]dbus.Variant, *dbus.Error) {
	defer o.lock()()
	all := map[dbus.ObjectPath]map[string]map[string]dbus.Variant{}
	for _, a := range o.adapters {
		if a.here {
			all[a.path] = a.properties()
		}
	}
	return all, nil
}
