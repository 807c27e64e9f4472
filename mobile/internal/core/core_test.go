package core_test

import (
	"fmt"
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

func TestNudgesComeOnceAndAreAcknowledgedOnceShown(t *testing.T) {
	o, release := &over{}, make(chan struct{})
	inWorld(t, func(s *phonetest.Server) {
		s.Script = func(n int, c *phonetest.Socket) {
			c.Welcome(1)
			c.Nudge("n1", "Someone nearby …", "devops")
			if n == 2 {
				c.Nudge("n2", "Someone nearby …", "hardstyle", "devops")
			}
			o.serve(c)
		}
	}, func(w *world) {
		release = make(chan struct{})
		w.shell.onNudge = func(core.Nudge) { <-release }
		w.start()
		if got := w.shell.ids(); !slices.Equal(got, []string{"n1"}) || len(o.acks()) != 0 {
			t.Errorf("nudges %v, acknowledged %v while the first is being shown", got, o.acks())
		}
		close(release)
		synctest.Wait()
		w.server.Cut(true)
		w.pass(time.Minute)
		w.wantState(core.Offline, ble.Full)
		w.server.Cut(false)
		w.pass(time.Minute)
		w.wantState(core.Online, ble.Full)
		if got := w.shell.ids(); !slices.Equal(got, []string{"n1", "n2"}) {
			t.Errorf("nudges: %v", got)
		}
		if got := o.acks(); !slices.Equal(got, []string{"n1", "n1", "n2"}) {
			t.Errorf("acknowledged: %v", got)
		}
		if n := w.shell.seen().nudges[1]; !slices.Equal(n.Shared, []string{"hardstyle", "devops"}) || n.Message == "" || n.At.IsZero() || n.Band != ble.Gone {
			t.Errorf("nudge: %+v", n)
		}
	})
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

func TestNudgeTellsHowNear(t *testing.T) {
	for name, tc := range map[string]struct {
		powers []int
		want   ble.Band
	}{
		"nobody": {nil, ble.Gone}, "near": {[]int{-80, -75}, ble.Near}, "very near": {[]int{-50}, ble.VeryNear}, "both": {[]int{-80, -50}, ble.Gone},
	} {
		t.Run(name, func(t *testing.T) {
			var nudge chan struct{}
			inWorld(t, func(s *phonetest.Server) {
				nudge = make(chan struct{})
				s.Script = func(_ int, c *phonetest.Socket) { c.Welcome(0); <-nudge; c.Nudge("n1", "hi"); c.Serve() }
			}, func(w *world) {
				w.start()
				for _, power := range tc.powers {
					w.hear(power, sighej.NewToken())
				}
				close(nudge)
				synctest.Wait()
				if len(w.shell.seen().nudges) != 1 || w.shell.seen().nudges[0].Band != tc.want {
					t.Errorf("nudges: %+v", w.shell.seen().nudges)
				}
			})
		})
	}
}

func TestSightingsGoOverTheConnectionInBatches(t *testing.T) {
	o, peers := &over{}, make([]sighej.Token, 120)
	for i := range peers {
		peers[i] = sighej.NewToken()
	}
	inWorld(t, func(s *phonetest.Server) {
		s.Script = func(_ int, c *phonetest.Socket) { c.Welcome(0); o.serve(c) }
		s.Matches = map[string][]string{string(peers[0]): {"devops"}}
	}, func(w *world) {
		w.start()
		w.hear(-60, peers...)
		w.hear(-95, sighej.NewToken())
		w.hear(-60, w.shell.onAir()) // its own
		w.core.Heard([]byte("something else"), -60)
		if len(o.tokens()) != 0 {
			t.Error("reported at once")
		}
		w.pass(time.Second)
		if got := len(o.tokens()); got != 50 {
			t.Errorf("%d reported in the first batch", got)
		}
		w.pass(10 * time.Second)
		if got := o.tokens(); len(got) != 120 || got[0] != string(peers[0]) || *o.first().RSSI != -60 || o.first().SeenAt != nil {
			t.Errorf("%d reported: %+v", len(got), o.first())
		}
		for range 3 * 60 { // all go on being heard
			w.hear(-60, peers...)
			w.pass(time.Second)
		}
		counts := map[string]int{}
		for _, token := range o.tokens() {
			counts[token]++
		}
		if counts[string(peers[0])] != 1 || counts[string(peers[1])] != 3 {
			t.Errorf("in 3 minutes a match was reported %d times, another %d times", counts[string(peers[0])], counts[string(peers[1])])
		}
	})
}

func TestSightingsAreHeldWhileOfflineAndUploadedWithTheirTimes(t *testing.T) {
	o, a, b := &over{}, sighej.NewToken(), sighej.NewToken()
	inWorld(t, func(s *phonetest.Server) {
		s.Script = func(_ int, c *phonetest.Socket) { c.Welcome(0); o.serve(c) }
	}, func(w *world) {
		w.start()
		w.server.Cut(true)
		w.pass(time.Second)
		w.hear(-60, a)
		w.pass(5 * time.Minute)
		w.hear(-61, a) // again, much later
		heard := time.Now()
		w.pass(5 * time.Minute)
		w.hear(-62, b) // just now
		w.server.Cut(false)
		w.pass(time.Minute)
		got := w.server.Reported()
		if len(got) == 0 || got[0].Token != string(a) || got[0].SeenAt == nil || got[0].SeenAt.Sub(heard).Abs() > 2*time.Second {
			t.Fatalf("uploaded: %+v, heard at %v", got, heard)
		}
		if len(got) == 1 && !slices.Equal(o.tokens(), []string{string(b)}) || len(got) == 2 && got[1].Token != string(b) || len(got) > 2 {
			t.Errorf("uploaded: %+v, over the connection: %v", got, o.tokens())
		}
	})
}

func TestWhatIsHeldIsBoundedAndEndsWithTheSession(t *testing.T) {
	inWorld(t, func(s *phonetest.Server) { s.Lifetime = 10 * time.Minute }, func(w *world) {
		w.start()
		w.server.Cut(true)
		w.pass(time.Second)
		for range 3000 {
			w.hear(-60, sighej.NewToken())
		}
		w.pass(time.Minute)
		w.server.Cut(false)
		w.pass(5 * time.Minute)
		if got := len(w.server.Reported()); got != 1000 {
			t.Errorf("%d uploaded", got)
		}
		w.server.Cut(true)
		w.hear(-60, sighej.NewToken())
		w.pass(10 * time.Minute)
		w.server.Cut(false)
		w.pass(time.Minute)
		if got := len(w.server.Reported()); got != 1000 || len(w.server.Created()) != 2 {
			t.Errorf("%d uploaded in all, in %d sessions", got, len(w.server.Created()))
		}
	})
}

func TestUndecidedSightingsAreReportedAgain(t *testing.T) {
	for _, code := range []sighej.Code{sighej.CodeRateLimited, sighej.CodeUnavailable, sighej.CodeOverloaded} {
		t.Run(string(code), func(t *testing.T) {
			o, peer := &over{}, sighej.NewToken()
			o.answer = func(f wire.ClientFrame) *wire.Sighted {
				if len(o.tokens()) > 1 {
					return nil
				}
				return &wire.Sighted{Type: wire.TypeSighted, Ref: f.Ref, Results: []wire.SightingResult{{Token: string(peer), Code: string(code)}}}
			}
			inWorld(t, func(s *phonetest.Server) {
				s.Script = func(_ int, c *phonetest.Socket) { c.Welcome(0); o.serve(c) }
			}, func(w *world) {
				w.start()
				w.hear(-60, peer)
				w.pass(time.Minute)
				if got := o.tokens(); len(got) != 2 {
					t.Errorf("reported %d times", len(got))
				}
			})
		})
	}
}

func TestRotation(t *testing.T) {
	inWorld(t, func(s *phonetest.Server) { s.Rotates = true }, func(w *world) {
		w.start()
		first := w.shell.onAir()
		w.pass(12*time.Minute - time.Second)
		if w.shell.onAir() != first {
			t.Error("the token changed before its time")
		}
		w.pass(6*time.Minute + time.Second)
		second := w.shell.onAir()
		if got := w.server.Rotated(); second == first || !slices.Equal(got, []string{string(second)}) {
			t.Errorf("rotated %v, on air another: %v", len(got), second != first)
		}
		if data := w.shell.seen().advertised; len(data) != 3 || data[1] != "" {
			t.Errorf("%d calls to the radio: it has to stop and start", len(data))
		}
		w.pass(2 * time.Hour)
		if n := len(w.server.Rotated()); n < 6 || n > 11 {
			t.Errorf("%d rotations in 138 minutes", n)
		}
		w.hear(-60, first) // an echo of what it was
		w.wantState(core.Online, ble.Full)
	})
}

func TestRotationsWhoseAnswersAreLost(t *testing.T) {
	inWorld(t, func(s *phonetest.Server) {
		s.Rotates, s.Lifetime = true, 24*time.Hour
		s.LoseRotation = func(n int) bool { return n%3 != 0 }
	}, func(w *world) {
		w.start()
		for range 10 {
			w.pass(17 * time.Minute)
			w.server.Cut(true)
			w.pass(time.Second)
			w.server.Cut(false)
			w.pass(time.Minute)
			w.wantState(core.Online, ble.Full)
			if rotated := w.server.Rotated(); len(rotated) > 0 && string(w.shell.onAir()) != rotated[len(rotated)-1] {
				t.Error("the token on air is not the session's")
			}
		}
		if n := len(w.server.Created()); n != 1 {
			t.Errorf("%d sessions", n)
		}
	})
}

func TestClockThatIsWrong(t *testing.T) {
	for _, ahead := range []time.Duration{-40 * 24 * time.Hour, 40 * 24 * time.Hour} {
		inWorld(t, func(s *phonetest.Server) { s.Ahead = ahead }, func(w *world) {
			w.start()
			w.server.Cut(true)
			w.hear(-60, sighej.NewToken())
			heard := time.Now().Add(ahead)
			w.pass(10 * time.Minute)
			w.server.Cut(false)
			w.pass(time.Minute)
			got := w.server.Reported()
			if len(got) != 1 || got[0].SeenAt.Sub(heard).Abs() > 2*time.Second {
				t.Errorf("%v ahead: uploaded %+v, heard at %v by the server's clock", ahead, got, heard)
			}
			if len(w.server.Created()) != 1 {
				t.Errorf("%v ahead: %d sessions", ahead, len(w.server.Created()))
			}
		})
	}
}

func TestForegroundHurriesTheRegistration(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.server.Cut(true)
		w.core.SetOnScreen(false)
		w.start()
		w.pass(10 * time.Minute)
		if n := w.server.RefusedDials(); n < 10 || n > 60 {
			t.Errorf("%d tries in 10 minutes in the background", n)
		}
		w.server.Cut(false)
		w.core.SetOnScreen(true)
		synctest.Wait()
		w.wantState(core.Online, ble.Full)
	})
}

func TestBackgroundDuringTheRegistration(t *testing.T) {
	var background func()
	inWorld(t, func(s *phonetest.Server) {
		s.RefuseSession = func(int) (int, wire.Problem) { background(); return 0, wire.Problem{} }
	}, func(w *world) {
		background = func() { w.core.SetOnScreen(false) }
		w.start()
		w.server.Cut(true)
		w.pass(10 * time.Minute)
		if n := w.server.RefusedDials(); n < 10 || n > 60 {
			t.Errorf("%d tries in 10 minutes in the background", n)
		}
	})
}

func TestServerWithoutRotation(t *testing.T) {
	inWorld(t, func(s *phonetest.Server) { s.Lifetime = 24 * time.Hour }, func(w *world) {
		w.start()
		first := w.shell.onAir()
		w.pass(2 * time.Hour)
		if w.shell.onAir() != first || w.server.Requests("POST /session/rotate") != 1 || len(w.shell.seen().errors) != 0 {
			t.Errorf("asked %d times, errors %v", w.server.Requests("POST /session/rotate"), w.shell.seen().errors)
		}
	})
}

func TestSessionIsRenewedAtItsEnd(t *testing.T) {
	for name, script := range map[string]func(*phonetest.Socket){
		"expired":    func(c *phonetest.Socket) { c.Send(wire.Expired{Type: wire.TypeExpired}); c.Goodbye(wire.CloseExpired) },
		"forgotten":  func(c *phonetest.Socket) { c.Goodbye(wire.CloseForgotten) },
		"taken over": func(c *phonetest.Socket) { c.Goodbye(wire.CloseTakenOver) },
	} {
		t.Run(name, func(t *testing.T) {
			o, peer := &over{}, sighej.NewToken()
			var end chan struct{}
			inWorld(t, func(s *phonetest.Server) {
				end = make(chan struct{})
				s.Matches = map[string][]string{string(peer): {"devops"}}
				s.Script = func(n int, c *phonetest.Socket) {
					c.Welcome(0)
					if n == 1 {
						go func() { <-end; script(c) }()
					}
					o.serve(c)
				}
			}, func(w *world) {
				w.start()
				first := w.shell.onAir()
				w.hear(-60, peer)
				w.pass(2 * time.Second)
				close(end)
				w.pass(time.Second)
				if second := w.shell.onAir(); second == first || second == "" || len(w.server.Created()) != 2 {
					t.Errorf("another token on air: %v, %d registrations", second != first, len(w.server.Created()))
				}
				w.wantState(core.Online, ble.Full)
				w.hear(-60, peer)
				w.pass(2 * time.Second)
				if got := o.tokens(); len(got) != 2 {
					t.Errorf("the peer was reported %d times in two sessions", len(got))
				}
			})
		})
	}
}

func TestUnknownSessionIsRenewed(t *testing.T) {
	inWorld(t, func(s *phonetest.Server) {
		s.Script = func(n int, c *phonetest.Socket) {
			c.Welcome(0)
			if n > 1 {
				c.Serve()
			}
		}
		s.Refuse = func(n int) (int, wire.Problem) {
			if n == 2 {
				return http.StatusUnauthorized, wire.Problem{Code: string(sighej.CodeUnauthorized)}
			}
			return 0, wire.Problem{}
		}
	}, func(w *world) {
		w.start()
		w.pass(time.Minute)
		w.wantState(core.Online, ble.Full)
		if len(w.server.Created()) != 2 {
			t.Errorf("%d registrations", len(w.server.Created()))
		}
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

func TestRegistrationIsTriedAgain(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		code   sighej.Code
		within time.Duration
	}{
		"a live token": {http.StatusConflict, sighej.CodeTokenLive, 0},
		"a rate limit": {http.StatusTooManyRequests, sighej.CodeRateLimited, time.Minute},
		"no store":     {http.StatusServiceUnavailable, sighej.CodeUnavailable, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(s *phonetest.Server) {
				s.RefuseSession = func(n int) (int, wire.Problem) {
					if n <= 2 {
						return tc.status, wire.Problem{Code: string(tc.code)}
					}
					return 0, wire.Problem{}
				}
			}, func(w *world) {
				w.start()
				w.pass(tc.within)
				w.wantState(core.Online, ble.Full)
				tokens := map[string]bool{}
				for _, c := range w.server.Created() {
					tokens[c.BLEToken] = true
				}
				if len(w.shell.seen().errors) != 0 || w.server.Requests("POST /session") != 3 {
					t.Errorf("errors %v, %d tries", w.shell.seen().errors, w.server.Requests("POST /session"))
				}
			})
		})
	}
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

func TestAirplaneMode(t *testing.T) {
	o := &over{}
	inWorld(t, func(s *phonetest.Server) {
		s.Script = func(n int, c *phonetest.Socket) {
			c.Welcome(n)
			for i := range n {
				c.Nudge(fmt.Sprint("n", i), "hi")
			}
			o.serve(c)
		}
	}, func(w *world) {
		w.start()
		w.server.Cut(true)
		w.core.SetOnScreen(false)
		w.pass(10 * time.Minute)
		w.wantState(core.Offline, ble.Full)
		w.server.Cut(false)
		w.core.SetOnScreen(true)
		synctest.Wait()
		w.wantState(core.Online, ble.Full)
		if got := w.shell.ids(); !slices.Equal(got, []string{"n0", "n1"}) {
			t.Errorf("nudges: %v", got)
		}
	})
}

// With nobody in range and the app in the background nothing wakes the phone but
// its server and its rotation.
func TestIdleInTheBackgroundIsQuiet(t *testing.T) {
	inWorld(t, func(s *phonetest.Server) { s.Rotates, s.Lifetime = true, 24*time.Hour }, func(w *world) {
		w.start()
		w.core.SetOnScreen(false)
		synctest.Wait()
		states := len(w.shell.seen().states)
		began := time.Now()
		w.pass(10 * time.Hour)
		if len(w.shell.seen().states) != states || w.server.Requests("GET /ws/"+string(w.shell.onAir())) > 1 || len(w.shell.seen().ranges) != 0 {
			t.Errorf("%d states in %v", len(w.shell.seen().states)-states, time.Since(began))
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
