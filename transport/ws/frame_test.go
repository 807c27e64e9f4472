package ws

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"i80.dk/sighej/wire"
)

// What a client masks comes out as it was, wherever the stream is cut.
func TestParseFrame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		payload := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "payload")
		if rapid.Bool().Draw(t, "long") {
			payload = bytes.Repeat(payload, 20)
		}
		first := rapid.SampledFrom([]byte{fin(opText), byte(opText), fin(opContinuation)}).Draw(t, "first")
		sent := masked(first, payload)
		cut := rapid.IntRange(0, len(sent)-1).Draw(t, "cut")
		if _, size, fault := parseFrame(bytes.Clone(sent[:cut])); size != 0 || fault != 0 {
			t.Fatalf("a part of a frame: size %d, fault %d", size, fault)
		}
		f, size, fault := parseFrame(append(bytes.Clone(sent), "more"...))
		if size != len(sent) || fault != 0 || !bytes.Equal(f.payload, payload) || f.final != (first&0x80 != 0) || f.op != opcode(first&0x0f) {
			t.Fatalf("size %d of %d, fault %d, frame %v", size, len(sent), fault, f)
		}
	})
}

func FuzzParseFrame(f *testing.F) {
	f.Add(masked(fin(opText), []byte(openFrame)))
	f.Add(masked(fin(opClose), closePayload(1000)))
	f.Add(masked(byte(opText), bytes.Repeat([]byte{'x'}, 200)))
	f.Add([]byte{0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, size, fault := parseFrame(bytes.Clone(b))
		switch {
		case size < 0 || size > len(b) || size != 0 && fault != 0:
			t.Fatalf("size %d of %d, fault %d", size, len(b), fault)
		case len(got.payload) > wire.MaxFrame || got.op >= opClose && len(got.payload) > maxControl:
			t.Fatalf("%d bytes of payload", len(got.payload))
		case size == 0 && fault == 0 && len(b) >= maxHeader+wire.MaxFrame:
			t.Fatal("asks for more than any frame has") // the reader could never give it
		case size == 0:
			return
		}
		again, size2, fault := parseFrame(masked(b[0], got.payload))
		if fault != 0 || size2 == 0 || again.op != got.op || again.final != got.final || !bytes.Equal(again.payload, got.payload) {
			t.Fatal("does not come out as it went in")
		}
	})
}
