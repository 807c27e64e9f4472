package benchtest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
)

// maxAnswer is more than the longest answer of the contract has.
const maxAnswer = 4 << 20

// Proxy stands before a server. Its methods are safe for concurrent use.
type Proxy struct {
	URL string // where it listens, as a base for phones

	target    *url.URL
	tampering *tampering
	forward   *httputil.ReverseProxy
	dialer    *websocket.Dialer

	mu     sync.Mutex
	links  []*link // in the order in which they came
	closed bool
	busy   sync.WaitGroup // connections, from the handshake on
}

// Start puts a proxy before the server at target, a base like
// http://127.0.0.1:8000. It ends with the test, and so do all connections
// through it.
func Start(t testing.TB, target string, f Fault) *Proxy {
	t.Helper()
	if reason := f.invalid(); reason != "" {
		t.Fatal("the fault of the proxy: ", reason)
	}
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		t.Fatalf("the target of the proxy: %q is not like http://host:port", target)
	}
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 256}
	p := &Proxy{target: u, tampering: newTampering(f), dialer: &websocket.Dialer{HandshakeTimeout: handshake}}
	p.forward = &httputil.ReverseProxy{Rewrite: p.rewrite, ModifyResponse: p.modify, Transport: transport, ErrorHandler: unreachable}
	server := httptest.NewServer(p)
	p.URL = server.URL
	t.Cleanup(func() {
		p.close()
		server.CloseClientConnections()
		server.Close()
		p.busy.Wait()
		transport.CloseIdleConnections()
	})
	return p
}

// Tampered returns what the proxy has done so far.
func (p *Proxy) Tampered() Tampered { return p.tampering.counts() }

// ServeHTTP passes a request on.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if websocket.IsWebSocketUpgrade(r) && r.Header.Get("Sec-Websocket-Version") == "13" {
		p.connect(w, r)
		return
	}
	p.forward.ServeHTTP(w, r)
}

// rewrite aims a request at the target and otherwise keeps it as it came,
// without a word of the proxy.
func (p *Proxy) rewrite(r *httputil.ProxyRequest) {
	r.SetURL(p.target)
	r.Out.Host, r.Out.URL.RawQuery = r.In.Host, r.In.URL.RawQuery
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values, ok := r.In.Header[name]; ok {
			r.Out.Header[name] = values
		}
	}
}

// modify falsifies the answers that tell of matches.
func (p *Proxy) modify(r *http.Response) error {
	if !p.tampering.concernsAnswers || r.StatusCode != http.StatusOK || r.Request.Method != http.MethodPost {
		return nil
	}
	falsify := p.tampering.match
	switch path := r.Request.URL.Path; {
	case strings.HasSuffix(path, "/sightings"):
		falsify = p.tampering.sightings
	case !strings.HasSuffix(path, "/match"):
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer+1))
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if len(text) > maxAnswer {
		return fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	_ = r.Body.Close()
	text = falsify(text)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	r.Header.Set("Content-Length", strconv.Itoa(len(text)))
	return nil
}

// unreachable answers for a server that did not.
func unreachable(w http.ResponseWriter, _ *http.Request, err error) {
	http.Error(w, err.Error(), http.StatusBadGateway)
}

// close takes no more connections and ends those that there are.
func (p *Proxy) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, l := range p.links {
		l.cut()
	}
}
