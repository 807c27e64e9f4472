//go:build !js

package phone

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// Dialer makes the connections. In a browser, which makes them itself, there is
// nothing to set.
type Dialer = websocket.Dialer

func dialerWithDefaults(d *Dialer) *Dialer {
	if d == nil {
		d = &Dialer{
			Proxy: http.ProxyFromEnvironment, HandshakeTimeout: patience,
			ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10,
		}
	}
	own := *d
	own.Subprotocols = []string{wire.Subprotocol}
	return &own
}

// open makes a socket, or tells why there is none.
func (p *Phone) open(ctx context.Context, target string) (socket, loss) {
	header := http.Header{}
	if p.cfg.Auth == Bearer {
		p.authorize(header)
	}
	ws, res, err := p.cfg.Dialer.DialContext(ctx, target, header)
	if err != nil {
		return nil, refused(res)
	}
	if ws.Subprotocol() != wire.Subprotocol {
		_ = ws.Close()
		return nil, loss{err: sighej.Errorf(sighej.CodeNotAcceptable, "the server does not speak %s", wire.Subprotocol)}
	}
	ws.SetReadLimit(maxInbound)
	s := native{ws}
	ws.SetPingHandler(s.onPing)
	return s, loss{}
}

// refused judges the answer to a handshake; res is nil when none came.
func refused(res *http.Response) loss {
	if res == nil {
		return loss{}
	}
	text, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswer)) // gorilla has it in memory
	return lossOf(refusal(res, text))
}

// native is a socket of gorilla's, whose writers take turns by the connection's
// lock.
type native struct{ ws *websocket.Conn }

func (s native) read() ([]byte, error) {
	_ = s.ws.SetReadDeadline(time.Now().Add(silence))
	_, text, err := s.ws.ReadMessage()
	if end, ok := errors.AsType[*websocket.CloseError](err); ok {
		err = closed{wire.CloseCode(end.Code)} // #nosec G115 -- two bytes on the wire
	}
	return text, err
}

func (s native) write(text []byte) error {
	_ = s.ws.SetWriteDeadline(time.Now().Add(writeStall))
	return s.ws.WriteMessage(websocket.TextMessage, text)
}

func (s native) onPing(data string) error {
	_ = s.ws.SetReadDeadline(time.Now().Add(silence))
	// A pong that cannot be sent shows as the next read's error.
	_ = s.ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeStall))
	return nil
}

func (s native) hangUp() {
	goodbye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = s.ws.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(parting))
	_ = s.ws.Close()
}
