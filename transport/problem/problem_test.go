package problem

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// Every code of the vocabulary has a status.
func TestEveryCodeHasAStatus(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "../../errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(f, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Code") {
			return true
		}
		n++
		code := sighej.Code(strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`))
		if statuses[code] == 0 {
			t.Errorf("%s has no status", code)
		}
		return true
	})
	if n != len(statuses) {
		t.Errorf("%d codes, %d statuses", n, len(statuses))
	}
	if Status("unheard_of") != 500 {
		t.Error("an unknown code is no defect")
	}
}

func TestWrite(t *testing.T) {
	fields := sighej.Errorf(sighej.CodeInvalid, "no")
	fields.Fields = []sighej.InvalidField{
		{Path: "interests[2]", Message: "long"}, {Path: "body.ble_token", Message: "short"}, {Path: "path.ble_token", Message: "odd"}, {Message: "all"},
	}
	for _, c := range []struct {
		err    error
		status int
		retry  string
		want   wire.Problem
	}{
		{
			sighej.Errorf(sighej.CodeTokenLive, "taken"), 409, "",
			wire.Problem{Title: "Conflict", Detail: "taken", Code: "token_live"},
		},
		{
			fmt.Errorf("asking: %w", sighej.Errorf(sighej.CodeForbidden, "not yours")), 403, "",
			wire.Problem{Title: "Forbidden", Detail: "not yours", Code: "forbidden"},
		},
		{fields, 422, "", wire.Problem{Title: "Unprocessable Entity", Detail: "no", Code: "invalid", Errors: []wire.InvalidField{
			{Location: "body.interests[2]", Message: "long"},
			{Location: "body.ble_token", Message: "short"},
			{Location: "path.ble_token", Message: "odd"},
			{Location: "body", Message: "all"},
		}}},
		{
			sighej.Errorf(sighej.CodeUnavailable, "away").After(1500 * time.Millisecond), 503, "2",
			wire.Problem{Title: "Service Unavailable", Detail: "away", Code: "unavailable"},
		},
		{
			sighej.Errorf(sighej.CodeOverloaded, "full"), 503, "1",
			wire.Problem{Title: "Service Unavailable", Detail: "full", Code: "overloaded"},
		},
		{
			sighej.Errorf(sighej.CodeRateLimited, "slow").After(time.Nanosecond), 429, "1",
			wire.Problem{Title: "Too Many Requests", Detail: "slow", Code: "rate_limited"},
		},
		{
			sighej.Errorf(sighej.CodeMatchLimit, "enough"), 429, "60",
			wire.Problem{Title: "Too Many Requests", Detail: "enough", Code: "match_limit"},
		},
		{
			errors.New("the inside"), 500, "",
			wire.Problem{Title: "Internal Server Error", Detail: "something went wrong on our side", Code: "internal"},
		},
		{
			sighej.Errorf(sighej.CodeInternal, "the inside"), 500, "",
			wire.Problem{Title: "Internal Server Error", Detail: "something went wrong on our side", Code: "internal"},
		},
		{
			sighej.Errorf("unheard_of", "the inside"), 500, "",
			wire.Problem{Title: "Internal Server Error", Detail: "something went wrong on our side", Code: "internal"},
		},
	} {
		w := httptest.NewRecorder()
		Write(w, c.err)
		var got wire.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		c.want.Type, c.want.Status = "about:blank", c.status
		if w.Code != c.status || !reflect.DeepEqual(got, c.want) || w.Header().Get("Content-Type") != ContentType ||
			w.Header().Get("Retry-After") != c.retry {
			t.Errorf("%v: %d %v %+v", c.err, w.Code, w.Header(), got)
		}
	}
	w := httptest.NewRecorder()
	Write(w, sighej.Errorf(sighej.CodeUnauthorized, "who"))
	if w.Header().Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("%v", w.Header())
	}
}
