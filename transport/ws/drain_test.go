package ws

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

func (r *rig) drainAside(t *testing.T) <-chan error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	done := make(chan error, 1)
	go func() { done <- r.Drain(ctx) }()
	return done
}

// goodbye reads the draining frame and the close.
func goodbye(t *testing.T, c *websocket.Conn) {
	t.Helper()
	_, b, err := c.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	var d wire.Draining
	if err := json.Unmarshal(b, &d); err != nil || d.Type != wire.TypeDraining {
		t.Fatalf("%s, %v", b, err)
	}
	if d.ReconnectAfterMS < 0 || d.ReconnectAfterMS > maxReconnectDelay {
		t.Errorf("reconnect after %d ms", d.ReconnectAfterMS)
	}
	expectClose(t, c, wire.CloseDraining)
}

func TestDrain(t *testing.T) {
	r := newRig(t, Config{})
	var clients []*websocket.Conn
	var actors []*actor
	for range 20 {
		c, a := r.dialV1(t)
		clients, actors = append(clients, c), append(actors, a)
	}
	bare, a := r.dial(t)
	actors = append(actors, a)
	done := r.drainAside(t)
	for _, c := range clients {
		goodbye(t, c)
	}
	if _, b, err := bare.ReadMessage(); !websocket.IsCloseError(err, int(wire.CloseDraining)) {
		t.Errorf("the bare client got %s, %v", b, err)
	}
	if err := receive(t, done, "Drain"); err != nil {
		t.Errorf("Drain: %v", err)
	}
	for _, a := range actors {
		a.awaitClosed(t)
	}
	resp, p := r.get(t, testToken, upgradeHeaders())
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" || p.Code != string(sighej.CodeUnavailable) {
		t.Errorf("%d %s after the drain", resp.StatusCode, p.Code)
	}
}

// An upgrade that was under way when the drain began is told as well.
func TestDrainDuringUpgrade(t *testing.T) {
	asked, goOn := make(chan struct{}), make(chan struct{})
	d := newDoor()
	d.admit = func(context.Context, sighej.Caller) (sighej.SessionKey, error) {
		close(asked)
		<-goOn
		return sighej.SessionKey{}, nil
	}
	r := newRig(t, Config{Sessions: d})
	dialed := make(chan *websocket.Conn, 1)
	go func() {
		dialer := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}}
		c, _, err := dialer.Dial(r.url(), bearer())
		if err != nil {
			t.Error(err)
		}
		dialed <- c
	}()
	receive(t, asked, "Admit")
	if err := receive(t, r.drainAside(t), "Drain"); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	c := receive(t, dialed, "the upgrade")
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	goodbye(t, c)
	receive(t, d.actors, "Attach").awaitClosed(t)
}

// Drain waits no longer than its ctx.
func TestDrainGivesUp(t *testing.T) {
	r := newRig(t, Config{CloseWait: 10 * patience})
	_, _ = r.dialRaw(t, wire.Subprotocol)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := r.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Drain: %v", err)
	}
}

// Run cuts what is left and waits for it: Closed has come when it returns.
func TestRunEnds(t *testing.T) {
	d := newDoor()
	e := New(Config{Sessions: d})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	mux := http.NewServeMux()
	mux.Handle("GET /ws/{ble_token}", e)
	r := &rig{Endpoint: e, door: d, server: httptest.NewServer(mux)}
	defer r.server.Close()
	var actors []*actor
	for range 20 {
		_, a := r.dialRaw(t, wire.Subprotocol)
		a.Send(text(1), sighej.NudgeID{})
		actors = append(actors, a)
	}
	cancel()
	if err := receive(t, done, "Run"); err != nil {
		t.Error(err)
	}
	for _, a := range actors {
		select {
		case <-a.closed:
		default:
			t.Fatal("Run returned before Closed came")
		}
	}
	if resp, _ := r.get(t, testToken, upgradeHeaders()); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d after Run", resp.StatusCode)
	}
}
