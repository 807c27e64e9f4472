//go:build !demo

package webapp

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func packed(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.Bytes()
}

func serve(t *testing.T, files fstest.MapFS) *http.ServeMux {
	t.Helper()
	h, err := New(files, func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) })
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /app/{file...}", h)
	return mux
}

func get(h http.Handler, path, accept string) *httptest.ResponseRecorder {
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept-Encoding", accept)
	h.ServeHTTP(w, r)
	return w
}

func TestServes(t *testing.T) {
	mux := serve(t, fstest.MapFS{
		"index.html":  {Data: []byte("<p>hi")},
		"app.wasm.gz": {Data: packed("code")},
	})
	page := get(mux, "/app/", "")
	if page.Code != 200 || page.Body.String() != "<p>hi" || page.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("%d %q %v", page.Code, page.Body, page.Header())
	}
	if p := page.Header().Get("Content-Security-Policy"); !strings.HasPrefix(p, "default-src 'none'") || strings.Contains(p, "unsafe-inline") || strings.Contains(p, "'unsafe-eval'") {
		t.Errorf("%q", p)
	}
	zipped := get(mux, "/app/app.wasm", "gzip")
	if zipped.Header().Get("Content-Encoding") != "gzip" || !bytes.Equal(zipped.Body.Bytes(), packed("code")) || zipped.Header().Get("Content-Type") != "application/wasm" {
		t.Errorf("%q %v", zipped.Body, zipped.Header())
	}
	if plain := get(mux, "/app/app.wasm", ""); plain.Body.String() != "code" || plain.Header().Get("Content-Encoding") != "" {
		t.Errorf("%q %v", plain.Body, plain.Header())
	}
	if w := get(mux, "/app/app.wasm.gz", ""); w.Code != 404 {
		t.Errorf("%d", w.Code)
	}
}

func TestRefusesFiles(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"no page":      {"app.wasm": {}},
		"unknown kind": {"index.html": {}, "notes.txt": {}},
		"not packed":   {"index.html": {}, "app.wasm.gz": {Data: []byte("code")}},
	} {
		if _, err := New(files, nil); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// A binary that was built without the app has no such page.
func TestAbsent(t *testing.T) {
	if Files() != nil {
		t.Error("the app is built in without the tag demo")
	}
}
