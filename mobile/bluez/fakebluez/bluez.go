//go:build linux

package fakebluez

import (
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"
)

// Daemon is a bluetoothd. Its methods are safe for concurrent use.
type Daemon struct {
	t    testing.TB
	bus  *Bus
	conn *dbus.Conn

	mu         sync.Mutex
	adapters   []*adapter
	slots      int // advertisements that an adapter holds
	made       int
	set        []string
	advertised []Advertisement
}

// Advertisement is one that was registered.
type Advertisement struct {
	Properties map[string]dbus.Variant
	Device     string // the sender, as others see it: another one each time, as with the kernel's random addresses
}

type adapter struct {
	daemon  *Daemon
	path    dbus.ObjectPath
	here    bool
	powered bool
	scans   bool
	filter  map[string]dbus.Variant
	sends   map[dbus.ObjectPath]Advertisement
	known   map[string]int16 // the strengths that listeners were told, by device
}

// StartDaemon starts one with these adapters, powered: hci0, hci1.
func StartDaemon(t testing.TB, bus *Bus, adapters ...string) *Daemon {
	t.Helper()
	d := &Daemon{t: t, bus: bus, slots: 4}
	for _, name := range adapters {
		d.adapters = append(d.adapters, &adapter{daemon: d, path: dbus.ObjectPath("/org/bluez/" + name), here: true, powered: true})
	}
	d.Start()
	t.Cleanup(d.Kill)
	return d
}

// Start starts it again, knowing nothing.
func (d *Daemon) Start() {
	d.t.Helper()
	defer d.lock()()
	d.conn = d.bus.connect(d.t)
	d.export(objects{d}, "/", "org.freedesktop.DBus.ObjectManager")
	for _, a := range d.adapters {
		a.reset()
		d.export(onAdapter{a}, a.path, "org.bluez.Adapter1")
		d.export(onAdapter{a}, a.path, "org.bluez.LEAdvertisingManager1")
		d.export(settings{a}, a.path, "org.freedesktop.DBus.Properties")
	}
	if _, err := d.conn.RequestName("org.bluez", dbus.NameFlagDoNotQueue); err != nil {
		d.t.Error(err)
	}
}

func (d *Daemon) export(what any, path dbus.ObjectPath, iface string) {
	if err := d.conn.Export(what, path, iface); err != nil {
		d.t.Error(err)
	}
}

// Kill ends it without a word, as kill -9 does.
func (d *Daemon) Kill() { _ = d.conn.Close() }

func (d *Daemon) lock() func() { d.mu.Lock(); return d.mu.Unlock }

func (a *adapter) reset() {
	a.scans, a.filter, a.sends, a.known = false, nil, map[dbus.ObjectPath]Advertisement{}, map[string]int16{}
}

func (a *adapter) properties() map[string]map[string]dbus.Variant {
	return map[string]map[string]dbus.Variant{
		"org.bluez.Adapter1": {
			"Powered": dbus.MakeVariant(a.powered), "Discoverable": dbus.MakeVariant(false), "Pairable": dbus.MakeVariant(false),
		},
		"org.bluez.LEAdvertisingManager1": {},
	}
}

func (d *Daemon) adapter(name string) *adapter {
	for _, a := range d.adapters {
		if string(a.path) == "/org/bluez/"+name {
			return a
		}
	}
	d.t.Fatalf("there is no adapter %s", name)
	return nil
}

// Power switches an adapter, which drops what it did.
func (d *Daemon) Power(name string, on bool) {
	defer d.lock()()
	a := d.adapter(name)
	a.reset()
	a.powered = on
	d.emit(a.path, "org.freedesktop.DBus.Properties.PropertiesChanged", "org.bluez.Adapter1",
		map[string]dbus.Variant{"Powered": dbus.MakeVariant(on)}, []string{})
}

// Plug puts an adapter in, or pulls it out.
func (d *Daemon) Plug(name string, in bool) {
	defer d.lock()()
	a := d.adapter(name)
	a.reset()
	a.here = in
	if in {
		d.emit("/", "org.freedesktop.DBus.ObjectManager.InterfacesAdded", a.path, a.properties())
		return
	}
	d.emit("/", "org.freedesktop.DBus.ObjectManager.InterfacesRemoved", a.path, slices.Collect(maps.Keys(a.properties())))
}

// Slots sets how many advertisements an adapter holds.
func (d *Daemon) Slots(n int) { defer d.lock()(); d.slots = n }

// Air lets each adapter that scans hear one packet of each that another sends.
func (d *Daemon) Air(rssi int16) {
	defer d.lock()()
	for _, to := range d.adapters {
		for _, from := range d.adapters {
			for _, sent := range from.sends {
				if to != from && to.scans {
					to.hears(sent, rssi)
				}
			}
		}
	}
}

// hears tells of a device the first time, and later of what changed, as BlueZ does
// (src/adapter.c, btd_adapter_device_found; src/device.c, device_set_rssi): of its
// service data, which here never changes, and of its strength, if by 8 dB or if
// the scan's filter asks for a strength.
func (a *adapter) hears(sent Advertisement, rssi int16) {
	path := a.path + "/" + dbus.ObjectPath(sent.Device)
	strength := map[string]dbus.Variant{"RSSI": dbus.MakeVariant(rssi)}
	before, known := a.known[sent.Device]
	if !known {
		a.known[sent.Device] = rssi
		strength["ServiceData"] = sent.Properties["ServiceData"]
		a.daemon.emit("/", "org.freedesktop.DBus.ObjectManager.InterfacesAdded", path, map[string]map[string]dbus.Variant{"org.bluez.Device1": strength})
		return
	}
	if _, every := a.filter["RSSI"]; !every && max(rssi-before, before-rssi) < 8 {
		return
	}
	a.known[sent.Device] = rssi
	a.daemon.emit(path, "org.freedesktop.DBus.Properties.PropertiesChanged", "org.bluez.Device1", strength, []string{})
}

func (d *Daemon) emit(path dbus.ObjectPath, name string, values ...any) {
	if err := d.conn.Emit(path, name, values...); err != nil {
		d.t.Error(err)
	}
}

// Sends returns what an adapter advertises.
func (d *Daemon) Sends(name string) []Advertisement {
	defer d.lock()()
	return slices.Collect(maps.Values(d.adapter(name).sends))
}

// Scans returns the filter of an adapter that scans, else nil.
func (d *Daemon) Scans(name string) map[string]dbus.Variant {
	defer d.lock()()
	if a := d.adapter(name); a.scans {
		return a.filter
	}
	return nil
}

// Advertised returns all advertisements that there were.
func (d *Daemon) Advertised() []Advertisement { defer d.lock()(); return slices.Clone(d.advertised) }

// Set returns the properties that somebody set, as text.
func (d *Daemon) Set() []string { defer d.lock()(); return slices.Clone(d.set) }
