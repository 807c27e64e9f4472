package transport

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"i80.dk/sighej"
	"i80.dk/sighej/transport/problem"
)

// maxFields bounds how many fields one 422 lists, so that a body of junk is not
// answered with megabytes. It is above what the longest acceptable list can have.
const maxFields = 4000

// The framework asks a problem for its status and its media type.
var (
	_ huma.StatusError       = (*problem.Problem)(nil)
	_ huma.ContentTypeFilter = (*problem.Problem)(nil)
)

// The framework makes its errors through these two functions, compares the names
// of fields with case and lets no array be null. The variables are those of the
// process, the same for every handler, and keep no state.
func init() {
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		p, _ := problem.Of(coded(status, message, errs))
		return p
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		p, retryAfter := problem.Of(coded(status, message, errs))
		for name, value := range p.Headers(retryAfter) {
			ctx.SetHeader(name, value)
		}
		return p
	}
}

// bodyUnread is the framework's message when the client broke off or sent a
// transfer coding that is none: the client's doing, not an internal error.
const bodyUnread = "cannot read request body"

// coded turns what the framework tells of an error into one of ours. The
// messages and values that it quotes from a request are left behind.
func coded(status int, message string, errs []error) *sighej.Error {
	if len(errs) == 1 {
		if e, ok := errors.AsType[*sighej.Error](errs[0]); ok {
			return e
		}
	}
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return sighej.Errorf(sighej.CodeTooLarge, "the body is over its limit")
	case status == http.StatusUnsupportedMediaType:
		return sighej.Errorf(sighej.CodeUnsupportedMedia, "the body must be application/json")
	case status == http.StatusRequestTimeout:
		return sighej.Errorf(sighej.CodeMalformed, "the body did not arrive in time")
	case status == http.StatusUnprocessableEntity:
		return invalid(errs)
	case status == http.StatusBadRequest && len(errs) > 0:
		return sighej.Errorf(sighej.CodeMalformed, "%s", detail(errs[0]).Message)
	case status == http.StatusBadRequest:
		return sighej.Errorf(sighej.CodeMalformed, "there is no body")
	case message == bodyUnread:
		return sighej.Errorf(sighej.CodeMalformed, "the body broke off")
	}
	return sighej.Errorf(sighej.CodeInternal, "%s", message)
}

// invalid lists every field that the schema or a rule beyond it refuses, each
// once: what the schema says comes first.
func invalid(errs []error) *sighej.Error {
	e := sighej.Errorf(sighej.CodeInvalid, "a value is not acceptable")
	seen := make(map[string]bool, len(errs))
	for _, err := range errs {
		f := field(detail(err))
		if !seen[f.Path] && len(e.Fields) < maxFields {
			seen[f.Path] = true
			e.Fields = append(e.Fields, f)
		}
	}
	if i := slices.IndexFunc(e.Fields, noObject); i >= 0 { // then it has no fields that could be wrong
		e.Fields = e.Fields[i : i+1]
	}
	return e
}

func noObject(f sighej.InvalidField) bool {
	return f.Path == "body" && f.Message == validation.MsgExpectedObject
}

// field names a missing field by its own path; the framework names the object
// that lacks it.
func field(d *huma.ErrorDetail) sighej.InvalidField {
	var name string
	if n, _ := fmt.Sscanf(d.Message, validation.MsgExpectedRequiredProperty, &name); n == 1 {
		return sighej.InvalidField{Path: d.Location + "." + name, Message: "missing"}
	}
	return sighej.InvalidField{Path: d.Location, Message: d.Message}
}

func detail(err error) *huma.ErrorDetail {
	if d, ok := errors.AsType[*huma.ErrorDetail](err); ok {
		return d
	}
	return &huma.ErrorDetail{Location: "body", Message: "not acceptable"}
}

// fields makes what the rules beyond the schema refuse into what the framework
// collects.
func fields(faults []sighej.InvalidField) []error {
	errs := make([]error, 0, len(faults))
	for _, f := range faults {
		errs = append(errs, &huma.ErrorDetail{Location: "body." + f.Path, Message: f.Message})
	}
	return errs
}
