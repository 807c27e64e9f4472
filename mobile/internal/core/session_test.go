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
		began := time.Now()
		w.start()
		for range 10 {
			w.pass(17 * time.Minute)
			w.server.Cut(true)
			w.pass(time.Second)
			w.server.Cut(false)
			w.pass(time.Minute)
			w.wantState(core.Online, ble.Full)
			for tries := 0; !w.agreed() && tries < 10; tries++ { // an answer may have got lost just now
				w.pass(time.Minute)
			}
			if !w.agreed() {
				t.Error("the token on air is not the session's")
			}
		}
		if n := len(w.server.Created()); n != 1 {
			t.Errorf("%d sessions", n)
		}
		// A try with another token would end the token on air, which was good for another minute.
		if n, most := len(w.server.Rotated()), int(time.Since(began)/(12*time.Minute)); n > most {
			t.Errorf("%d tokens were taken in the time of %d", n, most)
		}
	})
}

// agreed reports whether the phone sends the token that its session took last.
func (w *world) agreed() bool {
	rotated := w.server.Rotated()
	return len(rotated) == 0 || string(w.shell.onAir()) == rotated[len(rotated)-1]
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

func TestNetworkLostDuringARotation(t *testing.T) {
	var cut func(bool)
	inWorld(t, func(s *phonetest.Server) {
		s.Rotates = true
		s.LoseRotation = func(n int) bool {
			if n == 1 {
				cut(true)
			}
			return n == 1
		}
	}, func(w *world) {
		cut = w.server.Cut
		w.start()
		w.pass(20 * time.Minute)
		w.wantState(core.Offline, ble.Full)
		cut(false)
		w.pass(time.Minute)
		w.wantState(core.Online, ble.Full)
		if got := w.server.Rotated(); !slices.Equal(got, []string{string(w.shell.onAir())}) || len(w.server.Created()) != 1 {
			t.Errorf("%d rotations, the newest on air: %v, %d sessions", len(got), got[len(got)-1] == string(w.shell.onAir()), len(w.server.Created()))
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
