package ws

import (
	"encoding/binary"
	"unicode/utf8"

	"i80.dk/sighej/wire"
)

// opcode is the kind of a frame (RFC 6455, 5.2).
type opcode byte

const (
	opContinuation opcode = 0
	opText         opcode = 1
	opBinary       opcode = 2
	opClose        opcode = 8
	opPing         opcode = 9
	opPong         opcode = 10
)

const (
	maxControl = 125 // bytes of payload in a control frame
	maxHeader  = 14  // bytes of a client's frame before its payload
)

// frame is one frame of a client, unmasked.
type frame struct {
	op      opcode
	final   bool
	payload []byte // in the buffer it was read into
}

// parseFrame takes the first frame off b and returns how many bytes it had; 0
// when b does not hold all of it yet. A fault is why the connection must be
// closed, and is found as early as the header tells. The payload is unmasked in
// place.
func parseFrame(b []byte) (f frame, size int, fault wire.CloseCode) {
	if len(b) < 2 {
		return frame{}, 0, 0
	}
	f = frame{op: opcode(b[0] & 0x0f), final: b[0]&0x80 != 0}
	if fault = checkHeader(f, b[0], b[1]); fault != 0 {
		return frame{}, 0, fault
	}
	length, at, fault := payloadLength(b)
	if fault != 0 || at == 0 || len(b) < at+4+length {
		return frame{}, 0, fault
	}
	f.payload = b[at+4 : at+4+length]
	unmask(f.payload, [4]byte(b[at:at+4]))
	return f, at + 4 + length, 0
}

func checkHeader(f frame, first, second byte) wire.CloseCode {
	if first&0x70 != 0 || second&0x80 == 0 { // an extension that nobody agreed on, or no mask
		return wire.CloseProtocol
	}
	switch f.op {
	case opContinuation, opText:
		return 0
	case opBinary:
		return wire.CloseUnsupported
	case opClose, opPing, opPong:
		if !f.final || second&0x7f > maxControl {
			return wire.CloseProtocol
		}
		return 0
	}
	return wire.CloseProtocol
}

// payloadLength returns the length and where the mask begins; 0 when b does not
// tell yet.
func payloadLength(b []byte) (length, at int, fault wire.CloseCode) {
	switch n := int(b[1] & 0x7f); {
	case n < 126:
		return n, 2, 0
	case n == 126 && len(b) >= 4:
		length, at = int(binary.BigEndian.Uint16(b[2:])), 4
	case n == 127 && len(b) >= 10:
		wide := binary.BigEndian.Uint64(b[2:])
		if wide > wire.MaxFrame {
			return 0, 0, wire.CloseTooBig
		}
		length, at = int(wide), 10 //nolint:gosec // at most MaxFrame
	default:
		return 0, 0, 0
	}
	if length > wire.MaxFrame {
		return 0, 0, wire.CloseTooBig
	}
	return length, at, 0
}

func unmask(b []byte, key [4]byte) {
	k := uint64(binary.LittleEndian.Uint32(key[:]))
	k |= k << 32
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^k)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= key[i&3]
	}
}

// appendFrame appends a frame of the server, which bears no mask.
func appendFrame(b []byte, op opcode, payload []byte) []byte {
	b = append(b, 0x80|byte(op))
	switch n := len(payload); {
	case n < 126:
		b = append(b, byte(n))
	case n <= 0xffff:
		b = append(b, 126, byte(n>>8), byte(n)) //nolint:gosec // at most 16 bits
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
	return append(b, payload...)
}

// closePayload is what a close frame with code bears.
func closePayload(code wire.CloseCode) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(code)), code.Reason()...)
}

// closeEcho returns what answers a client's close frame: its code, or nothing
// when it gave none. A fault is what is wrong with the close frame itself.
func closeEcho(payload []byte) (echo []byte, fault wire.CloseCode) {
	switch {
	case len(payload) == 0:
		return nil, 0
	case len(payload) == 1 || !mayBeSent(binary.BigEndian.Uint16(payload)):
		return nil, wire.CloseProtocol
	case !utf8.Valid(payload[2:]):
		return nil, wire.CloseNotUTF8
	}
	return payload[:2], 0
}

// mayBeSent reports whether a close frame may bear code (RFC 6455, 7.4, and
// IANA's registry).
func mayBeSent(code uint16) bool {
	return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006 ||
		code >= 3000 && code < 5000
}
