package wire

// CloseCode is the code of a WebSocket close frame. 4000–4099 invite the phone
// to reconnect, 4100–4199 forbid it; of the standard codes 1012 and 1013 invite
// it, the others here do not.
type CloseCode uint16

const (
	CloseProtocol    CloseCode = 1002 // not the WebSocket protocol
	CloseUnsupported CloseCode = 1003 // a binary frame
	CloseNotUTF8     CloseCode = 1007 // a text frame that is not UTF-8
	CloseTooBig      CloseCode = 1009 // a frame over [MaxFrame]
	CloseDraining    CloseCode = 1012 // the member leaves; reconnect after the delay of the draining frame
	CloseOverloaded  CloseCode = 1013 // a queue ran full or the client read too slowly; reconnect later

	CloseUnresponsive CloseCode = 4000 // two pings unanswered
	CloseReset        CloseCode = 4001 // the member lost the session for a moment; reconnect at once

	CloseTakenOver CloseCode = 4100 // a newer connection of the same session took over
	CloseExpired   CloseCode = 4101 // the session's time is over; register anew
	CloseForgotten CloseCode = 4102 // DELETE /session
)

// Reconnect reports whether a phone should come back with the same session
// after a close with code c. A lost connection without a close frame is worth
// a reconnect as well.
func (c CloseCode) Reconnect() bool {
	return c == CloseDraining || c == CloseOverloaded || c >= 4000 && c < 4100 || c == 1001 || c == 1006 || c == 1011
}

// Reason is the text that goes with c; it names nobody.
func (c CloseCode) Reason() string {
	switch c {
	case CloseProtocol:
		return "protocol error"
	case CloseUnsupported:
		return "text frames only"
	case CloseNotUTF8:
		return "not UTF-8"
	case CloseTooBig:
		return "frame too big"
	case CloseDraining:
		return "draining"
	case CloseOverloaded:
		return "overloaded"
	case CloseUnresponsive:
		return "unresponsive"
	case CloseReset:
		return "reset"
	case CloseTakenOver:
		return "taken over"
	case CloseExpired:
		return "expired"
	case CloseForgotten:
		return "forgotten"
	}
	return ""
}
