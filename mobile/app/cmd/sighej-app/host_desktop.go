//go:build !js

package main

import (
	"cmp"
	"errors"
	"os"

	"gioui.org/app"
	"gioui.org/op"
	"gioui.org/unit"

	"i80.dk/sighej/mobile/app/live"
	"i80.dk/sighej/mobile/app/model"
	"i80.dk/sighej/mobile/app/ui"
)

// host is a desktop. SIGHEJ_BASE is the server, SIGHEJ_DARK=1 makes it dark.
type host struct {
	base   string
	screen func(on bool) // told when that changes
	on     bool
}

func newHost() *host {
	return &host{base: cmp.Or(os.Getenv("SIGHEJ_BASE"), "http://127.0.0.1:8000"), on: true}
}

const radioName = "Bluetooth"

// session has no radio: the app shows that Bluetooth is off, and nudges of
// sightings that others make come all the same.
func (h *host) session(tell func(model.Event)) *live.Session {
	s := live.NewSession(h.base, noRadio{}, tell)
	s.RadioOn(false)
	return s
}

func (h *host) look() ui.Look { return ui.Look{Dark: os.Getenv("SIGHEJ_DARK") == "1", TextSize: 1} }

func (h *host) onLook(func()) {}

func (h *host) onScreen(changed func(on bool)) { h.screen = changed }

// onLeave has nothing to do: the end of the window is the end of the program.
func (h *host) onLeave(func()) {}

// configured takes the window that has the keyboard for the one that is looked at.
func (h *host) configured(c app.Config) {
	if on := c.Focused && c.Mode != app.Minimized; on != h.on {
		h.on = on
		h.screen(on)
	}
}

func (h *host) drawn(*ui.App, *op.Ops, unit.Metric) {}

// noRadio is a machine without Bluetooth.
type noRadio struct{}

var errNoRadio = errors.New("there is no Bluetooth here")

func (noRadio) StartAdvertising([]byte) error { return errNoRadio }
func (noRadio) StopAdvertising() error        { return nil }
func (noRadio) StartScanning() error          { return errNoRadio }
func (noRadio) StopScanning() error           { return nil }
func (noRadio) SetLowPower(bool) error        { return nil }
