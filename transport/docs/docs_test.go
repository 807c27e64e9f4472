package docs

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /docs", Page())
	mux.Handle("GET /docs/{file}", Files(func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) }))
	return mux
}

func get(path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

var reference = regexp.MustCompile(`(?:src|href)="([^"]*)"`)

// What the page loads is here, and it loads nothing from elsewhere.
func TestPageIsWhole(t *testing.T) {
	w := get("/docs")
	page := w.Body.String()
	if w.Code != 200 || !strings.Contains(page, "SigHej") || !strings.Contains(page, `"asyncapi.json"`) {
		t.Fatalf("%d %s", w.Code, page)
	}
	n := 0
	for _, m := range reference.FindAllStringSubmatch(page, -1) {
		switch {
		case strings.HasPrefix(m[1], "docs/"):
			n++
			if f := get("/" + m[1]); f.Code != 200 || f.Body.Len() == 0 {
				t.Errorf("%s: %d", m[1], f.Code)
			}
		case m[1] != "openapi.json" && m[1] != "asyncapi.json":
			t.Errorf("the page leads to %s", m[1])
		}
	}
	if n < 6 || strings.Contains(page, "://") {
		t.Errorf("%d files; %s", n, page)
	}
	if get("/docs/docs.go").Code != 404 || get("/docs/page.html").Code != 404 {
		t.Error("a file that is no part of the page is served")
	}
}

// No script stands in the page, so that the policy need not allow any.
func TestPolicy(t *testing.T) {
	w := get("/docs")
	p := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(p, "default-src 'none'") || !strings.Contains(p, "script-src 'self';") {
		t.Errorf("%q", p)
	}
	if regexp.MustCompile(`<script>|<script [^s]| on[a-z]+=`).MatchString(w.Body.String()) {
		t.Error("the page has a script in it")
	}
}
