package asset

import (
	"compress/gzip"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
)

var long = strings.Repeat("contract ", 1000)

func get(a *Asset, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

func TestWhole(t *testing.T) {
	w := get(New([]byte(long), "text/plain", Brief))
	if w.Code != 200 || w.Body.String() != long || w.Header().Get("Content-Type") != "text/plain" ||
		w.Header().Get("Cache-Control") != Brief || w.Header().Get("Content-Encoding") != "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestNotModified(t *testing.T) {
	a := New([]byte(long), "text/plain", Brief)
	etag := get(a).Header().Get("ETag")
	for match, status := range map[string]int{
		etag: 304, "W/" + etag: 304, `"x", ` + etag: 304, "*": 304, `"x"`: 200, strings.Trim(etag, `"`): 200,
	} {
		if w := get(a, "If-None-Match", match); w.Code != status || status == 304 && w.Body.Len() > 0 {
			t.Errorf("%s: %d, %d bytes", match, w.Code, w.Body.Len())
		}
	}
	if get(New([]byte(long+"!"), "text/plain", Brief)).Header().Get("ETag") == etag {
		t.Error("other bytes, the same validator")
	}
}

func TestGzip(t *testing.T) {
	a := New([]byte(long), "text/plain", Brief)
	for accept, want := range map[string]bool{
		"gzip": true, "br, GZIP;q=0.5": true, "gzip;q=0": false, "gzip; q=0.0": false, "br": false, "": false,
	} {
		w := get(a, "Accept-Encoding", accept)
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != want {
			t.Errorf("%q: %v", accept, w.Header())
		}
	}
	w := get(a, "Accept-Encoding", "gzip")
	if w.Header().Get("ETag") == get(a).Header().Get("ETag") || w.Header().Get("Vary") != "Accept-Encoding" {
		t.Errorf("packed and whole cannot be told apart: %v", w.Header())
	}
	z, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(z); err != nil || string(b) != long {
		t.Errorf("unpacked %d bytes, %v", len(b), err)
	}
	if w := get(New([]byte("short"), "text/plain", Brief), "Accept-Encoding", "gzip"); w.Body.String() != "short" {
		t.Error("not worth packing, packed")
	}
}
