package ble_test

import (
	"testing"
	"time"

	"i80.dk/sighej/mobile/ble"
	"i80.dk/sighej/mobile/sim"
)

func TestRotationIsAboutAQuarterOfAnHour(t *testing.T) {
	if first, mean, last := ble.Rotation(0), ble.Rotation(0.5), ble.Rotation(1); first != 12*time.Minute || mean != 15*time.Minute || last != 18*time.Minute {
		t.Errorf("from %v to %v, on average %v", first, last, mean)
	}
	if ble.Rotation(-3) != ble.Rotation(0) || ble.Rotation(3) != ble.Rotation(1) {
		t.Error("chance has no bounds")
	}
}

// What the simulator lets radios do is what the SDK asks them for.
func TestDutiesAreTheSimulators(t *testing.T) {
	c := sim.DefaultConfig()
	for onScreen, want := range map[bool]sim.Duty{true: c.Foreground, false: c.Background} {
		d := ble.DutyOf(onScreen)
		if got := (sim.Duty{Advertise: d.Advertise, ScanWindow: d.ScanWindow, ScanInterval: d.ScanInterval}); got != want {
			t.Errorf("on the screen %v: %+v, the simulator has %+v", onScreen, got, want)
		}
		if d.Silence < 3*d.ScanInterval {
			t.Errorf("on the screen %v: gone after %v, heard every %v", onScreen, d.Silence, d.ScanInterval)
		}
	}
}

func TestDiscoverable(t *testing.T) {
	for _, tc := range []struct {
		advertising, ios, onScreen bool
		want                       ble.Discoverability
	}{
		{false, false, true, ble.Off},
		{false, true, false, ble.Off},
		{true, false, true, ble.Full},
		{true, false, false, ble.Full},
		{true, true, true, ble.Full},
		{true, true, false, ble.Degraded},
	} {
		if got := ble.Discoverable(tc.advertising, tc.ios, tc.onScreen); got != tc.want {
			t.Errorf("%+v: %v", tc, got)
		}
	}
}
