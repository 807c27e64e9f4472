//go:build js

// A phone in a page, for the test: what it is told is in the page's seen, and
// hear and stop are the page's to call.
package main

import (
	"encoding/hex"
	"strconv"
	"syscall/js"

	"i80.dk/sighej/mobile/sdk"
)

type page struct{}

func see(text string) { js.Global().Get("seen").Call("push", text) }

func (page) StartAdvertising(data []byte) error { see("sends " + hex.EncodeToString(data)); return nil }
func (page) StopAdvertising() error             { see("sends nothing"); return nil }
func (page) StartScanning() error               { return nil }
func (page) StopScanning() error                { return nil }
func (page) SetLowPower(bool) error             { return nil }
func (page) OnState(s *sdk.State)               { see("link " + strconv.Itoa(s.Link())) }
func (page) OnNudge(n *sdk.Nudge)               { see("nudge " + n.ID()) }
func (page) OnPeopleInRange(all, _ int)         { see("people " + strconv.Itoa(all)) }
func (page) OnError(code, message string)       { see("error " + code + ": " + message) }

func main() {
	client := sdk.NewClient(js.Global().Get("location").Get("origin").String(), page{}, page{})
	js.Global().Set("hear", js.FuncOf(func(_ js.Value, args []js.Value) any {
		data, _ := hex.DecodeString(args[0].String())
		client.OnServiceData(data, -60)
		return nil
	}))
	js.Global().Set("stop", js.FuncOf(func(js.Value, []js.Value) any {
		go client.Stop() // which waits, as this must not
		return nil
	}))
	if err := client.Start("devops\nhardstyle"); err != nil {
		see("error " + err.Error())
	}
	select {}
}
