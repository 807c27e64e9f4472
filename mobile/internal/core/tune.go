package core

import (
	"errors"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/ble"
)

// Times after which starting the radio is tried again. Each is twice the one
// before: some phones can never advertise.
const (
	radioAgain     = time.Minute
	lastRadioAgain = time.Hour
)

// tuning is what the radio was told. The voice alone writes advertised, scanning,
// lowPower and set.
type tuning struct {
	advertised sighej.Token // "": not advertising
	scanning   bool
	lowPower   bool
	set        bool // lowPower was told

	changed bool      // the radio was switched on or off: what it was told before is gone
	eager   bool      // starting is tried at once, whatever failed before or fails meanwhile
	again   time.Time // not before this is starting tried again
	pause   time.Duration
}

// wanted is what the radio should do.
type wanted struct {
	token    sighej.Token // "": nothing
	lowPower bool
}

func (r *run) wanted() wanted {
	c := r.core
	w := wanted{lowPower: !c.onScreen}
	if c.open && c.radioOn {
		w.token = r.own[0]
	}
	return w
}

// tune makes the radio do what it should and returns when to try again what
// failed. The token changes by stopping and starting, so that the system takes
// a new random address for it.
func (r *run) tune() time.Time {
	r.core.mu.Lock()
	if r.tuned.eager {
		r.tuned.again = time.Time{}
	}
	want, on, changed, again := r.wanted(), r.core.radioOn, r.tuned.changed, r.tuned.again
	r.tuned.changed, r.tuned.eager = false, false
	r.core.mu.Unlock()

	if want.token == "" || changed {
		r.hush(!on || changed)
	}
	switch {
	case want.token == "":
		return time.Time{}
	case time.Now().Before(again):
		return again
	}
	ok := r.begin(want)
	r.core.mu.Lock()
	defer r.core.mu.Unlock()
	if ok {
		r.tuned.again, r.tuned.pause = time.Time{}, 0
		return time.Time{}
	}
	r.tuned.pause = max(radioAgain, min(2*r.tuned.pause, lastRadioAgain))
	r.tuned.again = time.Now().Add(r.tuned.pause)
	return r.tuned.again
}

// begin starts what is not as it should be and reports whether all is now.
func (r *run) begin(want wanted) bool {
	t, ok := &r.tuned, true
	if !t.set || t.lowPower != want.lowPower {
		ok = r.ask(func(radio Radio) error { return radio.SetLowPower(want.lowPower) })
		t.set, t.lowPower = ok, want.lowPower
	}
	if t.advertised != want.token {
		ok = r.advertise(want.token) && ok
	}
	if !t.scanning {
		t.scanning = r.ask(Radio.StartScanning)
		ok = t.scanning && ok
	}
	return ok
}

func (r *run) advertise(token sighej.Token) bool {
	if r.tuned.advertised != "" {
		r.setAdvertised("")
		_ = r.ask(Radio.StopAdvertising)
	}
	data, err := ble.ServiceData(token)
	if err != nil { // never: all tokens are ours
		return false
	}
	ok := r.ask(func(radio Radio) error { return radio.StartAdvertising(data) })
	if ok {
		r.setAdvertised(token)
	}
	return ok
}

func (r *run) setAdvertised(token sighej.Token) {
	r.core.mu.Lock()
	defer r.core.mu.Unlock()
	r.tuned.advertised = token
}

// hush takes the phone out of the air. A radio that is off cannot stop what it
// does not do, so its errors are nobody's business.
func (r *run) hush(off bool) {
	ask := r.ask
	if off {
		ask = func(what func(Radio) error) bool { return r.call(what) == nil }
	}
	if r.tuned.advertised != "" {
		r.setAdvertised("")
		_ = ask(Radio.StopAdvertising)
	}
	if r.tuned.scanning {
		r.tuned.scanning = false
		_ = ask(Radio.StopScanning)
	}
}

// ask calls the radio and tells the listener when it fails.
func (r *run) ask(what func(Radio) error) bool {
	err := r.call(what)
	if err == nil {
		return true
	}
	r.core.mu.Lock()
	defer r.core.mu.Unlock()
	r.complain(sighej.Errorf(CodeRadio, "the radio: %w", err))
	return false
}

func (r *run) call(what func(Radio) error) (err error) {
	if fault := safely(func() { err = what(r.core.cfg.Radio) }); fault != nil {
		return errors.New("it panicked")
	}
	return err
}
