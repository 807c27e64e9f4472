//go:build !js

package bluez

import (
	"context"
	"errors"
	"fmt"

	"github.com/godbus/dbus/v5"
)

// What keeps the radio from working; errors.Is tells which. Each says what to do.
var (
	ErrNoBus         = errors.New("no D-Bus: the system bus cannot be reached")
	ErrNoBlueZ       = errors.New("no BlueZ on the bus: install it and start bluetoothd (systemctl start bluetooth)")
	ErrNoAdapter     = errors.New("no Bluetooth adapter")
	ErrNoAdvertising = errors.New("the adapter or this BlueZ cannot advertise")
	ErrPoweredOff    = errors.New("the Bluetooth adapter is switched off (bluetoothctl power on, rfkill unblock bluetooth)")
	ErrNotPermitted  = errors.New("not permitted to use BlueZ: this user may lack the group bluetooth or a session at the machine")
	ErrBusy          = errors.New("the adapter has no room for another advertisement")
)

// meanings are the names of D-Bus errors that tell which of ours it is.
var meanings = map[string]error{
	"org.freedesktop.DBus.Error.ServiceUnknown":   ErrNoBlueZ,
	"org.freedesktop.DBus.Error.NameHasNoOwner":   ErrNoBlueZ,
	"org.freedesktop.DBus.Error.NoReply":          ErrNoBlueZ, // it left before it answered
	"org.freedesktop.DBus.Error.UnknownObject":    ErrNoAdapter,
	"org.freedesktop.DBus.Error.UnknownMethod":    ErrNoAdvertising,
	"org.freedesktop.DBus.Error.UnknownInterface": ErrNoAdvertising,
	"org.freedesktop.DBus.Error.AccessDenied":     ErrNotPermitted,
	"org.bluez.Error.NotAuthorized":               ErrNotPermitted,
	"org.bluez.Error.NotReady":                    ErrPoweredOff,
	"org.bluez.Error.NotPermitted":                ErrBusy, // of RegisterAdvertisement
}

// explained adds what a failed call means, where that is known.
func explained(doing string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, dbus.ErrClosed) {
		return fmt.Errorf("%s: %w", doing, ErrNoBus)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: BlueZ did not answer: %w", doing, err)
	}
	if meaning, known := meanings[nameOf(err)]; known {
		return fmt.Errorf("%s: %w (%w)", doing, meaning, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// nameOf returns the name of a D-Bus error, or "".
func nameOf(err error) string {
	if e, ok := errors.AsType[dbus.Error](err); ok {
		return e.Name
	}
	return ""
}
