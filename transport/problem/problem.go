// Package problem puts errors on the wire: as RFC 9457 problem+json with the
// stable code, the status that goes with it and the headers that a status asks
// for. It is the only place where codes become statuses.
//
// It promises that an error without a code tells the outside nothing but
// "internal". It does not log.
package problem

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// ContentType is the media type of every error.
const ContentType = "application/problem+json"

// Problem is an error as it stands in an answer: a [wire.Problem] that knows its
// status and headers.
type Problem wire.Problem

// statuses has every code of the contract.
var statuses = map[sighej.Code]int{
	sighej.CodeMalformed:        http.StatusBadRequest,
	sighej.CodeUnauthorized:     http.StatusUnauthorized,
	sighej.CodeForbidden:        http.StatusForbidden,
	sighej.CodeNotFound:         http.StatusNotFound,
	sighej.CodeMethodNotAllowed: http.StatusMethodNotAllowed,
	sighej.CodeNotAcceptable:    http.StatusNotAcceptable,
	sighej.CodeTokenLive:        http.StatusConflict,
	sighej.CodeTooLarge:         http.StatusRequestEntityTooLarge,
	sighej.CodeUnsupportedMedia: http.StatusUnsupportedMediaType,
	sighej.CodeInvalid:          http.StatusUnprocessableEntity,
	sighej.CodeUnknownType:      http.StatusUnprocessableEntity,
	sighej.CodeRateLimited:      http.StatusTooManyRequests,
	sighej.CodeMatchLimit:       http.StatusTooManyRequests,
	sighej.CodeInternal:         http.StatusInternalServerError,
	sighej.CodeUnavailable:      http.StatusServiceUnavailable,
	sighej.CodeOverloaded:       http.StatusServiceUnavailable,
}

// Status returns the HTTP status of a code: 500 for one that the contract
// lacks.
func Status(code sighej.Code) int {
	if s, ok := statuses[code]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// Of returns err as it may be told to the outside, and the seconds to wait
// before another try: 0 where waiting does not help, at least 1 with 429 and
// 503.
func Of(err error) (p *Problem, retryAfter int) {
	coded, ok := errors.AsType[*sighej.Error](err)
	if !ok || statuses[coded.Code] == 0 || coded.Code == sighej.CodeInternal {
		coded = sighej.Errorf(sighej.CodeInternal, "something went wrong on our side")
	}
	status := Status(coded.Code)
	p = &Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Detail: coded.Message, Code: string(coded.Code),
	}
	for _, f := range coded.Fields {
		p.Errors = append(p.Errors, wire.InvalidField{Location: location(f.Path), Message: f.Message})
	}
	return p, seconds(coded)
}

// Write answers a request with err. Nothing may have been written before; the
// other headers that were set are kept.
func Write(w http.ResponseWriter, err error) {
	p, retryAfter := Of(err)
	h := w.Header()
	h.Set("Content-Type", ContentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Del("ETag")
	for name, value := range p.Headers(retryAfter) {
		h.Set(name, value)
	}
	w.WriteHeader(p.Status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode((*wire.Problem)(p)) // the peer is gone: nobody left to tell
}

// Headers returns what must go with the problem besides its content type.
func (p *Problem) Headers(retryAfter int) map[string]string {
	switch {
	case p.Status == http.StatusUnauthorized:
		return map[string]string{"WWW-Authenticate": "Bearer"}
	case retryAfter > 0:
		return map[string]string{"Retry-After": strconv.Itoa(retryAfter)}
	}
	return nil
}

// GetStatus returns the HTTP status. The framework asks for it by this name.
func (p *Problem) GetStatus() int { return p.Status }

// Error returns the detail.
func (p *Problem) Error() string { return p.Detail }

// ContentType tells the framework which media type to answer with.
func (p *Problem) ContentType(string) string { return ContentType }

// location makes a path within a body the full one.
func location(path string) string {
	switch root, _, _ := strings.Cut(path, "."); root {
	case "":
		return "body"
	case "body", "path", "query", "header":
		return path
	}
	return "body." + path
}

// matchLimitWait is what a phone over its matches an hour is told to wait when
// the limit does not say it itself.
const matchLimitWait = time.Minute

func seconds(e *sighej.Error) int {
	status := Status(e.Code)
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		return 0
	}
	wait := e.RetryAfter
	if wait <= 0 && e.Code == sighej.CodeMatchLimit {
		wait = matchLimitWait
	}
	return max(1, int(math.Ceil(wait.Seconds())))
}
