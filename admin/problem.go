package admin

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// CodeNoCluster is the answer about a cluster of a member that is in none by its
// settings.
const CodeNoCluster sighej.Code = "no_cluster"

// statuses has every code that this listener answers with.
var statuses = map[sighej.Code]int{
	sighej.CodeUnauthorized:     http.StatusUnauthorized,
	sighej.CodeForbidden:        http.StatusForbidden,
	sighej.CodeNotFound:         http.StatusNotFound,
	sighej.CodeMethodNotAllowed: http.StatusMethodNotAllowed,
	CodeNoCluster:               http.StatusConflict,
	sighej.CodeInvalid:          http.StatusUnprocessableEntity,
	sighej.CodeRateLimited:      http.StatusTooManyRequests,
	sighej.CodeInternal:         http.StatusInternalServerError,
	sighej.CodeUnavailable:      http.StatusServiceUnavailable,
}

var errInternal = sighej.Errorf(sighej.CodeInternal, "something went wrong on our side; the log has more")

// tellable returns what of err may be told to the outside.
func tellable(err error) *sighej.Error {
	coded, ok := errors.AsType[*sighej.Error](err)
	if !ok || statuses[coded.Code] == 0 {
		return errInternal
	}
	return coded
}

// refuse answers with err, as what it may tell to the outside.
func refuse(w http.ResponseWriter, err error) {
	coded := tellable(err)
	status := statuses[coded.Code]
	p := wire.Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: coded.Message, Code: string(coded.Code),
	}
	for _, f := range coded.Fields {
		p.Errors = append(p.Errors, wire.InvalidField{Location: f.Path, Message: f.Message})
	}
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="sighej admin"`)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(coded.RetryAfter.Seconds())))))
	}
	write(w, status, "application/problem+json", p)
}

// fail logs why a request was not done, and answers with it: on the page in words.
func fail(w http.ResponseWriter, r *http.Request, logger *slog.Logger, err error) {
	switch sighej.CodeOf(err) {
	case sighej.CodeInternal, sighej.CodeUnavailable:
		logger.WarnContext(r.Context(), "an operator's request failed", slog.String("route", r.Pattern), slog.Any("error", err))
	}
	if byPage(r) {
		coded := tellable(err)
		w.Header().Set("HX-Retarget", "#said") // also what was asked for the dialog
		render(w, statuses[coded.Code], "said", said{Bad: true, Text: sentence(coded.Message)})
		return
	}
	refuse(w, err)
}

func answer(w http.ResponseWriter, status int, body any) { write(w, status, "application/json", body) }

func write(w http.ResponseWriter, status int, contentType string, body any) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	to := json.NewEncoder(w)
	to.SetEscapeHTML(false) // "<10" is to be read as it stands
	_ = to.Encode(body)     // the peer is gone: nobody left to tell
}
