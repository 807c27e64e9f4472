package core_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/phone/phonetest"
	"i80.dk/sighej/wire"
)

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

// What the server would not count any more is not told.
func TestOldSightingsAreLeftOut(t *testing.T) {
	o := &over{}
	inWorld(t, func(s *phonetest.Server) {
		s.Script = func(_ int, c *phonetest.Socket) { c.Welcome(0); o.serve(c) }
	}, func(w *world) {
		w.start()
		w.server.Cut(true)
		w.pass(time.Second)
		late, old := sighej.NewToken(), sighej.NewToken()
		w.hear(-60, old)
		w.pass(10 * time.Minute)
		w.hear(-60, late)
		w.pass(10 * time.Minute)
		w.server.Cut(false)
		w.pass(time.Minute)
		if got := w.server.Reported(); len(got) != 1 || got[0].Token != string(late) || len(o.tokens()) != 0 {
			t.Errorf("uploaded %v, over the connection %v", got, o.tokens())
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

// What was heard once is not lost with the report that told of it.
func TestUnansweredSightingsAreReportedAgain(t *testing.T) {
	for name, refuse := range map[string]func(*phonetest.Socket, wire.ClientFrame){
		"no answer": func(*phonetest.Socket, wire.ClientFrame) {},
		"an error": func(c *phonetest.Socket, f wire.ClientFrame) {
			c.Send(wire.ErrorFrame{Type: wire.TypeError, Ref: f.Ref, Code: string(sighej.CodeUnavailable), Message: "away"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			var reports atomic.Int32
			inWorld(t, func(s *phonetest.Server) {
				s.Script = func(_ int, c *phonetest.Socket) {
					c.Welcome(0)
					for f, ok := c.Next(); ok; f, ok = c.Next() {
						switch {
						case f.Type != wire.TypeSighting:
						case reports.Add(1) == 1:
							refuse(c, f)
						default:
							c.Answer(f)
						}
					}
				}
			}, func(w *world) {
				w.start()
				w.hear(-60, sighej.NewToken())
				w.pass(time.Minute)
				if over, uploaded := int(reports.Load()), len(w.server.Reported()); over+uploaded != 2 {
					t.Errorf("reported %d times over the connection and %d times beside it", over, uploaded)
				}
			})
		})
	}
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
