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
	"i80.dk/sighej/wire"
)

func TestStartAndStop(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.shell.onState = func(s core.State) {
			if s.Link == core.Stopped && !w.server.Forgotten() {
				t.Error("told that it has stopped before the server was asked to forget")
			}
		}
		w.start()
		w.wantState(core.Online, ble.Full)
		created := w.server.Created()
		if len(created) != 1 || !slices.Equal(created[0].Interests, []string{"devops", "hardstyle"}) || created[0].BLEToken != string(w.shell.onAir()) {
			t.Errorf("registered %+v", created)
		}
		if !w.shell.seen().scanning || w.shell.state().ExpiresAt.IsZero() || !w.shell.state().Open {
			t.Errorf("scanning %v, state %+v", w.shell.seen().scanning, w.shell.state())
		}
		if err := w.core.Start([]string{"devops"}); err == nil {
			t.Error("it started twice")
		}
		w.core.Stop()
		w.wantState(core.Stopped, ble.Off)
		if w.shell.onAir() != "" || w.shell.seen().scanning || !w.server.Forgotten() {
			t.Errorf("on air %v, scanning %v, forgotten %v", w.shell.onAir() != "", w.shell.seen().scanning, w.server.Forgotten())
		}
		w.core.Stop()
		synctest.Wait() // until the server has seen the connection end
		w.start()
		if created := w.server.Created(); len(created) != 2 || created[0].BLEToken == created[1].BLEToken {
			t.Error("the second start did not register anew with another token")
		}
	})
}

func TestStartRefuses(t *testing.T) {
	s := &shell{}
	good := core.Config{Base: "http://127.0.0.1:1", Radio: s, Listener: s}
	for name, tc := range map[string]struct {
		change    func(*core.Config)
		interests []string
	}{
		"no interests":  {interests: nil},
		"blank ones":    {interests: []string{"", "  ", "\t"}},
		"too many":      {interests: slices.Repeat([]string{"devops"}, 21)},
		"no base":       {func(c *core.Config) { c.Base = "" }, []string{"devops"}},
		"another base":  {func(c *core.Config) { c.Base = "ftp://host" }, []string{"devops"}},
		"no radio":      {func(c *core.Config) { c.Radio = nil }, []string{"devops"}},
		"no listener":   {func(c *core.Config) { c.Listener = nil }, []string{"devops"}},
		"no scheme":     {func(c *core.Config) { c.Base = "127.0.0.1:1" }, []string{"devops"}},
		"with a search": {func(c *core.Config) { c.Base += "?x" }, []string{"devops"}},
	} {
		cfg := good
		if tc.change != nil {
			tc.change(&cfg)
		}
		c := core.New(cfg)
		if err := c.Start(tc.interests); err == nil {
			t.Errorf("%s: started", name)
			c.Stop()
		}
	}
}

func TestStopDuringANudgeThatIsNotReturnedFrom(t *testing.T) {
	o, release := &over{}, (chan struct{})(nil)
	inWorld(t, func(s *phonetest.Server) {
		s.Script = func(_ int, c *phonetest.Socket) { c.Welcome(1); c.Nudge("n1", "hi"); o.serve(c) }
	}, func(w *world) {
		release = make(chan struct{})
		w.shell.onNudge = func(core.Nudge) { <-release }
		w.start()
		began := time.Now()
		w.core.Stop() // as a callback does that stops, too
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
		if !w.server.Forgotten() {
			t.Error("the session was not forgotten")
		}
		close(release)
		synctest.Wait()
		w.wantState(core.Stopped, ble.Off)
	})
}

func TestRefusalsForGood(t *testing.T) {
	for name, tc := range map[string]struct {
		set  func(*phonetest.Server)
		want sighej.Code
	}{
		"interests": {func(s *phonetest.Server) {
			s.RefuseSession = always(http.StatusUnprocessableEntity, sighej.CodeInvalid)
		}, sighej.CodeInvalid},
		"the server": {func(s *phonetest.Server) {
			s.Script = func(_ int, c *phonetest.Socket) { c.Close(wire.CloseUnsupported) }
		}, core.CodeClosed},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, tc.set, func(w *world) {
				w.start()
				w.pass(time.Hour)
				w.wantState(core.Refused, ble.Off)
				if !slices.Equal(w.shell.seen().errors, []sighej.Code{tc.want}) || w.server.Requests("POST /session") != 1 || w.shell.onAir() != "" {
					t.Errorf("errors %v, %d tries", w.shell.seen().errors, w.server.Requests("POST /session"))
				}
			})
		})
	}
}

func always(status int, code sighej.Code) func(int) (int, wire.Problem) {
	return func(int) (int, wire.Problem) { return status, wire.Problem{Code: string(code)} }
}

func TestConsent(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.core.SetOpenToTalk(false)
		w.start()
		if w.server.Open() || w.shell.onAir() != "" || w.shell.seen().scanning {
			t.Error("registered open, or on the air, without consent")
		}
		w.wantState(core.Online, ble.Off)
		w.core.SetOpenToTalk(true)
		synctest.Wait()
		if !w.server.Open() || w.shell.onAir() == "" || !w.shell.seen().scanning {
			t.Error("not open after consent")
		}
		w.server.Cut(true)
		w.core.SetOpenToTalk(false)
		synctest.Wait()
		if w.shell.onAir() != "" || w.shell.seen().scanning || w.shell.state().Open {
			t.Error("on the air after consent was taken back without a network")
		}
		w.hear(-60, sighej.NewToken())
		w.server.Cut(false)
		w.pass(time.Minute)
		if w.server.Open() {
			t.Error("the server does not know")
		}
		if len(w.shell.seen().ranges) != 0 {
			t.Errorf("heard while closed: %v", w.shell.seen().ranges)
		}
	})
}

// With nobody in range and the app in the background nothing wakes the phone but
// its server and its rotation.
func TestIdleInTheBackgroundIsQuiet(t *testing.T) {
	inWorld(t, func(s *phonetest.Server) { s.Rotates, s.Lifetime = true, 24*time.Hour }, func(w *world) {
		w.start()
		w.core.SetOnScreen(false)
		w.pass(time.Minute)
		states, wakes := len(w.shell.seen().states), w.wakes.count()
		const minutes = 10 * 60
		w.pass(minutes * time.Minute)
		if len(w.shell.seen().states) != states || w.server.Requests("GET /ws/"+string(w.shell.onAir())) > 1 || len(w.shell.seen().ranges) != 0 {
			t.Errorf("%d states in %d minutes", len(w.shell.seen().states)-states, minutes)
		}
		if woken := w.wakes.count() - wakes; woken > 2*minutes || woken < minutes {
			t.Errorf("woken %d times in %d minutes: the server alone does so every 50 s", woken, minutes)
		}
	})
}

// Somebody whose phone stays near costs few more wakings than nobody.
func TestCompanyInTheBackgroundIsQuiet(t *testing.T) {
	inWorld(t, func(s *phonetest.Server) { s.Rotates, s.Lifetime = true, 24*time.Hour }, func(w *world) {
		w.start()
		w.core.SetOnScreen(false)
		peer := sighej.NewToken()
		w.hear(-60, peer)
		w.pass(10 * time.Minute)
		wakes := w.wakes.count()
		const minutes = 60
		for range minutes * 4 {
			w.hear(-60, peer)
			w.pass(15 * time.Second)
		}
		if woken := w.wakes.count() - wakes; woken > 2*minutes {
			t.Errorf("woken %d times in %d minutes", woken, minutes)
		}
	})
}

func TestPanicsStayInside(t *testing.T) {
	var nudge chan struct{}
	inWorld(t, func(s *phonetest.Server) {
		nudge = make(chan struct{})
		s.Script = func(_ int, c *phonetest.Socket) { c.Welcome(0); <-nudge; c.Nudge("n1", "hi"); c.Serve() }
	}, func(w *world) {
		w.shell.onNudge = func(core.Nudge) { panic("in the app") }
		w.start()
		close(nudge)
		synctest.Wait()
		if !slices.Equal(w.shell.seen().errors, []sighej.Code{sighej.CodeInternal}) {
			t.Errorf("errors: %v", w.shell.seen().errors)
		}
		w.wantState(core.Online, ble.Full)
	})
}
