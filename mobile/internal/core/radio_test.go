package core_test

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/ble"
	"i80.dk/sighej/mobile/internal/core"
	"i80.dk/sighej/mobile/phone/phonetest"
)

func TestPeopleInRange(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.start()
		a, b := sighej.NewToken(), sighej.NewToken()
		w.hear(-80, a)
		w.hear(-80, b)
		w.pass(500 * time.Millisecond)
		w.hear(-50, sighej.NewToken())
		w.pass(time.Second)
		w.pass(20 * time.Second)
		w.hear(-80, a)
		w.pass(time.Minute)
		want := [][2]int{{1, 0}, {3, 1}, {2, 1}, {1, 0}, {0, 0}}
		if got := w.shell.seen().ranges; !slices.Equal(got, want) {
			t.Errorf("in range: %v, want %v", got, want)
		}
	})
}

func TestNobodyIsInRangeWithoutConsent(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.start()
		w.core.SetOnScreen(false) // where the number changes once a minute, but for this
		w.hear(-50, sighej.NewToken())
		w.core.SetOpenToTalk(false)
		synctest.Wait()
		if got := w.shell.seen().ranges; !slices.Equal(got, [][2]int{{1, 1}, {0, 0}}) {
			t.Errorf("in range: %v", got)
		}
		w.core.SetOpenToTalk(true)
		w.pass(time.Minute)
		if got := w.shell.seen().ranges; !slices.Equal(got, [][2]int{{1, 1}, {0, 0}, {1, 1}}) {
			t.Errorf("in range, open again: %v", got)
		}
	})
}

func TestRadioStates(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.shell.setRefuse(errRadio)
		w.start()
		w.wantState(core.Online, ble.Off)
		if !slices.Contains(w.shell.seen().errors, core.CodeRadio) {
			t.Errorf("errors: %v", w.shell.seen().errors)
		}
		w.shell.setRefuse(nil)
		w.pass(2 * time.Minute)
		w.wantState(core.Online, ble.Full)
		w.core.SetRadioOn(false)
		synctest.Wait()
		w.wantState(core.Online, ble.Off)
		w.core.SetRadioOn(true)
		synctest.Wait()
		w.wantState(core.Online, ble.Full)
		before := len(w.shell.seen().advertised)
		w.core.SetRadioOn(false) // and on, quicker than anybody looks
		w.core.SetRadioOn(true)
		synctest.Wait()
		w.wantState(core.Online, ble.Full)
		if len(w.shell.seen().advertised) == before || w.shell.onAir() == "" || !w.shell.seen().scanning {
			t.Error("not started anew after the radio had been off")
		}
		w.core.SetOnScreen(false)
		synctest.Wait()
		w.core.SetOnScreen(true)
		synctest.Wait()
		if got := w.shell.seen().lowPower; !slices.Equal(got, []bool{false, true, false}) {
			t.Errorf("low power: %v", got)
		}
	})
}

// A radio that is switched off and on while it refuses to start, or whose app comes
// to the screen, is started anew at once, not when a refusal is tried again.
func TestEagerWhileTheRadioRefuses(t *testing.T) {
	for name, eager := range map[string]func(*core.Core){
		"off and on":    func(c *core.Core) { c.SetRadioOn(false); c.SetRadioOn(true) },
		"on the screen": func(c *core.Core) { c.SetOnScreen(false); c.SetOnScreen(true) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				w.shell.refuse = errRadio
				w.shell.onRefuse = func() {
					w.shell.refuse = nil
					eager(w.core)
				}
				w.start()
				w.wantState(core.Online, ble.Full)
				if w.shell.onAir() == "" || !w.shell.seen().scanning {
					t.Error("not started anew")
				}
			})
		})
	}
}

func TestDegradedOnIOS(t *testing.T) {
	s := &shell{}
	synctest.Test(t, func(t *testing.T) {
		server := phonetest.New(t, func(s *phonetest.Server) { s.InMemory = true })
		transport := &http.Transport{DialContext: server.DialContext, DisableKeepAlives: true}
		c := core.New(core.Config{Base: server.URL, Radio: s, Listener: s, Transport: transport, IOS: true})
		if err := c.Start([]string{"devops"}); err != nil {
			t.Fatal(err)
		}
		defer c.Stop()
		synctest.Wait()
		if s.state().Discoverability != ble.Full {
			t.Errorf("on the screen: %v", s.state())
		}
		c.SetOnScreen(false)
		synctest.Wait()
		if s.state().Discoverability != ble.Degraded {
			t.Errorf("in the background: %v", s.state())
		}
	})
}
