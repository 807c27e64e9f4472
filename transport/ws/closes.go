package ws

import (
	"slices"
	"strconv"
	"sync/atomic"

	"i80.dk/sighej/wire"
)

// Why a connection ended, when it was not by a close frame of ours with a code.
const (
	ClosedByClient = "client" // the client sent a close frame first
	ClosedLost     = "lost"   // nobody sent one
)

// ending is why a connection ended: an index of endings.
type ending uint8

const (
	endedLost ending = iota
	endedByClient
	endedByCode // the first of those with a code; see closeCodes
)

// closeCodes are those that this package or the sessions close with.
var closeCodes = [...]wire.CloseCode{
	wire.CloseProtocol, wire.CloseUnsupported, wire.CloseNotUTF8, wire.CloseTooBig, wire.CloseDraining, wire.CloseOverloaded,
	wire.CloseUnresponsive, wire.CloseReset, wire.CloseTakenOver, wire.CloseExpired, wire.CloseForgotten,
}

// endings counts the connections that have ended.
type endings [int(endedByCode) + len(closeCodes)]atomic.Int64

// with is the ending by a close frame of ours.
func with(code wire.CloseCode) ending {
	return endedByCode + ending(max(0, slices.Index(closeCodes[:], code)))
}

// Closes returns how many connections have ended since New, by why: the code of
// our close frame, or of the one that a client who does not read could not be
// sent, or one of the constants above. Each why is there.
func (e *Endpoint) Closes() map[string]int64 {
	closes := map[string]int64{ClosedLost: e.endings[endedLost].Load(), ClosedByClient: e.endings[endedByClient].Load()}
	for i, code := range closeCodes {
		closes[strconv.Itoa(int(code))] = e.endings[int(endedByCode)+i].Load()
	}
	return closes
}
