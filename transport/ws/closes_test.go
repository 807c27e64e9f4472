package ws

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// Each connection that ends is counted once, by why it did.
func TestCloses(t *testing.T) {
	r := newRig(t, Config{WriteStall: 50 * time.Millisecond, CloseWait: 10 * time.Millisecond})
	ended := 0
	end := func(how func(p *rawPeer, a *actor)) {
		t.Helper()
		p, a := r.dialRaw(t, wire.Subprotocol)
		how(p, a)
		a.awaitClosed(t)
		ended++
		eventually(t, "it to be forgotten", func() bool { return r.Connections() == 0 })
	}
	for _, code := range closeCodes {
		end(func(_ *rawPeer, a *actor) { a.Close(code) })
	}
	end(func(_ *rawPeer, a *actor) { a.Close(wire.CloseExpired); a.Close(wire.CloseReset) })
	end(func(p *rawPeer, _ *actor) { _, _ = p.Write(masked(fin(opClose), closePayload(1000))) })
	end(func(p *rawPeer, _ *actor) { _ = p.Close() })
	end(func(p *rawPeer, _ *actor) { _, _ = p.Write(masked(fin(opBinary), nil)) })
	r.slowReaders = true
	end(func(_ *rawPeer, a *actor) { a.Send(huge, sighej.NudgeID{}) })

	want := map[string]int64{
		"1002": 1, "1003": 2, "1007": 1, "1009": 1, "1012": 1, "1013": 2, "4000": 1, "4001": 1, "4100": 1, "4101": 2, "4102": 1,
		ClosedByClient: 1, ClosedLost: 1,
	}
	got := r.Closes()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	sum := int64(0)
	for n := range maps.Values(got) {
		sum += n
	}
	if int(sum) != ended {
		t.Errorf("%d of %d counted", sum, ended)
	}
}
