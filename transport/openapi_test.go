package transport

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
)

func fetch(t *testing.T, path string) []byte {
	w := httptest.NewRecorder()
	newSite(t, nil).handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if w.Code != 200 || w.Header().Get("ETag") == "" {
		t.Fatalf("%s: %d %v", path, w.Code, w.Header())
	}
	return w.Body.Bytes()
}

func TestDocumentsAreDeterministic(t *testing.T) {
	for _, path := range []string{"/openapi.json", "/asyncapi.json"} {
		if !bytes.Equal(fetch(t, path), fetch(t, path)) {
			t.Errorf("%s differs from one handler to the next", path)
		}
	}
}

func TestOpenAPIHasEveryCall(t *testing.T) {
	var doc struct {
		OpenAPI string
		Info    struct{ Title, Version string }
		Paths   map[string]map[string]struct {
			OperationID string
			Security    []map[string][]string
		}
	}
	if err := json.Unmarshal(fetch(t, "/openapi.json"), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" || doc.Info.Title != "SigHej" || doc.Info.Version != "1.2.3" {
		t.Errorf("%+v", doc.Info)
	}
	if bytes.Contains(fetch(t, "/openapi.json"), []byte(`"null"`)) {
		t.Error("something may be null")
	}
	var got []string
	for path, calls := range doc.Paths {
		for method, o := range calls {
			who := "anyone"
			if len(o.Security) > 0 {
				for scheme := range o.Security[0] {
					who = scheme
				}
			}
			got = append(got, method+" "+path+" "+who)
		}
	}
	slices.Sort(got)
	want := []string{
		"delete /session accessToken", "get /health anyone", "get /interests anyone", "get /ready anyone",
		"get /session accessToken", "get /stats adminToken", "get /ws/{ble_token} accessToken", "patch /session accessToken",
		"post /block accessToken", "post /match accessToken", "post /session anyone", "post /session/rotate accessToken", "post /sightings accessToken", "post /wave accessToken",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// Every example is what its schema asks for.
func TestOpenAPIExamples(t *testing.T) {
	s := newSite(t, nil)
	n := 0
	for path, calls := range mapOf(s.document["paths"]) {
		for method, o := range mapOf(calls) {
			at := "openapi.json#/paths/" + pointer(path) + "/" + method
			if body := mapOf(mapOf(o)["requestBody"]); body != nil {
				n += s.checkExamples(at+"/requestBody", body)
			}
			for status, r := range mapOf(mapOf(o)["responses"]) {
				n += s.checkExamples(at+"/responses/"+status, mapOf(r))
			}
		}
	}
	if n < 60 {
		t.Errorf("only %d examples", n)
	}
}

func (s *site) checkExamples(location string, parent map[string]any) int {
	n := 0
	for contentType, media := range mapOf(parent["content"]) {
		var examples []any
		if e, ok := mapOf(media)["example"]; ok {
			examples = append(examples, e)
		}
		for _, e := range mapOf(mapOf(media)["examples"]) {
			examples = append(examples, mapOf(e)["value"])
		}
		for _, e := range examples {
			n++
			b, _ := json.Marshal(e)
			s.matchesSchema(location+"/content/"+pointer(contentType)+"/schema", b)
		}
	}
	return n
}
