package core_test

import (
	"fmt"
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

// Ten minutes without a network: who was near is told with its time, and nudges
// that waited come once.
func TestAirplaneMode(t *testing.T) {
	o, near := &over{}, sighej.NewToken()
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
		w.pass(5 * time.Minute)
		w.hear(-60, near)
		heard := time.Now()
		w.pass(5 * time.Minute)
		w.wantState(core.Offline, ble.Full)
		if tries := w.server.RefusedDials(); tries > 40 {
			t.Errorf("%d tries in 10 minutes", tries)
		}
		w.server.Cut(false)
		w.core.SetOnScreen(true)
		synctest.Wait()
		w.wantState(core.Online, ble.Full)
		w.pass(time.Minute)
		if got := w.shell.ids(); !slices.Equal(got, []string{"n0", "n1"}) {
			t.Errorf("nudges: %v", got)
		}
		if got := w.server.Reported(); len(got) != 1 || got[0].Token != string(near) || got[0].SeenAt == nil || got[0].SeenAt.Sub(heard).Abs() > 2*time.Second {
			t.Errorf("uploaded: %+v, heard at %v", got, heard)
		}
		if n := len(w.server.Created()); n != 1 || len(w.shell.seen().errors) != 0 {
			t.Errorf("%d sessions, errors %v", n, w.shell.seen().errors)
		}
	})
}

func TestBlockAndWave(t *testing.T) {
	inWorld(t, func(s *phonetest.Server) {
		s.Unknown = "never"
		s.Script = func(_ int, c *phonetest.Socket) {
			c.Welcome(1)
			c.Send(wire.Nudge{Type: wire.TypeNudge, ID: "n2", SharedInterests: []string{"devops"}, Reveals: "n1", At: time.Now()})
			c.Serve()
		}
	}, func(w *world) {
		w.core.Block("before") // there is no session yet
		w.start()
		if n := w.shell.seen().nudges; len(n) != 1 || n[0].Reveals != "n1" {
			t.Errorf("nudges: %+v", n)
		}
		w.server.Cut(true)
		w.pass(time.Minute)
		w.core.Wave("n1")
		w.core.Block("never")
		w.core.Block("n2")
		w.pass(time.Minute)
		w.server.Cut(false)
		w.pass(time.Minute)
		if !slices.Equal(w.server.Waved(), []string{"n1"}) || !slices.Equal(w.server.Blocked(), []string{"n2"}) {
			t.Errorf("waved at %v, blocked %v", w.server.Waved(), w.server.Blocked())
		}
		if got := w.shell.seen().errors; !slices.Equal(got, []sighej.Code{sighej.CodeNotFound}) {
			t.Errorf("errors: %v", got)
		}
		w.core.Stop()
		w.core.Wave("after")
		if n := len(w.server.Waved()); n != 1 {
			t.Errorf("waved %d times", n)
		}
	})
}
