package ws

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"i80.dk/sighej/wire"
)

// A frame has the names of the contract and no other spelling of them, each
// once, like a body.
func TestNamesOfAFrame(t *testing.T) {
	for text, taken := range map[string]bool{
		`{"type":"ack","id":"x"}`:                                                 true,
		"{ \"type\" \n: \"ack\",\t\"id\":\"x\" }":                                 true,
		`{"\u0074ype":"ack","id":"x"}`:                                            true,
		`{"type":"ack","id":"\"id\":\\"}`:                                         true,
		`{"type":"ack","id":"{{{"}`:                                               true,
		`{"type":"ack","id":"}}"}`:                                                true,
		`{"type":"ack","id":"id"}`:                                                true,
		`{"type":"sighting","tokens":["type","ref:","ref"]}`:                      true,
		`{"type":"sighting","sightings":[{"token":"a"},{"token":"b","rssi":-1}]}`: true,

		`{"Type":"ack","id":"x"}`:                                     false,
		`{"type":"ack","ID":"x"}`:                                     false,
		"{\"type\":\"sighting\",\"token\u017f\":[\"abc123\"]}":        false, // ſ folds to s
		`{"type":"open","type":"ack","id":"x"}`:                       false,
		`{"type":"ack","id":"x","id":"y"}`:                            false,
		`{"type":"ack","id":"x","\u0069d":"y"}`:                       false,
		`{"type":"ack","id":"x","\u0049d":"y"}`:                       false,
		`{"type":"sighting","sightings":[{"token":"a","token":"b"}]}`: false,
		`{"type":"sighting","sightings":[{"Token":"a"}]}`:             false,
		`{"type":"sighting","tokens":["a"],"tokens":["b"]}`:           false,
	} {
		_, err := decodeFrame([]byte(text))
		if (err == nil) != taken {
			t.Errorf("%s: %v", text, err)
		}
		if err != nil && err.Code != malformedFrame {
			t.Errorf("%s: %s", text, err.Code)
		}
	}
}

// namedByTheContract tells the same of a decoded frame in another way: as many
// members are left of the tree as there are colons outside strings.
func namedByTheContract(text []byte) bool {
	var tree struct {
		All       map[string]json.RawMessage
		Sightings []map[string]json.RawMessage
	}
	if json.Unmarshal(text, &tree.All) != nil || json.Unmarshal(tree.All["sightings"], &tree.Sightings) != nil && tree.All["sightings"] != nil {
		return false
	}
	members, known := len(tree.All), true
	for name := range tree.All {
		known = known && slices.Contains([]string{"type", "ref", "tokens", "sightings", "id", "value"}, name)
	}
	for _, s := range tree.Sightings {
		members += len(s)
		for name := range s {
			known = known && slices.Contains([]string{"token", "rssi", "seen_at"}, name)
		}
	}
	outside := regexp.MustCompile(`"(\\.|[^"\\])*"`).ReplaceAll(text, nil)
	return known && members == bytes.Count(outside, []byte(":"))
}

func TestEveryNameHasItsBit(t *testing.T) {
	var all uint
	for _, kind := range []reflect.Type{reflect.TypeFor[wire.ClientFrame](), reflect.TypeFor[wire.Sighting]()} {
		for i := range kind.NumField() {
			name, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
			bit := nameBit([]byte(`"` + name + `"`))
			if bit == 0 || all&bit != 0 {
				t.Errorf("%s has the bit %b", name, bit)
			}
			all |= bit
		}
	}
}
