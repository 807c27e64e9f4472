package adversary

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"i80.dk/sighej"
	"i80.dk/sighej/internal/testmember"
	"i80.dk/sighej/mobile/ble"
	"i80.dk/sighej/wire"
)

// Advertisements of two phones, and of one phone before and after a rotation,
// share only what all phones send. Seen failing with a constant in place of the
// token's last byte.
func TestAdvertisementsShareNothing(t *testing.T) {
	const phones = 64
	var all [phones][]byte
	for i := range all {
		data, err := ble.Advertising(sighej.NewToken())
		if err != nil || len(data) != ble.AdvertisingBytes {
			t.Fatal(len(data), err)
		}
		all[i] = data
	}
	const same = ble.AdvertisingBytes - ble.TokenBytes
	for i := range ble.AdvertisingBytes {
		values := map[byte]bool{}
		for _, data := range all {
			values[data[i]] = true
		}
		if i < same && len(values) != 1 || i >= same && len(values) < phones/4 {
			t.Errorf("byte %d has %d values in %d advertisements", i, len(values), phones)
		}
	}
}

// Whoever is nudged about one and the same person, before and after that person's
// token changed, gets nothing by which to see that it is the same: two accomplices
// compare all that they were told. Seen failing with a nudge id that is made of the
// session's.
func TestNudgesCannotBeLinked(t *testing.T) {
	onEachStore(t, nil, func(t *testing.T, m *testmember.Member) {
		person := register(t, m, "chess")
		var told []map[string]any
		for range 2 {
			accomplice := register(t, m, "chess")
			conn := accomplice.listen(t)
			next(t, conn, "welcome")
			a := accomplice.hears(t, person.token)
			told = append(told, next(t, conn, "nudge"))
			text := a.body + fmt.Sprint(told, a.header)
			for _, secret := range []string{person.token, person.id, person.access} {
				if strings.Contains(text, secret) {
					t.Errorf("an accomplice is told %q: %s", secret, text)
				}
			}
			rotated := newToken()
			if a := send(t, m, request{method: "POST", path: "/session/rotate", bearer: person.access, body: `{"ble_token":"` + rotated + `"}`}); a.status != 200 {
				t.Fatalf("%+v", a)
			}
			person.token = rotated
		}
		for field, value := range told[0] {
			if constant := field == "type" || field == "shared_interests" || field == "message" || field == "at"; !constant && fmt.Sprint(value) == fmt.Sprint(told[1][field]) {
				t.Errorf("both nudges have the same %s: %v", field, value)
			}
		}
		if len(told[0]) != 5 {
			t.Errorf("a nudge has other fields than were thought of here: %v", told[0])
		}
		own := send(t, m, request{method: "GET", path: "/session", bearer: person.access})
		for _, n := range told {
			if id, _ := n["id"].(string); strings.Contains(own.body, id) {
				t.Errorf("the person's own side has the id %s", id)
			}
		}
	})
}

// A close says why and names nobody, in the same words to everyone. Seen
// failing with more in the reason than the code's own words.
func TestClosesNameNobody(t *testing.T) {
	m := testmember.Start(t, nil)
	for range 2 {
		p := register(t, m, "chess")
		first := p.listen(t)
		next(t, first, "welcome")
		second := p.listen(t)
		next(t, second, "welcome")
		if code, reason := closeOf(first); code != int(wire.CloseTakenOver) || reason != wire.CloseTakenOver.Reason() {
			t.Errorf("taken over: %d %q", code, reason)
		}
		if a := send(t, m, request{method: "DELETE", path: "/session", bearer: p.access}); a.status != http.StatusNoContent {
			t.Fatalf("%+v", a)
		}
		if code, reason := closeOf(second); code != int(wire.CloseForgotten) || reason != wire.CloseForgotten.Reason() {
			t.Errorf("forgotten: %d %q", code, reason)
		}
	}
}

// Phones that are sent away together do not come back together, nor after a delay
// that is their own. Seen failing with a constant delay in leave.
func TestReconnectsAreSpread(t *testing.T) {
	const phones = 40
	m := testmember.Start(t, nil)
	delays := make(chan float64, phones)
	for range phones {
		p := register(t, m, "chess")
		conn := p.listen(t)
		next(t, conn, "welcome")
		go func() {
			for {
				_, text, err := conn.ReadMessage()
				if err != nil {
					delays <- -1
					return
				}
				var f wire.Draining
				if bytes.Contains(text, []byte(`"draining"`)) && json.Unmarshal(text, &f) == nil {
					delays <- float64(f.ReconnectAfterMS)
					return
				}
			}
		}()
	}
	m.Stop()
	different := map[float64]bool{}
	for range phones {
		d := <-delays
		if d < 0 || d > 5000 {
			t.Errorf("told to come back after %v ms", d)
		}
		different[d] = true
	}
	if len(different) < phones/2 {
		t.Errorf("%d phones have %d delays", phones, len(different))
	}
}
