package adversary

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"i80.dk/sighej/internal/testmember"
	"i80.dk/sighej/wire"
)

// A token that was heard can be taken by nobody else: not registered, not rotated
// to, not in a race. The refusal tells nothing of whose it is, and its owner
// notices nothing. Seen failing with create.lua and memstore's Create going on
// when the token is live.
func TestAHeardTokenCannotBeTaken(t *testing.T) {
	onEachStore(t, nil, func(t *testing.T, m *testmember.Member) {
		owner, friend := register(t, m, "chess", "knitting"), register(t, m, "chess")
		conn := owner.listen(t)
		next(t, conn, "welcome")
		claim := string(wire.Encode(wire.CreateSession{BLEToken: owner.token, Interests: []string{"chess"}}))
		var mu sync.Mutex
		refusals := map[string]int{}
		var wg sync.WaitGroup
		for i := range 50 {
			thief := register(t, m, "chess")
			wg.Go(func() {
				r := request{method: "POST", path: "/session", body: claim}
				if i%2 == 1 {
					r = request{method: "POST", path: "/session/rotate", bearer: thief.access, body: `{"ble_token":"` + owner.token + `"}`}
				}
				a := send(t, m, r)
				mu.Lock()
				defer mu.Unlock()
				if a.status != http.StatusConflict || a.code() != "token_live" {
					t.Errorf("%s: %+v", r.path, a)
				}
				refusals[a.body]++
			})
		}
		wg.Wait()
		for body := range refusals {
			for _, secret := range []string{owner.token, owner.id, owner.access, "chess", "knitting", "expires"} {
				if strings.Contains(body, secret) {
					t.Errorf("the refusal tells %q: %s", secret, body)
				}
			}
		}
		if len(refusals) != 1 {
			t.Errorf("refusals differ: %v", refusals)
		}
		friend.matches(t, owner)
		if n := next(t, conn, "nudge"); n["id"] == nil {
			t.Error(n)
		}
		if a := send(t, m, request{method: "GET", path: "/session", bearer: owner.access}); a.status != 200 || !strings.Contains(a.body, "knitting") {
			t.Errorf("the owner's session: %+v", a)
		}
	})
}
