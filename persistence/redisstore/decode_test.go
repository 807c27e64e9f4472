package redisstore

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

func storedFields(t testing.TB) map[string]string {
	t.Helper()
	at := time.UnixMilli(1_800_000_000_000).UTC()
	return map[string]string{
		fieldID:                                 "6f1c1d3e-8a44-4d6e-9d52-0e4ad0a1f9b7",
		fieldDigest:                             strings.Repeat("0f", 32),
		fieldCategories:                         `["music"]`,
		fieldCreatedAt:                          at.Format(timeFormat),
		fieldExpiresAt:                          "1800007200000",
		fieldAccess:                             hex.EncodeToString(make([]byte, sha256.Size)),
		fieldInterests:                          encodeInterests([]sighej.InterestHash{1, 1<<64 - 1}),
		fieldOpen:                               "1",
		fieldPending:                            "1",
		fieldMatch + "AAAAAAAAAAAAAAAAAAAAAA":   sighej.NudgeID{1}.String() + " 1800000000001",
		fieldNudge + sighej.NudgeID{1}.String(): "1800000000001 " + encodeInterests([]sighej.InterestHash{1}),
		"a field of tomorrow":                   "?",
	}
}

func TestDecodeState(t *testing.T) {
	state, err := decodeState("abcdef", storedFields(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(state.Outbox) != 1 || len(state.MatchedAt) != 1 || !state.Open || len(state.Session.Interests) != 2 {
		t.Errorf("decoded %+v", state)
	}
}

func TestDecodeRefusesGarbage(t *testing.T) {
	for field, values := range map[string][]string{
		fieldID:        {"", "x", "6F1C1D3E-8A44-4D6E-9D52-0E4AD0A1F9B7"},
		fieldCreatedAt: {"", "yesterday", "2027-01-01T09:30:00.005+01:00", "2027-02-30T09:30:00.005Z"},
		fieldExpiresAt: {"", "1e12", " 1", "+1", "01", "99999999999999999999", "-0"},
		fieldAccess:    {"", "00", strings.Repeat("g", 64), strings.Repeat("0", 66)},
		fieldInterests: {"A", "AAAA", "AAAAAAAAAAB", "AAAAAAAAAAA=", "AAAAAAAAA\nAA"},
		fieldOpen:      {"", "2", "true"},

		fieldMatch + "AAAAAAAAAAAAAAAAAAAAAA":   {"", "1 1", sighej.NudgeID{}.String(), sighej.NudgeID{}.String() + " x"},
		fieldNudge + sighej.NudgeID{}.String():  {"", "1", "x AAAAAAAAAAA", "1 A", "1  AAAAAAAAAAA"},
		fieldNudge + "short":                    {"1 AAAAAAAAAAA"},
		fieldNudge + strings.Repeat("AAAAA", 6): {"1 AAAAAAAAAAA"},
	} {
		for _, value := range values {
			fields := storedFields(t)
			fields[field] = value
			if _, err := decodeState("abcdef", fields); sighej.CodeOf(err) != sighej.CodeInternal {
				t.Errorf("%s = %q: %v, want code internal", field, value, err)
			}
		}
	}
	for _, field := range []string{fieldID, fieldCreatedAt, fieldExpiresAt, fieldAccess, fieldOpen} {
		fields := storedFields(t)
		delete(fields, field)
		if _, err := decodeState("abcdef", fields); sighej.CodeOf(err) != sighej.CodeInternal {
			t.Errorf("without %s: %v, want code internal", field, err)
		}
	}
}

// FuzzDecodeState changes fields of a stored session, written as alternating
// names and values, one a line. Whatever is taken in must be what encodeSession
// would have written.
func FuzzDecodeState(f *testing.F) {
	good := storedFields(f)
	for _, name := range slices.Sorted(maps.Keys(good)) {
		f.Add(name + "\n" + good[name])
		f.Add(name + "\n" + good[name] + "0")
		f.Add(name + "\n")
	}
	f.Add("n:\n1 \nm:\n")
	f.Fuzz(func(t *testing.T, changes string) {
		fields := maps.Clone(good)
		lines := strings.Split(changes, "\n")
		for i := 0; i+1 < len(lines); i += 2 {
			fields[lines[i]] = lines[i+1]
		}
		state, err := decodeState("abcdef", fields)
		if err != nil {
			if sighej.CodeOf(err) != sighej.CodeInternal || strings.Contains(err.Error(), "abcdef") {
				t.Errorf("error %v", err)
			}
			return
		}
		encoded, err := encodeSession(persistence.Registration{
			Session: state.Session, Open: state.Open, Digest: func() string { return "" },
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(encoded); i += 2 {
			name, _ := encoded[i].(string)
			if value, isText := encoded[i+1].(string); isText && name != fieldDigest && !strings.EqualFold(value, fields[name]) {
				t.Errorf("%s is %q, encoded again %q", name, fields[name], value)
			}
		}
		if !slices.IsSortedFunc(state.Outbox, func(a, b sighej.Nudge) int { return a.At.Compare(b.At) }) {
			t.Error("the outbox is not in order")
		}
	})
}

func FuzzDecodeTotals(f *testing.F) {
	f.Add("sessions", "5", "category:music", "3")
	f.Add("matches", "-1", "seeded", "1")
	f.Add("sightings", "9223372036854775808", "seq:member-1", "x")
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		totals, err := decodeTotals("2027-01-01", map[string]string{name1: value1, name2: value2})
		if err == nil && totals.Day != "2027-01-01" {
			t.Errorf("decoded %+v", totals)
		}
	})
}

func TestPairs(t *testing.T) {
	a := sighej.SessionKey{Token: sighej.NewToken(), ID: sighej.NewSessionID()}
	b := sighej.SessionKey{Token: sighej.NewToken(), ID: sighej.NewSessionID()}
	p := newPairs([]byte("one key"))
	pair := p.of(a, b)
	if pair != p.of(b, a) {
		t.Error("the name of a pair depends on the order")
	}
	later := b
	later.ID = sighej.NewSessionID()
	if pair == p.of(a, later) {
		t.Error("another session with the token makes the same pair")
	}
	if pair == newPairs([]byte("another key")).of(a, b) {
		t.Error("the name of a pair does not depend on the key")
	}
}
