package asyncapi

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
)

// schemaOf infers the schema of v's type. The tags of package wire that the
// library does not know are applied on top.
func schemaOf(v any) *jsonschema.Schema {
	t := reflect.TypeOf(v)
	s, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[time.Time](): {Type: "string", Format: "date-time"},
	}})
	if err != nil {
		panic("asyncapi: " + err.Error()) // types of package wire only: tests would have met it
	}
	refine(s, t)
	return s
}

// refine goes through a type and its schema together. No frame has null in it.
func refine(s *jsonschema.Schema, t reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	for _, kind := range s.Types {
		if kind != "null" {
			s.Type, s.Types = kind, nil
			break
		}
	}
	switch {
	case t.Kind() == reflect.Slice:
		refine(s.Items, t.Elem())
	case t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]():
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if p := s.Properties[name]; p != nil && !f.Anonymous {
				refine(p, f.Type)
				applyTags(p, f.Tag)
			}
		}
	}
}

// applyTags carries the constraints of a field's tags over.
func applyTags(s *jsonschema.Schema, tag reflect.StructTag) {
	s.Description = tag.Get("doc")
	s.Pattern = tag.Get("pattern")
	s.MinLength, s.MaxLength = count(tag, "minLength"), count(tag, "maxLength")
	s.MinItems, s.MaxItems = count(tag, "minItems"), count(tag, "maxItems")
	s.Minimum, s.Maximum = number(tag, "minimum"), number(tag, "maximum")
	if enum := tag.Get("enum"); enum != "" {
		for e := range strings.SplitSeq(enum, ",") {
			s.Enum = append(s.Enum, e)
		}
	}
}

func count(tag reflect.StructTag, key string) *int {
	n, err := strconv.Atoi(tag.Get(key))
	if err != nil {
		return nil
	}
	return &n
}

func number(tag reflect.StructTag, key string) *float64 {
	n, err := strconv.ParseFloat(tag.Get(key), 64)
	if err != nil {
		return nil
	}
	return &n
}
