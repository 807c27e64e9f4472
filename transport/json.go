package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// What is wrong with a body that is no JSON of ours. None of these quotes it.
var (
	errNotUTF8   = errors.New("the body is not UTF-8")
	errNotJSON   = errors.New("the body is not one JSON value")
	errDuplicate = errors.New("an object of the body has a field twice")
	errForm      = errors.New("a value is not written in the form that the schema describes")
)

// formats has JSON, and under "json" what the framework looks up for an answer
// whose type ends in +json, which problems do. No body may have such a type.
var formats = map[string]huma.Format{
	"application/json": strictJSON,
	"json": {
		Marshal:   marshal,
		Unmarshal: func([]byte, any) error { return huma.ErrUnknownContentType },
	},
}

// strictJSON is the only format of bodies. Whether fields are known and values
// acceptable is checked against the schema, between the two passes of
// unmarshalStrict.
var strictJSON = huma.Format{Marshal: marshal, Unmarshal: unmarshalStrict}

func marshal(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// unmarshalStrict is called twice for a body: with an *any, which is then held
// against the schema, and with the type of the operation.
func unmarshalStrict(data []byte, v any) error {
	tree, first := v.(*any)
	if !first {
		return misfit(json.Unmarshal(data, v))
	}
	if !utf8.Valid(data) {
		return errNotUTF8
	}
	if err := json.Unmarshal(data, tree); err != nil {
		return errNotJSON
	}
	if colons(data) != members(*tree) {
		return errDuplicate
	}
	return nil
}

// misfit tells which field has a value that the schema takes and the type does
// not, such as -5e1 for an integer.
func misfit(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && e.Field != "" {
		return fmt.Errorf("%s: %w", e.Field, errForm)
	}
	return errForm
}

// colons counts the members that are written in valid JSON: one for each colon
// outside a string.
func colons(data []byte) int {
	n, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && c == ':':
			n++
		}
	}
	return n
}

// members counts the members that are left once JSON is decoded: of two with one
// name only the last.
func members(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		n = len(v)
		for _, e := range v {
			n += members(e)
		}
	case []any:
		for _, e := range v {
			n += members(e)
		}
	}
	return n
}
