package asyncapi

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"i80.dk/sighej/wire"
)

func document(t *testing.T) map[string]any {
	var doc map[string]any
	if err := json.Unmarshal(Document("1.2.3"), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func get(t *testing.T, v any, path ...string) any {
	t.Helper()
	for _, key := range path {
		m, ok := v.(map[string]any)
		if !ok || m[key] == nil {
			t.Fatalf("%s is missing in %v", key, path)
		}
		v = m[key]
	}
	return v
}

func TestShape(t *testing.T) {
	doc := document(t)
	if doc["asyncapi"] != "3.0.0" || get(t, doc, "info", "version") != "1.2.3" || get(t, doc, "info", "title") != "SigHej" {
		t.Errorf("%v", doc["info"])
	}
	if get(t, doc, "channels", "session", "address") != "/ws/{ble_token}" {
		t.Error("the channel has another address")
	}
	get(t, doc, "channels", "session", "parameters", "ble_token")
	get(t, doc, "components", "securitySchemes", "accessToken")
	for name, action := range map[string]string{"toPhone": "send", "fromPhone": "receive"} {
		o := get(t, doc, "operations", name)
		if get(t, o, "action") != action {
			t.Errorf("%s: %v", name, o)
		}
		follow(t, doc, get(t, o, "channel"))
		for _, ref := range get(t, o, "messages").([]any) {
			follow(t, doc, follow(t, doc, ref))
		}
		for _, ref := range get(t, o, "security").([]any) {
			follow(t, doc, ref)
		}
	}
}

func follow(t *testing.T, doc map[string]any, ref any) any {
	t.Helper()
	path := strings.TrimPrefix(get(t, ref, "$ref").(string), "#/")
	return get(t, doc, strings.Split(path, "/")...)
}

// constants returns the values of the constants in a file of package wire whose
// names begin with prefix.
func constants(t *testing.T, file, prefix string) []string {
	f, err := parser.ParseFile(token.NewFileSet(), "../../wire/"+file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(f, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, prefix) {
			values = append(values, strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`))
		}
		return true
	})
	return values
}

func TestEveryFrameHasAMessage(t *testing.T) {
	doc := document(t)
	types := constants(t, "frames.go", "Type")
	if len(types) != len(frames) || len(types) < 9 {
		t.Errorf("%d types of frames, %d messages", len(types), len(frames))
	}
	listed := append(get(t, doc, "operations", "toPhone", "messages").([]any), get(t, doc, "operations", "fromPhone", "messages").([]any)...)
	for _, name := range types {
		get(t, doc, "components", "messages", name, "payload")
		ref := map[string]any{"$ref": "#/channels/session/messages/" + name}
		if !slices.ContainsFunc(listed, func(v any) bool { return get(t, v, "$ref") == ref["$ref"] }) {
			t.Errorf("no operation has %s", name)
		}
	}
}

func TestEveryFieldIsExplained(t *testing.T) {
	doc := document(t)
	for _, f := range frames {
		for name, p := range get(t, doc, "components", "messages", f.name, "payload", "properties").(map[string]any) {
			if name != "type" && p.(map[string]any)["description"] == nil {
				t.Errorf("%s.%s has no description", f.name, name)
			}
		}
	}
}

func TestEveryCloseCodeIsExplained(t *testing.T) {
	var got []string
	for _, c := range document(t)["x-close-codes"].([]any) {
		if get(t, c, "reason") == "" || get(t, c, "meaning") == "" {
			t.Errorf("%v", c)
		}
		code := int(get(t, c, "code").(float64))
		if get(t, c, "reconnect") != wire.CloseCode(code).Reconnect() {
			t.Errorf("%v", c)
		}
		got = append(got, strconv.Itoa(code))
	}
	if want := constants(t, "closecodes.go", "Close"); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func schema(t *testing.T, name string) *jsonschema.Schema {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Document("")))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("asyncapi.json", doc); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("asyncapi.json#/components/messages/" + name + "/payload")
}

func TestFramesMatchTheirSchemas(t *testing.T) {
	no, at := false, time.Now()
	for name, list := range map[string][]any{
		wire.TypeWelcome: {wire.Welcome{Type: "welcome", ExpiresAt: at}},
		wire.TypeNudge:   {wire.Nudge{Type: "nudge", ID: nudgeID, SharedInterests: []string{}, At: at, Reveals: nudgeID}},
		wire.TypeSighted: {wire.Sighted{Type: "sighted", Ref: "r"}, wire.Sighted{Type: "sighted", Results: []wire.SightingResult{
			{Token: "abcdef", MatchResult: wire.MatchResult{SharedInterests: []string{}}, Code: "rate_limited"},
		}}},
		wire.TypeExpired:  {wire.Expired{Type: "expired"}},
		wire.TypeDraining: {wire.Draining{Type: "draining"}},
		wire.TypeError:    {wire.ErrorFrame{Type: "error", Code: "invalid", Message: "no"}},
		wire.TypeSighting: {wire.ClientFrame{Type: "sighting", Tokens: []string{"abcdef"}}},
		wire.TypeAck:      {wire.ClientFrame{Type: "ack", ID: nudgeID}},
		wire.TypeBlock:    {wire.ClientFrame{Type: "block", ID: nudgeID}},
		wire.TypeWave:     {wire.ClientFrame{Type: "wave", ID: nudgeID}},
		wire.TypeOpen:     {wire.ClientFrame{Type: "open", Value: &no}},
	} {
		s := schema(t, name)
		for _, f := range frames {
			if f.name == name {
				list = append(list, f.example)
			}
		}
		for _, v := range list {
			if err := validate(s, string(wire.Encode(v))); err != nil {
				t.Errorf("%s: %v: %s", name, err, wire.Encode(v))
			}
		}
	}
}

func TestSchemasRefuse(t *testing.T) {
	for _, c := range []struct{ name, frame string }{
		{"welcome", `{"type":"welcome","pending":1}`},
		{"welcome", `{"type":"nudge","expires_at":"2026-05-12T18:00:00Z","pending":1}`},
		{"nudge", `{"type":"nudge","id":"x","shared_interests":null,"message":"","at":"2026-05-12T18:00:00Z"}`},
		{"sighted", `{"type":"sighted","ref":"","results":[{"token":"abcdef","match":true,"shared_interests":[],"nudge_sent":true,"code":"new"}]}`},
		{"sighting", `{"type":"sighting","ref":"` + strings.Repeat("r", 65) + `","tokens":["abcdef"]}`},
		{"sighting", `{"type":"sighting"}`},
		{"sighting", `{"type":"sighting","tokens":[]}`},
		{"sighting", `{"type":"sighting","tokens":["o!"]}`},
		{"sighting", `{"type":"sighting","tokens":["abcdef"],"sightings":[{"token":"abcdef"}]}`},
		{"sighting", `{"type":"sighting","sightings":[{"token":"abcdef","rssi":40}]}`},
		{"sighting", `{"type":"sighting","tokens":["abcdef"],"id":"x"}`},
		{"ack", `{"type":"ack"}`},
		{"block", `{"type":"block"}`},
		{"block", `{"type":"block","id":"x","value":true}`},
		{"open", `{"type":"open","value":"yes"}`},
	} {
		if validate(schema(t, c.name), c.frame) == nil {
			t.Errorf("%s takes %s", c.name, c.frame)
		}
	}
}

func validate(s *jsonschema.Schema, frame string) error {
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(frame))
	if err != nil {
		return err
	}
	return s.Validate(v)
}
