package air

import (
	"sync"
	"syscall/js"
)

const channel = "sighej-air"

// Radio is a tab's radio. Its methods are safe for concurrent use.
type Radio struct {
	air     *Air
	metres  func() float64
	deliver func(serviceData []byte, rssi int)
	channel js.Value

	mu       sync.Mutex
	sending  js.Value // the interval that advertises; undefined: none does
	tick     js.Func
	scanning bool
}

// NewRadio returns a radio that neither sends nor listens. metres tells how far
// the other tabs are; deliver takes what is heard, on a goroutine that must not
// be kept waiting.
func NewRadio(metres func() float64, deliver func(serviceData []byte, rssi int)) *Radio {
	r := &Radio{air: New(), metres: metres, deliver: deliver, channel: js.Global().Get("BroadcastChannel").New(channel)}
	r.channel.Call("addEventListener", "message", js.FuncOf(func(_ js.Value, args []js.Value) any {
		r.hear(args[0].Get("data"))
		return nil
	}))
	return r
}

// StartAdvertising sends service data again and again.
func (r *Radio) StartAdvertising(serviceData []byte) error {
	packet := js.Global().Get("Uint8Array").New(len(serviceData))
	js.CopyBytesToJS(packet, serviceData)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.quiet()
	r.tick = js.FuncOf(func(js.Value, []js.Value) any {
		r.channel.Call("postMessage", packet)
		return nil
	})
	r.sending = js.Global().Call("setInterval", r.tick, r.air.Every().Milliseconds())
	return nil
}

// StopAdvertising ends it.
func (r *Radio) StopAdvertising() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.quiet()
	return nil
}

func (r *Radio) quiet() {
	if r.sending.IsUndefined() {
		return
	}
	js.Global().Call("clearInterval", r.sending)
	r.tick.Release()
	r.sending = js.Undefined()
}

// StartScanning listens.
func (r *Radio) StartScanning() error { return r.scan(true) }

// StopScanning does so no more.
func (r *Radio) StopScanning() error { return r.scan(false) }

// SetLowPower changes nothing: this radio costs no battery.
func (r *Radio) SetLowPower(bool) error { return nil }

func (r *Radio) scan(on bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.scanning = on
	return nil
}

func (r *Radio) hear(packet js.Value) {
	r.mu.Lock()
	scanning := r.scanning
	r.mu.Unlock()
	if !scanning || !packet.InstanceOf(js.Global().Get("Uint8Array")) {
		return
	}
	rssi, ok := r.air.Receive(r.metres())
	if !ok {
		return
	}
	serviceData := make([]byte, packet.Length())
	js.CopyBytesToGo(serviceData, packet)
	r.deliver(serviceData, rssi)
}
