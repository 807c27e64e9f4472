package ws

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

const openFrame = `{"type":"open","value":true}`

func TestFaultsOfTheClient(t *testing.T) {
	long := bytes.Repeat([]byte{' '}, wire.MaxFrame)
	tooLong := append(bytes.Clone(long), ' ')
	for _, c := range []struct {
		name string
		sent []byte
		want wire.CloseCode
	}{
		{"frame too big", masked(fin(opText), tooLong), wire.CloseTooBig},
		{"header of a frame far too big", []byte{0x81, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0}, wire.CloseTooBig},
		{"fragments too big", append(masked(byte(opText), long), masked(fin(opContinuation), []byte(" "))...), wire.CloseTooBig},
		{"binary", masked(fin(opBinary), []byte("{}")), wire.CloseUnsupported},
		{"not UTF-8", masked(fin(opText), []byte{'"', 0xff, '"'}), wire.CloseNotUTF8},
		{"fragments not UTF-8", append(masked(byte(opText), []byte{0xc3}), masked(fin(opContinuation), []byte{'x'})...), wire.CloseNotUTF8},
		{"no mask", []byte{0x81, 2, '{', '}'}, wire.CloseProtocol},
		{"reserved bit", masked(0xc1, []byte("{}")), wire.CloseProtocol},
		{"opcode 3", masked(0x83, nil), wire.CloseProtocol},
		{"opcode 11", masked(0x8b, nil), wire.CloseProtocol},
		{"continuation of nothing", masked(fin(opContinuation), nil), wire.CloseProtocol},
		{"text within a fragmented text", append(masked(byte(opText), []byte("{")), masked(fin(opText), []byte("{}"))...), wire.CloseProtocol},
		{"fragmented ping", masked(byte(opPing), nil), wire.CloseProtocol},
		{"long ping", masked(fin(opPing), make([]byte, 126)), wire.CloseProtocol},
	} {
		for _, protocol := range []string{wire.Subprotocol, ""} {
			t.Run(c.name+" "+protocol, func(t *testing.T) {
				r := newRig(t, Config{})
				p, a := r.dialRaw(t, protocol)
				_, _ = p.Write(c.sent)
				if code := p.closeCode(t); code != c.want {
					t.Errorf("closed with %d, want %d", code, c.want)
				}
				p.awaitEnd(t)
				_ = p.Close()
				a.awaitClosed(t)
				if len(a.received)+len(a.malformed) != 0 {
					t.Error("the actor was told")
				}
			})
		}
	}
}

func TestFramesReachTheActor(t *testing.T) {
	big := append([]byte(openFrame), bytes.Repeat([]byte{' '}, wire.MaxFrame-len(openFrame))...)
	half := len(openFrame) / 2
	for _, c := range []struct {
		name   string
		frames [][]byte
	}{
		{"one", [][]byte{masked(fin(opText), []byte(openFrame))}},
		{"largest", [][]byte{masked(fin(opText), big)}},
		{"empty fragments", [][]byte{masked(byte(opText), nil), masked(byte(opContinuation), nil), masked(fin(opContinuation), []byte(openFrame))}},
		{"fragments with a ping between", [][]byte{
			masked(byte(opText), []byte(openFrame[:half])), masked(fin(opPing), []byte("hi")),
			masked(fin(opContinuation), []byte(openFrame[half:])),
		}},
		{"largest in fragments", [][]byte{masked(byte(opText), big[:5000]), masked(fin(opContinuation), big[5000:])}},
	} {
		for _, step := range []int{1, 7, 1 << 20} {
			for _, secure := range []bool{false, true} {
				if secure && step == 1 {
					continue // a TLS record a byte tells nothing more
				}
				t.Run(fmt.Sprintf("%s by %d TLS %v", c.name, step, secure), func(t *testing.T) {
					r := newRigTLS(t, Config{}, secure)
					conn, a := r.dialV1(t)
					all := bytes.Join(c.frames, nil)
					all = append(all, all...) // and once more: nothing is left over from the first
					for len(all) > 0 {
						n := min(step, len(all))
						if _, err := conn.NetConn().Write(all[:n]); err != nil {
							t.Fatal(err)
						}
						all = all[n:]
					}
					a.await(t, "two frames", func() bool { return len(a.received) == 2 })
					if len(a.malformed) != 0 || !*a.received[0].Value {
						t.Errorf("malformed %v, received %v", a.malformed, a.received)
					}
				})
			}
		}
	}
}

func TestMalformedFramesKeepTheConnection(t *testing.T) {
	r := newRig(t, Config{})
	c, a := r.dialV1(t)
	for _, bad := range []string{`{`, `{"type":"dance"}`, `{"type":"ack","value":true}`, openFrame} {
		if err := c.WriteMessage(1, []byte(bad)); err != nil {
			t.Fatal(err)
		}
	}
	a.await(t, "the good one", func() bool { return len(a.received) == 1 })
	want := []sighej.Code{sighej.CodeMalformed, sighej.CodeUnknownType, sighej.CodeMalformed}
	if fmt.Sprint(a.malformed) != fmt.Sprint(want) {
		t.Errorf("malformed %v, want %v", a.malformed, want)
	}
}

func TestPingIsAnswered(t *testing.T) {
	r := newRig(t, Config{})
	p, _ := r.dialRaw(t, wire.Subprotocol)
	_, _ = p.Write(masked(fin(opPing), []byte("are you there")))
	if op, payload, err := p.next(); err != nil || op != opPong || string(payload) != "are you there" {
		t.Errorf("op %d, payload %q, %v", op, payload, err)
	}
}

// A bare client's text is ignored.
func TestBareTextIsIgnored(t *testing.T) {
	r := newRig(t, Config{})
	p, a := r.dialRaw(t, "")
	_, _ = p.Write(masked(fin(opText), []byte(openFrame)))
	_, _ = p.Write(masked(fin(opText), []byte("{")))
	_, _ = p.Write(masked(fin(opPing), nil))
	if op, _, err := p.next(); err != nil || op != opPong {
		t.Fatalf("op %d, %v", op, err)
	}
	if len(a.received)+len(a.malformed) != 0 {
		t.Error("the actor was told")
	}
	if n := r.Counters().Received; n != 2 {
		t.Errorf("%d frames received, want 2", n)
	}
}

// Clients that send half a frame and stop, far more of them than readers, hold
// up nobody.
func TestDribblersHoldNoReader(t *testing.T) {
	r := newRig(t, Config{})
	half := masked(fin(opText), []byte(openFrame))[:20]
	for range 20 * runtime.GOMAXPROCS(0) {
		p, _ := r.dialRaw(t, wire.Subprotocol)
		_, _ = p.Write(half)
	}
	c, a := r.dialV1(t)
	for n := range 200 {
		if err := c.WriteMessage(1, []byte(openFrame)); err != nil {
			t.Fatal(err)
		}
		a.await(t, "its frame", func() bool { return len(a.received) == n+1 })
	}
}

// What a client sends after the close does not reach the actor.
func TestNothingIsReceivedWhileClosing(t *testing.T) {
	r := newRig(t, Config{CloseWait: time.Minute})
	p, a := r.dialRaw(t, wire.Subprotocol)
	a.Close(wire.CloseExpired)
	p.closeCode(t)
	_, _ = p.Write(masked(fin(opText), []byte(openFrame)))
	_, _ = p.Write(masked(fin(opClose), nil))
	a.awaitClosed(t)
	if len(a.received) != 0 {
		t.Error("the actor was told")
	}
	if n := r.Counters().Received; n != 1 {
		t.Errorf("%d frames received, want 1", n)
	}
}
