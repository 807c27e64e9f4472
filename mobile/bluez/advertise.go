//go:build !js

package bluez

import (
	"fmt"
	"slices"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"i80.dk/sighej/mobile/ble"
)

const (
	advertisementIface = "org.bluez.LEAdvertisement1"
	advertisementRoot  = "/dk/i80/sighej/advertisement"
)

// serviceUUID is [ble.ServiceUUID16] as BlueZ spells it: within the base UUID of
// the Bluetooth Core Specification, Vol. 3, Part B, 2.5.1.
var serviceUUID = fmt.Sprintf("0000%04x-0000-1000-8000-00805f9b34fb", ble.ServiceUUID16)

// advertisement is one that BlueZ has been given.
type advertisement struct {
	path    dbus.ObjectPath
	adapter dbus.ObjectPath
	data    []byte
}

// released is what BlueZ calls when it drops an advertisement. It does so as it
// leaves or loses the adapter, which is told in other ways as well.
type released struct{}

// Release is BlueZ's.
func (released) Release() *dbus.Error { return nil }

// StartAdvertising broadcasts the service data, as an advertisement of its own.
func (r *Radio) StartAdvertising(serviceData []byte) error {
	data := slices.Clone(serviceData)
	if err := r.register(data); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.data = data
	return nil
}

// StopAdvertising takes the advertisement back; none is nothing to do.
func (r *Radio) StopAdvertising() error {
	r.mu.Lock()
	r.data = nil
	r.mu.Unlock()
	return r.unregister()
}

// register hands BlueZ an advertisement. data is not to change any more.
func (r *Radio) register(data []byte) error {
	on, err := r.usable()
	if err != nil {
		return err
	}
	a := r.next(on, data)
	if err := r.export(a); err != nil {
		return err
	}
	none := map[string]dbus.Variant{}
	if err := r.call(on, advertiseIface+".RegisterAdvertisement", a.path, none).Err; err != nil {
		r.unexport(a)
		return explained("advertising", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = a
	return nil
}

func (r *Radio) unregister() error {
	r.mu.Lock()
	a := r.sent
	r.sent = advertisement{}
	r.mu.Unlock()
	if a.path == "" {
		return nil
	}
	defer r.unexport(a)
	return explained("ending the advertisement", r.call(a.adapter, advertiseIface+".UnregisterAdvertisement", a.path).Err)
}

// next returns an advertisement under a name that was not used before.
func (r *Radio) next(on dbus.ObjectPath, data []byte) advertisement {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.registered++
	path := fmt.Sprintf("%s/%d", advertisementRoot, r.registered)
	return advertisement{path: dbus.ObjectPath(path), adapter: on, data: data}
}

// export lets BlueZ read it.
func (r *Radio) export(a advertisement) error {
	constant := func(value any) *prop.Prop { return &prop.Prop{Value: value, Emit: prop.EmitConst} }
	every := constant(r.interval())
	_, err := prop.Export(r.conn, a.path, prop.Map{advertisementIface: {
		"Type":         constant("broadcast"),
		"ServiceUUIDs": constant([]string{serviceUUID}),
		"ServiceData":  constant(map[string]dbus.Variant{serviceUUID: dbus.MakeVariant(a.data)}),
		"MinInterval":  every,
		"MaxInterval":  every,
	}})
	if err == nil {
		err = r.conn.Export(released{}, a.path, advertisementIface)
	}
	return explained("showing the advertisement to BlueZ", err)
}

func (r *Radio) unexport(a advertisement) {
	_ = r.conn.Export(nil, a.path, advertisementIface) // fails only for a path that is none
	_ = r.conn.Export(nil, a.path, propertiesIface)
}

// interval is in milliseconds. BlueZ before 5.56 does not ask for it and keeps to
// its own.
func (r *Radio) interval() uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return uint32(ble.DutyOf(!r.lowPower).Advertise / time.Millisecond)
}
