// Package asyncapi describes the WebSocket to programs and people: an AsyncAPI
// 3.0 document made from the Go types of package wire.
//
// It promises a message for each type of frame, with a schema that what
// [wire.Encode] writes satisfies. It serves nothing.
package asyncapi

import (
	"encoding/json"
	"maps"

	"github.com/google/jsonschema-go/jsonschema"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

type object = map[string]any

const about = `The nudge channel of SigHej. Frames are JSON text, one object a frame, with the subprotocol ` + "`" +
	wire.Subprotocol + "`" + `. A client that offers no subprotocol gets nudge frames only, each counted as delivered once written.

A nudge stays in the outbox until it is acknowledged and comes again after a reconnect: at least once, with an id to
deduplicate by. There is one connection per session: a newer one takes over.`

const credential = "The access token as `Authorization: Bearer …`. A browser, which cannot set that header on a WebSocket, " +
	"offers the subprotocols `" + wire.Subprotocol + ", " + wire.BearerPrefix + "<access_token>`; the server selects the first."

// Document returns the document as JSON, the same bytes for the same version.
func Document(version string) []byte {
	b, err := json.Marshal(object{
		"asyncapi":           "3.0.0",
		"info":               object{"title": "SigHej", "version": version, "description": about},
		"defaultContentType": "application/json",
		"channels":           object{"session": channel()},
		"operations": object{
			"toPhone":   operation("send", "What the server tells a phone.", fromServer),
			"fromPhone": operation("receive", "What a phone tells the server.", fromClient),
		},
		"components": object{
			"messages":        messages(),
			"securitySchemes": object{"accessToken": object{"type": "http", "scheme": "bearer", "description": credential}},
		},
		"x-close-codes":  closeCodes(),
		"x-subprotocols": []string{wire.Subprotocol},
	})
	if err != nil {
		panic("asyncapi: " + err.Error()) // made of constants and types: tests would have met it
	}
	return b
}

func channel() object {
	refs := object{}
	for _, f := range frames {
		refs[f.name] = object{"$ref": "#/components/messages/" + f.name}
	}
	return object{
		"address":     "/ws/{ble_token}",
		"title":       "One session's connection",
		"description": "Frames of a client are at most 8 KiB. A binary frame, or one that is not UTF-8, closes the connection.",
		"parameters":  object{"ble_token": object{"description": "Your own token: " + sighej.TokenPattern}},
		"messages":    refs,
		"bindings":    object{"ws": object{"method": "GET", "bindingVersion": "0.1.0"}},
	}
}

func operation(action, summary string, d direction) object {
	var refs []object
	for _, f := range frames {
		if f.from == d {
			refs = append(refs, object{"$ref": "#/channels/session/messages/" + f.name})
		}
	}
	return object{
		"action": action, "summary": summary, "messages": refs,
		"channel":  object{"$ref": "#/channels/session"},
		"security": []object{{"$ref": "#/components/securitySchemes/accessToken"}},
	}
}

func messages() object {
	all := object{}
	for _, f := range frames {
		all[f.name] = object{
			"name": f.name, "title": f.name, "summary": f.summary,
			"payload":  f.schema(),
			"examples": []object{{"payload": json.RawMessage(wire.Encode(f.example))}},
		}
	}
	return all
}

// schema is that of the frame's Go type with its type as a constant. A client's
// frame keeps only the fields that it may have.
func (f *frame) schema() *jsonschema.Schema {
	s := schemaOf(f.example)
	if f.from == fromClient {
		f.narrow(s)
	}
	for name, text := range f.fields {
		s.Properties[name].Description = text
	}
	var kind any = f.name
	s.Properties["type"] = &jsonschema.Schema{Const: &kind}
	return s
}

// narrow leaves of the schema of all client frames what this one may have.
func (f *frame) narrow(s *jsonschema.Schema) {
	maps.DeleteFunc(s.Properties, func(name string, _ *jsonschema.Schema) bool {
		_, ok := f.fields[name]
		return !ok && name != "type"
	})
	s.PropertyOrder = nil
	s.Required = append([]string{"type"}, f.required...)
	s.OneOf = f.oneOf()
	for _, name := range f.either {
		list := s.Properties[name]
		list.MinItems, list.MaxItems = jsonschema.Ptr(1), jsonschema.Ptr(wire.MaxFrameSightings)
		if list.Items.Type == "string" {
			list.Items.Pattern = sighej.TokenPattern
		}
	}
}

// oneOf says that exactly one of the alternatives is there.
func (f *frame) oneOf() []*jsonschema.Schema {
	var all []*jsonschema.Schema
	for _, name := range f.either {
		all = append(all, &jsonschema.Schema{Required: []string{name}})
	}
	return all
}
