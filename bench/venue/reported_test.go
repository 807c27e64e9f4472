package venue

import (
	"testing"

	"pgregory.net/rapid"
)

// The model: a map, and a scan of all of it where the table has a bound.
func TestReportedIsAMapWithABound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := rules{again: int32(rapid.IntRange(1, 40).Draw(t, "again")), most: int32(rapid.IntRange(1, 60).Draw(t, "most"))}
		peers := rapid.Int32Range(1, 100).Draw(t, "peers")
		var r reported
		last, now := map[int32]int32{}, int32(0)
		for range rapid.IntRange(0, 400).Draw(t, "hearings") {
			now += rapid.Int32Range(0, 2).Draw(t, "passed")
			peer := rapid.Int32Range(0, peers-1).Draw(t, "peer")
			recent := int32(0)
			for _, at := range last {
				if now-at < rules.again {
					recent++
				}
			}
			at, known := last[peer]
			want := !known && recent < rules.most || known && now-at >= rules.again && recent < rules.most
			if got := r.note(peer, now, &rules); got != want {
				t.Fatalf("tick %d, peer %d: %v, want %v (%d of %d recent)", now, peer, got, want, recent, rules.most)
			} else if got {
				last[peer] = now
			}
			if r.used > rules.most || len(r.slots) > 4*int(max(rules.most, fewest)) {
				t.Fatalf("%d remembered in %d slots, the bound is %d", r.used, len(r.slots), rules.most)
			}
		}
	})
}
