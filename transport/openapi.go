package transport

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"i80.dk/sighej"
	"i80.dk/sighej/transport/problem"
	"i80.dk/sighej/wire"
)

const (
	tagSessions  = "sessions"
	tagSightings = "sightings"
	tagNudges    = "nudges"
	tagService   = "service"

	bearerScheme = "accessToken"
	adminScheme  = "adminToken"
)

var problemType = reflect.TypeFor[problem.Problem]()

const about = `Two people who are near each other, share an interest and are both open to talk get a nudge.

A phone registers the token that it broadcasts, reports the tokens that it hears, and listens for nudges on
its WebSocket, which [asyncapi.json](/asyncapi.json) describes. The token is public and proves nothing; the access token
that registering returns does. Every error is problem+json with a stable ` + "`code`" + `.`

// describe is the framework's configuration: our JSON and nothing but it, no
// pages and no fields of its own.
func describe(version string) huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "SigHej", Version: version, Description: about},
			Servers: []*huma.Server{{URL: "/"}},
			Tags: []*huma.Tag{
				{Name: tagSessions, Description: "Being open to talk, and ceasing to be."},
				{Name: tagSightings, Description: "Tokens heard, and what came of it."},
				{Name: tagNudges, Description: "What to do about a nudge. They come over the WebSocket."},
				{Name: tagService, Description: "The catalogue and the state of the service."},
			},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					bearerScheme: {Type: "http", Scheme: "bearer", BearerFormat: "sj_…", Description: "The access token that registering returned."},
					adminScheme:  {Type: "http", Scheme: "bearer", Description: "The admin token that the operator set."},
				},
			},
		},
		Formats:       formats,
		DefaultFormat: "application/json",
	}
}

// document returns the finished document.
func document(doc *huma.OpenAPI) []byte {
	doc.Paths["/ready"].Get.Responses["503"] = &huma.Response{
		Description: "Not ready, or draining",
		Headers: map[string]*huma.Header{
			"Retry-After": {Description: headerTexts["Retry-After"], Schema: &huma.Schema{Type: huma.TypeInteger}},
		},
		Content: doc.Paths["/ready"].Get.Responses["200"].Content,
	}
	b, err := json.Marshal(doc)
	if err != nil {
		panic("transport: " + err.Error()) // made of constants and types: tests would have met it
	}
	return b
}

// describeInterests tells of a page that is served as it stands.
func (a *api) describeInterests() {
	doc := a.huma.OpenAPI()
	content := exampleOf(exampleInterests)
	content["application/json"].Schema = doc.Components.Schemas.Schema(reflect.TypeFor[wire.Interests](), true, "")
	doc.AddOperation(&huma.Operation{
		OperationID: "interests", Method: http.MethodGet, Path: "/interests",
		Tags: []string{tagService}, Summary: "The catalogue of interests",
		Description: "A label that it lacks is accepted too, unless the operator decided otherwise.",
		Security:    []map[string][]string{},
		Responses: map[string]*huma.Response{
			strconv.Itoa(http.StatusOK):          {Description: http.StatusText(http.StatusOK), Content: content},
			strconv.Itoa(http.StatusNotModified): {Description: "You have it already, says If-None-Match."},
		},
	})
}

// describeWebSocket tells of the handshake; the frames have a document of their
// own.
func (a *api) describeWebSocket() {
	doc := a.huma.OpenAPI()
	responses := refusals(doc, []sighej.Code{
		sighej.CodeInvalid, sighej.CodeUnauthorized, sighej.CodeForbidden, sighej.CodeNotFound,
		sighej.CodeRateLimited, sighej.CodeUnavailable, sighej.CodeOverloaded,
	})
	responses["101"] = &huma.Response{Description: "The connection speaks WebSocket now. Its frames are described by /asyncapi.json."}
	responses["426"] = &huma.Response{
		Description: "This is no WebSocket handshake",
		Content: map[string]*huma.MediaType{
			problem.ContentType: {Schema: doc.Components.Schemas.Schema(problemType, true, "Problem")},
		},
	}
	doc.AddOperation(&huma.Operation{
		OperationID: "connect", Method: http.MethodGet, Path: "/ws/{ble_token}",
		Tags: []string{tagSightings}, Summary: "Listen for nudges",
		Description: "A WebSocket. Offer the subprotocol `" + wire.Subprotocol + "` for all frames; without it there are nudges only. " +
			"A browser shows its access token as a second subprotocol, `" + wire.BearerPrefix + "<access_token>`.",
		Security: []map[string][]string{{bearerScheme: {}}},
		Parameters: []*huma.Param{{
			Name: "ble_token", In: "path", Required: true, Description: "Your own token.",
			Schema: &huma.Schema{Type: huma.TypeString, Pattern: sighej.TokenPattern},
		}},
		Responses: responses,
	})
}
