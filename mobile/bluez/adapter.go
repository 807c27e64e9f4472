//go:build !js

package bluez

import (
	"maps"
	"path"
	"slices"

	"github.com/godbus/dbus/v5"
)

// Names of BlueZ's D-Bus interface (doc/org.bluez.*.rst of BlueZ).
const (
	busName        = "org.bluez"
	adapterIface   = "org.bluez.Adapter1"
	advertiseIface = "org.bluez.LEAdvertisingManager1"
	deviceIface    = "org.bluez.Device1"

	objectsIface    = "org.freedesktop.DBus.ObjectManager"
	propertiesIface = "org.freedesktop.DBus.Properties"
)

// adapter is how the one that is used stood when BlueZ last told.
type adapter struct {
	path       dbus.ObjectPath // "": none
	powered    bool
	advertises bool
}

// properties of an object, by interface and name.
type properties = map[string]map[string]dbus.Variant

// Ready tells whether the radio can be used now: nil, [ErrNoBlueZ],
// [ErrNoAdapter], [ErrNoAdvertising], [ErrPoweredOff] or [ErrNotPermitted].
func (r *Radio) Ready() error {
	if err := r.look(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.adapter.fault()
}

func (a adapter) fault() error {
	switch {
	case a.path == "":
		return ErrNoAdapter
	case !a.powered:
		return ErrPoweredOff
	case !a.advertises:
		return ErrNoAdvertising
	}
	return nil
}

// look finds the adapter to use.
func (r *Radio) look() error {
	objects, err := r.objects()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.adapter = adapter{}
	if err != nil {
		return err
	}
	for _, at := range slices.Sorted(maps.Keys(objects)) {
		found := adapterOf(at, objects[at])
		if found.path == "" || r.cfg.Adapter != "" && path.Base(string(at)) != r.cfg.Adapter {
			continue
		}
		if r.adapter.path == "" || !r.adapter.powered && found.powered {
			r.adapter = found
		}
	}
	return nil
}

// objects returns all that BlueZ has.
func (r *Radio) objects() (objects map[dbus.ObjectPath]properties, err error) {
	err = r.call("/", objectsIface+".GetManagedObjects").Store(&objects)
	return objects, explained("looking for an adapter", err)
}

func adapterOf(at dbus.ObjectPath, p properties) adapter {
	own, ok := p[adapterIface]
	if !ok {
		return adapter{}
	}
	powered, _ := own["Powered"].Value().(bool)
	_, advertises := p[advertiseIface]
	return adapter{path: at, powered: powered, advertises: advertises}
}

// usable returns the adapter to ask, or why there is none.
func (r *Radio) usable() (dbus.ObjectPath, error) {
	if err := r.Ready(); err != nil {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.adapter.path, nil
}
