package actors

import (
	"testing"

	"i80.dk/sighej"
	"i80.dk/sighej/actors/actorpb"
)

// A phone hears a peer whose member has just been killed, and hears it again when
// the peer lives on another one. The second report joins the call that the first one
// began, which is lost; it must not fail for that. Seen failing, both ways,
// when [session.release] returns all, and for a meet when it does not wait for the
// other call.
func TestJoiningALostCall(t *testing.T) {
	for name, c := range map[string]struct {
		loses func(*actorpb.Batch) bool // and all that come after it
		calls int                       // once the second report is there
	}{
		"of a seek": {func(b *actorpb.Batch) bool { return b.GetSeeks() != nil }, 2},
		"of a meet": {func(b *actorpb.Batch) bool { return len(b.GetItems()) > 0 && b.GetItems()[0].GetMeet() != nil }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, 2, nil)
			a := register(t, w.members[0], "session-a-0", "devops")
			b := register(t, w.members[0], "session-b-1", "devops")
			lost := make(chan struct{})
			w.network.mu.Lock()
			w.network.lose = func(b *actorpb.Batch) bool {
				if !c.loses(b) {
					return false
				}
				close(lost)
				w.network.lose = func(*actorpb.Batch) bool { return true }
				return true
			}
			w.network.mu.Unlock()
			report := func(heard ...sighej.Sighting) <-chan sighej.Verdict {
				first := make(chan sighej.Verdict, 1)
				go func() {
					v, err := a.s.Sight(t.Context(), a.Caller, heard)
					if err != nil {
						t.Error(err)
						v = make([]sighej.Verdict, 1)
					}
					first <- v[0]
				}()
				return first
			}
			began := report(sighej.Sighting{Token: b.Token})
			<-lost
			joined := report(sighej.Sighting{Token: b.Token}, sighej.Sighting{Token: "session-x-1"})
			way := w.members[0].links.get("member-1")
			eventually(t, "the calls to be under way", func() bool {
				way.mu.Lock()
				defer way.mu.Unlock()
				return len(way.calls) == c.calls
			})
			w.move(func(sighej.Token) int { return 0 })
			w.members[0].links.keep(map[string]bool{"member-0": true})
			if v := <-began; v.Code != sighej.CodeUnavailable {
				t.Errorf("the call that was lost: %+v", v)
			}
			if v := <-joined; !v.Match || v.Code != "" {
				t.Errorf("the report that joined it: %+v", v)
			}
		})
	}
}
