package adversary

import (
	"net/http"
	"testing"

	"github.com/gorilla/websocket"

	"i80.dk/sighej/internal/testmember"
	"i80.dk/sighej/wire"
)

// Frames that are too large, compressed, unmasked or not for us end their own
// connection, with the code that says why, and nobody else's. Seen failing with a
// MaxFrame of 1 MB, and with the check of the reserved bits taken out.
func TestHostileFramesEndTheirConnection(t *testing.T) {
	m := testmember.Start(t, nil)
	honest, friend := register(t, m, "chess"), register(t, m, "chess")
	listening := honest.listen(t)
	next(t, listening, "welcome")
	long := make([]byte, wire.MaxFrame/2)
	for i := range long {
		long[i] = ' '
	}
	for name, c := range map[string]struct {
		frames [][]byte
		want   wire.CloseCode
	}{
		"one that says it is huge":   {[][]byte{{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4}}, wire.CloseTooBig},
		"a little too large":         {[][]byte{masked(0x81, make([]byte, wire.MaxFrame+1))}, wire.CloseTooBig},
		"too large in pieces":        {[][]byte{masked(0x01, long), masked(0x00, long), masked(0x00, long)}, wire.CloseTooBig},
		"compressed, a bomb perhaps": {[][]byte{masked(0xc1, []byte{0xaa, 0x56, 0x0a})}, wire.CloseProtocol},
		"unmasked":                   {[][]byte{{0x81, 2, '{', '}'}}, wire.CloseProtocol},
		"binary":                     {[][]byte{masked(0x82, []byte("{}"))}, wire.CloseUnsupported},
		"a long ping":                {[][]byte{masked(0x89, make([]byte, 126))}, wire.CloseProtocol},
		"a ping in pieces":           {[][]byte{masked(0x09, nil)}, wire.CloseProtocol},
		"of no known kind":           {[][]byte{masked(0x83, nil)}, wire.CloseProtocol},
		"not UTF-8":                  {[][]byte{masked(0x81, []byte("{\"type\":\"\xff\"}"))}, wire.CloseNotUTF8},
	} {
		p := register(t, m, "knitting")
		conn := p.listen(t)
		for _, frame := range c.frames {
			if _, err := conn.NetConn().Write(frame); err != nil {
				break // it may be closed already
			}
		}
		if code, reason := closeOf(conn); code != int(c.want) || reason != c.want.Reason() {
			t.Errorf("%s: closed with %d %q, want %d", name, code, reason, c.want)
		}
	}
	friend.matches(t, honest)
	next(t, listening, "nudge")
}

// masked is a client's frame.
func masked(first byte, payload []byte) []byte {
	frame := []byte{first}
	if n := len(payload); n < 126 {
		frame = append(frame, 0x80|byte(n))
	} else {
		frame = append(frame, 0x80|126, byte(n>>8), byte(n))
	}
	key := [4]byte{7, 1, 3, 9}
	frame = append(frame, key[:]...)
	for i, b := range payload {
		frame = append(frame, b^key[i%4])
	}
	return frame
}

// Compression is never agreed on, whatever a client offers. Seen failing with
// EnableCompression in the upgrader.
func TestCompressionIsOff(t *testing.T) {
	m := testmember.Start(t, nil)
	p := register(t, m, "chess")
	dialer := websocket.Dialer{EnableCompression: true, Subprotocols: []string{wire.Subprotocol}}
	conn, resp, err := dialer.Dial("ws://"+m.Public+"/ws/"+p.token, http.Header{"Authorization": {"Bearer " + p.access}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if got := resp.Header.Get("Sec-WebSocket-Extensions"); got != "" {
		t.Errorf("agreed on %q", got)
	}
}
