package adversary

import (
	"strings"
	"testing"

	"i80.dk/sighej/internal/testmember"
	"i80.dk/sighej/internal/testservers"
	"i80.dk/sighej/server"
	"i80.dk/sighej/wire"
)

// After INTEREST_KEY has changed, which takes a restart, live sessions go on:
// credential, consent, waiting nudges, DELETE. They share nothing with those under
// the new key, so such a pair gets the neutral answer; with one another they are
// matched still. One session's life later all is under the new key. Seen
// failing with Restore that panics at a hash which it does not know.
func TestTheInterestKeyChanges(t *testing.T) {
	r := testservers.Redis(t)
	under := func(key string) *testmember.Member {
		return testmember.Start(t, func(o *server.Options) { o.RedisURL, o.InterestKey = r.URL(), strings.Repeat(key, 32) })
	}
	m := under("a")
	one, two, three := register(t, m, "chess"), register(t, m, "chess"), register(t, m, "chess")
	one.matches(t, two)
	m.Stop()

	m = under("b")
	one.m, two.m, three.m = m, m, m
	young, younger := register(t, m, "chess"), register(t, m, "chess")
	if a := send(t, m, request{method: "GET", path: "/session", bearer: one.access}); a.status != 200 || !strings.Contains(a.body, `"pending":1`) {
		t.Errorf("the old session: %+v", a)
	}
	conn := two.listen(t)
	if n := next(t, conn, "nudge"); n["id"] == nil {
		t.Errorf("the nudge that waited: %v", n)
	}
	if a := young.hears(t, one.token); a.status != 200 || !strings.Contains(a.body, `{"match":false,"shared_interests":[],"nudge_sent":false}`) {
		t.Errorf("new and old: %+v", a)
	}
	if a := one.hears(t, three.token); a.status != 200 || !strings.Contains(a.body, `"match":true`) || strings.Contains(a.body, "chess") {
		t.Errorf("old and old, whose labels nobody knows: %+v", a)
	}
	younger.matches(t, young)
	if a := send(t, m, request{method: "PATCH", path: "/session", bearer: one.access, body: string(wire.Encode(wire.UpdateSession{}))}); a.status != 200 {
		t.Errorf("withdrawing: %+v", a)
	}
	if a := send(t, m, request{method: "DELETE", path: "/session", bearer: one.access}); a.status != 204 {
		t.Errorf("forgetting: %+v", a)
	}
}
