package transport

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"i80.dk/sighej"
	"i80.dk/sighej/transport/problem"
)

const (
	maxBody     = 16 << 10 // bytes
	bodyTimeout = 10 * time.Second
)

// operation is a call of the contract: how it is served and what is told of it.
type operation struct {
	id, method, path   string
	tag, summary, text string
	status             int   // of success; 0: 200
	maxBody            int64 // bytes; 0: maxBody
	request, answer    any   // examples
	secured            bool  // by the access token
	admin              bool  // by the admin token
	refusals           []sighej.Code
	metadata           map[string]any
	before             func(huma.Context, func(huma.Context))
}

// serve adds an operation.
func serve[I, O any](a *api, o operation, f func(context.Context, *I) (*O, error)) {
	h := huma.Operation{
		OperationID: o.id, Method: o.method, Path: o.path,
		Tags: []string{o.tag}, Summary: o.summary, Description: o.text,
		DefaultStatus: cmp.Or(o.status, http.StatusOK), Metadata: o.metadata,
		MaxBodyBytes:    cmp.Or(o.maxBody, maxBody) + 1, // the framework refuses what reaches its limit
		BodyReadTimeout: bodyTimeout,
		Security:        o.security(), Responses: o.responses(a.huma.OpenAPI()),
	}
	if o.request != nil {
		h.RequestBody = &huma.RequestBody{Content: exampleOf(o.request)}
	}
	if o.before != nil {
		h.Middlewares = huma.Middlewares{o.before}
	}
	huma.Register(a.huma, h, logged(a, o.id, f))
}

// logged logs an error that is a defect, for the answer tells nothing of it.
func logged[I, O any](a *api, id string, f func(context.Context, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		out, err := f(ctx, in)
		if sighej.CodeOf(err) == sighej.CodeInternal {
			a.cfg.Logger.ErrorContext(ctx, "call failed", "operation", id, "error", err)
		}
		return out, err
	}
}

func (o *operation) security() []map[string][]string {
	switch {
	case o.secured:
		return []map[string][]string{{bearerScheme: {}}}
	case o.admin:
		return []map[string][]string{{adminScheme: {}}}
	}
	return []map[string][]string{}
}

// responses describes the example of success and every refusal.
func (o *operation) responses(doc *huma.OpenAPI) map[string]*huma.Response {
	codes := append([]sighej.Code{sighej.CodeNotAcceptable, sighej.CodeInternal}, o.refusals...)
	if o.request != nil {
		codes = append(codes, sighej.CodeMalformed, sighej.CodeTooLarge, sighej.CodeUnsupportedMedia, sighej.CodeInvalid)
	}
	if o.secured {
		codes = append(codes, sighej.CodeUnauthorized, sighej.CodeNotFound, sighej.CodeRateLimited)
	}
	if o.admin {
		codes = append(codes, sighej.CodeUnauthorized, sighej.CodeRateLimited)
	}
	all := refusals(doc, codes)
	if o.answer != nil {
		all[strconv.Itoa(cmp.Or(o.status, http.StatusOK))] = &huma.Response{Content: exampleOf(o.answer)}
	}
	return all
}

// refusals describes the errors with these codes, one response a status.
func refusals(doc *huma.OpenAPI, codes []sighej.Code) map[string]*huma.Response {
	schema := doc.Components.Schemas.Schema(problemType, true, "Problem")
	all := make(map[string]*huma.Response)
	slices.Sort(codes)
	for _, code := range slices.Compact(codes) {
		p, retryAfter := problem.Of(exampleError(code))
		status := strconv.Itoa(p.Status)
		r := all[status]
		if r == nil {
			r = &huma.Response{
				Description: http.StatusText(p.Status),
				Headers:     headersOf(p, retryAfter),
				Content: map[string]*huma.MediaType{
					problem.ContentType: {Schema: schema, Examples: map[string]*huma.Example{}},
				},
			}
			all[status] = r
		}
		r.Content[problem.ContentType].Examples[string(code)] = &huma.Example{Value: p}
	}
	return all
}

func headersOf(p *problem.Problem, retryAfter int) map[string]*huma.Header {
	described := make(map[string]*huma.Header)
	for name := range p.Headers(retryAfter) {
		h := &huma.Header{Description: headerTexts[name], Schema: &huma.Schema{Type: huma.TypeString}}
		if name == "Retry-After" {
			h.Schema = &huma.Schema{Type: huma.TypeInteger}
		}
		described[name] = h
	}
	return described
}

var headerTexts = map[string]string{
	"Retry-After":      "Whole seconds, at least 1, after which another try may succeed.",
	"WWW-Authenticate": "Always Bearer.",
}

func exampleOf(v any) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{"application/json": {Example: v}}
}
