package wire

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"i80.dk/sighej"
)

func TestReconnectByCloseCode(t *testing.T) {
	for code, want := range map[CloseCode]bool{
		1000: false, 1001: true, CloseProtocol: false, CloseUnsupported: false, 1006: true, CloseNotUTF8: false, CloseTooBig: false,
		1011: true, CloseDraining: true, CloseOverloaded: true, CloseUnresponsive: true, CloseReset: true, 4099: true,
		CloseTakenOver: false, CloseExpired: false, CloseForgotten: false, 4199: false,
	} {
		if got := code.Reconnect(); got != want {
			t.Errorf("%d: %v", code, got)
		}
	}
}

func TestEveryCloseCodeOfOursHasAReason(t *testing.T) {
	for _, code := range []CloseCode{
		CloseProtocol, CloseUnsupported, CloseNotUTF8, CloseTooBig, CloseDraining, CloseOverloaded,
		CloseUnresponsive, CloseReset, CloseTakenOver, CloseExpired, CloseForgotten,
	} {
		if r := code.Reason(); r == "" || len(r) > 123 {
			t.Errorf("%d: %q", code, r)
		}
	}
}

func TestConversions(t *testing.T) {
	rssi, at := -200, time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	claim := Sighting{Token: "abc123", RSSI: &rssi, SeenAt: &at}.Claim()
	if claim.Token != "abc123" || claim.RSSI != MinRSSI || !claim.SeenAt.Equal(at) || claim.SeenAt.Location() != time.UTC {
		t.Errorf("%+v", claim)
	}
	results := ResultsOf([]sighej.Sighting{{Token: "abc123"}, {Token: "xyz789"}},
		[]sighej.Verdict{{}, {Match: true, Shared: []string{"go"}, NudgeSent: true}})
	want := `[{"token":"abc123","match":false,"shared_interests":[],"nudge_sent":false},` +
		`{"token":"xyz789","match":true,"shared_interests":["go"],"nudge_sent":true}]`
	if got := string(Encode(results)); got != want {
		t.Errorf("%s", got)
	}
}

func TestAppendedMatchResultsAreAsEncoded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := MatchResult{
			Match: rapid.Bool().Draw(t, "match"), NudgeSent: rapid.Bool().Draw(t, "nudge_sent"),
			SharedInterests: rapid.SliceOfN(rapid.String(), 0, 4).Draw(t, "labels"),
		}
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(r); err != nil {
			t.Fatal(err)
		}
		if got := string(AppendMatchResult(nil, r)) + "\n"; got != want.String() {
			t.Errorf("%s, want %s", got, want.String())
		}
	})
}

func TestAppendedNudgesAreAsEncoded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels := rapid.SliceOfN(rapid.String(), 0, 4).Draw(t, "labels")
		at := time.UnixMilli(rapid.Int64Range(0, 1<<41).Draw(t, "at")).UTC()
		n := Nudge{Type: TypeNudge, ID: rapid.StringMatching("[A-Za-z0-9_-]{22}").Draw(t, "id"), SharedInterests: labels, Message: rapid.String().Draw(t, "message"), At: at}
		n.Reveals = rapid.StringMatching("[A-Za-z0-9_-]{22}|").Draw(t, "reveals")
		if got, want := string(AppendNudge(nil, n)), string(Encode(n)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		bare := BareNudge{Type: TypeNudge, SharedInterests: labels, Message: n.Message}
		if got, want := string(AppendBareNudge(nil, bare)), string(Encode(bare)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}
