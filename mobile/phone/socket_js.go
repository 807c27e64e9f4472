//go:build js

package phone

import (
	"context"
	"errors"
	"sync"
	"syscall/js"

	"i80.dk/sighej/wire"
)

// Dialer is for programs outside a browser: here the browser makes the
// connections.
type Dialer struct{}

func dialerWithDefaults(*Dialer) *Dialer { return &Dialer{} }

var errSocket = errors.New("the browser's WebSocket failed")

// open makes a socket, or tells why there is none. A browser cannot set the
// header, so the credential travels as a subprotocol, and it does not tell with
// what a handshake was refused, so the session is asked for instead.
func (p *Phone) open(ctx context.Context, target string) (socket, loss) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s, err := dialBrowser(target, p.subprotocols())
	if err != nil {
		return nil, loss{}
	}
	select {
	case <-s.opened:
		return s, loss{}
	case <-s.ended:
	case <-ctx.Done():
	}
	s.hangUp()
	if _, err := p.State(ctx); err != nil {
		return nil, lossOf(err)
	}
	// The session is there, and its token may be the other one: then that is tried.
	p.tryOther()
	return nil, loss{}
}

func (p *Phone) subprotocols() []any {
	offered := []any{wire.Subprotocol}
	if p.cfg.Auth == Bearer {
		offered = append(offered, wire.BearerPrefix+string(p.access))
	}
	return offered
}

// browser is a WebSocket of the browser's. What has arrived waits in a queue
// without a bound of its own: the browser's has none either, and the server sends
// only what this phone asked for and what its outbox holds.
type browser struct {
	ws       js.Value
	handlers []js.Func
	opened   chan struct{}
	ended    chan struct{} // closed when nothing more arrives; then end is set
	arrived  chan struct{} // has room for one signal

	mu    sync.Mutex
	queue []string
	end   error
}

// dialBrowser begins to connect; opened or ended tells what came of it. A
// constructor that throws, as for a page on https that asks for ws, is an error.
func dialBrowser(target string, subprotocols []any) (s *browser, err error) {
	defer func() {
		if recover() != nil {
			err = errSocket
		}
	}()
	s = &browser{opened: make(chan struct{}), ended: make(chan struct{}), arrived: make(chan struct{}, 1)}
	s.ws = js.Global().Get("WebSocket").New(target, subprotocols)
	s.on("open", func(js.Value) { close(s.opened) })
	s.on("message", s.onMessage)
	s.on("close", s.onClose)
	return s, nil
}

// on sets a handler. Handlers run on the browser's event loop and must not block.
func (s *browser) on(event string, do func(js.Value)) {
	handler := js.FuncOf(func(_ js.Value, args []js.Value) any { do(args[0]); return nil })
	s.handlers = append(s.handlers, handler)
	s.ws.Call("addEventListener", event, handler)
}

func (s *browser) onMessage(event js.Value) {
	data := event.Get("data")
	if data.Type() != js.TypeString { // a binary frame is not of the contract
		return
	}
	s.mu.Lock()
	s.queue = append(s.queue, data.String())
	s.mu.Unlock()
	select {
	case s.arrived <- struct{}{}:
	default: // a signal waits already
	}
}

// onClose is the last event.
func (s *browser) onClose(event js.Value) {
	s.mu.Lock()
	s.end = errSocket
	if code := event.Get("code").Int(); code != 1006 { // what the browser makes up for a loss
		s.end = closed{wire.CloseCode(code)}
	}
	s.mu.Unlock()
	close(s.ended)
	for _, handler := range s.handlers {
		handler.Release()
	}
}

func (s *browser) read() ([]byte, error) {
	for {
		if text, ok := s.next(); ok {
			return []byte(text), nil
		}
		select {
		case <-s.arrived:
		case <-s.ended:
			if text, ok := s.next(); ok {
				return []byte(text), nil
			}
			return nil, s.end
		}
	}
}

func (s *browser) next() (text string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return "", false
	}
	text, s.queue = s.queue[0], s.queue[1:]
	return text, true
}

// write hands the text to the browser, which queues it. It throws while the
// socket is not open.
func (s *browser) write(text []byte) (err error) {
	defer func() {
		if recover() != nil {
			err = errSocket
		}
	}()
	s.ws.Call("send", string(text))
	return nil
}

// hangUp does not wait for the server's goodbye: read ends with the close event,
// which the browser fires at the latest when it gives up waiting itself.
func (s *browser) hangUp() {
	defer func() { _ = recover() }()
	s.ws.Call("close", 1000)
}
