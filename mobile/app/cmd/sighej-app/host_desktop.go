//go:build !js

package main

import (
	"cmp"
	"errors"
	"os"

	"gioui.org/op"
	"gioui.org/unit"

	"i80.dk/sighej/mobile/app/live"
	"i80.dk/sighej/mobile/app/model"
	"i80.dk/sighej/mobile/app/ui"
)

// host is a desktop. SIGHEJ_BASE is the server, SIGHEJ_DARK=1 makes it dark.
type host struct{ base string }

func newHost() *host { return &host{cmp.Or(os.Getenv("SIGHEJ_BASE"), "http://127.0.0.1:8000")} }

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

func (h *host) drawn(*ui.App, *op.Ops, unit.Metric) {}

// noRadio is a machine without Bluetooth.
type noRadio struct{}

var errNoRadio = errors.New("there is no Bluetooth here")

func (noRadio) StartAdvertising([]byte) error { return errNoRadio }
func (noRadio) StopAdvertising() error        { return nil }
func (noRadio) StartScanning() error          { return errNoRadio }
func (noRadio) StopScanning() error           { return nil }
func (noRadio) SetLowPower(bool) error        { return nil }
