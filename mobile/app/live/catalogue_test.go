package live

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"i80.dk/sighej/mobile/app/model"
)

func TestFetch(t *testing.T) {
	answer, status := `{"interests":[{"label":"go","category":"tech"}]}`, http.StatusOK
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/prefix/interests" {
			t.Errorf("asked for %s", r.URL)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}))
	defer s.Close()
	got, ok := Fetch(t.Context(), s.URL+"/prefix/").(model.Catalogue)
	if !ok || len(got) != 1 || got[0] != (model.Interest{Label: "go", Category: "tech"}) {
		t.Errorf("%v", got)
	}
	for _, c := range []struct {
		answer string
		status int
	}{{answer, 503}, {`{"interests":[]}`, 200}, {`<html>`, 200}} {
		answer, status = c.answer, c.status
		if got := Fetch(t.Context(), s.URL+"/prefix"); got != (model.NoCatalogue{}) {
			t.Errorf("%d %s: %v", c.status, c.answer, got)
		}
	}
	if got := Fetch(t.Context(), "http://127.0.0.1:1"); got != (model.NoCatalogue{}) {
		t.Errorf("%v", got)
	}
}
