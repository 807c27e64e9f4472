//go:build !js

package bluez

import (
	"strings"

	"github.com/godbus/dbus/v5"
)

// mostNeighbours is how many phones are remembered; past that all are forgotten,
// and come back with their next packet. BlueZ itself forgets them sooner.
const mostNeighbours = 1000

// neighbour is what is known of a device: BlueZ tells only what changed.
type neighbour struct {
	data []byte
	rssi int // dBm; 0: not known
}

// ofDevices matches what BlueZ tells of devices.
func ofDevices() []dbus.MatchOption { return changesOf(deviceIface) }

// StartScanning listens for the service data of others.
func (r *Radio) StartScanning() error {
	on, err := r.usable()
	if err != nil {
		return err
	}
	if err := r.filter(on); err != nil {
		return err
	}
	if err := r.conn.AddMatchSignal(ofDevices()...); err != nil {
		return explained("listening to BlueZ", err)
	}
	r.listen(on)
	r.recall()
	if err := r.call(on, adapterIface+".StartDiscovery").Err; err != nil && nameOf(err) != "org.bluez.Error.InProgress" {
		r.listen("")
		_ = r.conn.RemoveMatchSignal(ofDevices()...)
		return explained("scanning", err)
	}
	return nil
}

// StopScanning ends that; none is nothing to do.
func (r *Radio) StopScanning() error {
	on := r.listen("")
	if on == "" {
		return nil
	}
	_ = r.conn.RemoveMatchSignal(ofDevices()...) // fails with the bus alone, and then there is nothing to remove
	return explained("ending the scan", r.call(on, adapterIface+".StopDiscovery").Err)
}

// listen sets which adapter is listened to, "" for none, forgets who was near and
// returns which adapter it was before.
func (r *Radio) listen(on dbus.ObjectPath) (before dbus.ObjectPath) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, r.scans = r.scans, on
	clear(r.neighbours)
	return before
}

// weakest is the lowest strength that a filter may ask for, in dBm. To ask for one
// makes BlueZ tell the strength of every packet; without it a change of less than
// 8 dB is not told, nor that a phone is still there (src/device.c,
// device_set_rssi_with_delta).
const weakest int16 = -127

// filter tells BlueZ what to look for.
func (r *Radio) filter(on dbus.ObjectPath) error {
	filter := map[string]dbus.Variant{
		"Transport": dbus.MakeVariant("le"),
		"UUIDs":     dbus.MakeVariant([]string{serviceUUID}),
		"RSSI":      dbus.MakeVariant(weakest),
	}
	return explained("setting the scan's filter", r.call(on, adapterIface+".SetDiscoveryFilter", filter).Err)
}

// recall learns what BlueZ knows of devices already: it tells of their changes only.
func (r *Radio) recall() {
	objects, err := r.objects()
	if err != nil {
		return // those devices are heard when their data changes
	}
	for path, p := range objects {
		r.note(path, p[deviceIface])
	}
}

// note takes in what changed of a device and returns what was heard of it; false
// when that is nothing of ours.
func (r *Radio) note(path dbus.ObjectPath, changed map[string]dbus.Variant) (neighbour, bool) {
	data, hasData := changed["ServiceData"]
	rssi, hasRSSI := changed["RSSI"].Value().(int16)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.scans == "" || !strings.HasPrefix(string(path), string(r.scans)+"/") || !hasData && !hasRSSI {
		return neighbour{}, false
	}
	n, known := r.neighbours[path]
	if !known {
		n = &neighbour{}
	}
	if hasData {
		n.data = ours(data)
	}
	if hasRSSI {
		n.rssi = int(rssi)
	}
	if n.data == nil {
		delete(r.neighbours, path)
		return neighbour{}, false
	}
	if !known && len(r.neighbours) >= mostNeighbours {
		clear(r.neighbours)
	}
	r.neighbours[path] = n
	return *n, true
}

// ours returns our service data among a device's, or nil.
func ours(all dbus.Variant) []byte {
	byUUID, _ := all.Value().(map[string]dbus.Variant)
	data, _ := byUUID[serviceUUID].Value().([]byte)
	return data
}

// forget forgets a device.
func (r *Radio) forget(path dbus.ObjectPath) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.neighbours, path)
}
