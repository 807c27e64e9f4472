package ws

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// rawPeer is a client that says just what it is told to, byte by byte.
type rawPeer struct {
	net.Conn
	in *bufio.Reader
}

// dialRaw connects and does the handshake.
func (r *rig) dialRaw(t testing.TB, protocol string) (*rawPeer, *actor) {
	t.Helper()
	c, err := r.netDial(t.Context(), "tcp", r.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	req := "GET /ws/" + testToken + " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		"Authorization: Bearer " + string(sighej.NewAccessToken()) + "\r\n"
	if protocol != "" {
		req += "Sec-WebSocket-Protocol: " + protocol + "\r\n"
	}
	_, _ = io.WriteString(c, req+"\r\n")
	p := &rawPeer{Conn: c, in: bufio.NewReader(c)}
	resp, err := http.ReadResponse(p.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("status %d", resp.StatusCode)
	}
	return p, receive(t, r.door.actors, "Attach")
}

// pair returns the two ends of a connection.
func pair(t *testing.T) (here, there net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	there, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	here, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = here.Close(), there.Close() })
	return here, there
}

// next reads a frame of the server.
func (p *rawPeer) next() (op opcode, payload []byte, err error) {
	var h [2]byte
	if _, err = io.ReadFull(p.in, h[:]); err != nil {
		return 0, nil, err
	}
	size := uint64(h[1])
	switch size {
	case 126:
		var b [2]byte
		_, err = io.ReadFull(p.in, b[:])
		size = uint64(binary.BigEndian.Uint16(b[:]))
	case 127:
		var b [8]byte
		_, err = io.ReadFull(p.in, b[:])
		size = binary.BigEndian.Uint64(b[:])
	}
	if err != nil {
		return 0, nil, err
	}
	payload = make([]byte, size)
	_, err = io.ReadFull(p.in, payload)
	return opcode(h[0] & 0x0f), payload, err
}

// closeCode reads on to the close frame and returns its code.
func (p *rawPeer) closeCode(t testing.TB) wire.CloseCode {
	t.Helper()
	for {
		op, payload, err := p.next()
		if err != nil {
			t.Fatalf("no close frame: %v", err)
		}
		if op != opClose {
			continue
		}
		if len(payload) < 2 {
			return 0
		}
		return wire.CloseCode(binary.BigEndian.Uint16(payload))
	}
}

// awaitEnd reads on until the server has closed.
func (p *rawPeer) awaitEnd(t testing.TB) {
	t.Helper()
	_ = p.SetDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, p.in); err != nil {
		if e, ok := err.(net.Error); ok && e.Timeout() { //nolint:errorlint // net's own
			t.Fatal("the server did not close")
		}
	}
}

// masked is a frame as a client sends it.
func masked(first byte, payload []byte) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n <= 0xffff:
		b = append(b, 0x80|126, byte(n>>8), byte(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	key := [4]byte{0x12, 0x34, 0x56, 0x78}
	b = append(b, key[:]...)
	for i, c := range payload {
		b = append(b, c^key[i%4])
	}
	return b
}

func fin(op opcode) byte { return 0x80 | byte(op) }
