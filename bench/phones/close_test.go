package phones

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"i80.dk/sighej/wire"
)

// A server that never welcomes keeps neither the phones nor their generator.
func TestCloseWithoutAWelcome(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /session", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(wire.Encode(wire.SessionCreated{SessionID: "x", ExpiresAt: time.Now().Add(time.Hour), AccessToken: "sj_x"}))
	})
	connected := make(chan struct{}, 4)
	mux.HandleFunc("GET /ws/{token}", func(w http.ResponseWriter, r *http.Request) {
		up := websocket.Upgrader{Subprotocols: []string{wire.Subprotocol}}
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		connected <- struct{}{}
		_, _, _ = c.ReadMessage()
		_ = c.Close()
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	var labels []string
	for i := range 100 {
		labels = append(labels, fmt.Sprint("label ", i))
	}
	g, err := New(Config{Bases: []string{s.URL}, Auth: Bearer, Seed: 1, Labels: labels, Interests: 5, Connections: 4, Patience: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if err := (&Populate{Phones: 4, Width: 4, Within: time.Second}).Do(t.Context(), g); err == nil {
		t.Error("phones are there that nobody welcomed")
	}
	if len(connected) == 0 {
		t.Fatal("nobody connected")
	}
	closed := make(chan error, 1)
	go func() { closed <- g.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the generator does not end")
	}
}
