package benchtest

import (
	"io"
	"maps"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

const handshake = 15 * time.Second

// connect makes a link and serves it until it ends.
func (p *Proxy) connect(w http.ResponseWriter, r *http.Request) {
	if !p.begin() {
		http.Error(w, "the proxy is closed", http.StatusServiceUnavailable)
		return
	}
	defer p.busy.Done()
	server, resp, err := p.dial(r) //nolint:bodyclose // in memory, and closed by refuse
	if err != nil {
		refuse(w, r, resp, err)
		return
	}
	accept := headers(resp.Header)
	if server.Subprotocol() != "" {
		accept.Set("Sec-Websocket-Protocol", server.Subprotocol())
	}
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	phone, err := upgrader.Upgrade(w, r, accept)
	if err != nil { // answered by the upgrader
		_ = server.Close()
		return
	}
	l := &link{server: &end{Conn: server}, phone: &end{Conn: phone}, done: make(chan struct{})}
	p.enter(l)
	defer p.leave(l)
	l.serve(p)
}

// dial asks the server as the phone asked.
func (p *Proxy) dial(r *http.Request) (*websocket.Conn, *http.Response, error) {
	to := *p.target
	to.Scheme = map[string]string{"http": "ws", "https": "wss"}[to.Scheme]
	to = *to.JoinPath(r.URL.EscapedPath())
	to.RawQuery = r.URL.RawQuery
	header := headers(r.Header)
	header.Set("Host", r.Host)
	dialer := *p.dialer
	dialer.Subprotocols = websocket.Subprotocols(r)
	return dialer.DialContext(r.Context(), to.String(), header)
}

// headers are those of a handshake that are not its own.
func headers(h http.Header) http.Header {
	kept := maps.Clone(h)
	for _, own := range []string{"Connection", "Upgrade", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Extensions", "Sec-Websocket-Protocol", "Sec-Websocket-Accept"} {
		kept.Del(own)
	}
	return kept
}

// refuse passes on a refusal. Of its body gorilla/websocket keeps 1,024 bytes,
// which no problem of the contract exceeds.
func refuse(w http.ResponseWriter, r *http.Request, resp *http.Response, err error) {
	if resp == nil {
		unreachable(w, r, err)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	for name, values := range resp.Header {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body) // the phone is gone, or has it
}
