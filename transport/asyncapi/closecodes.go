package asyncapi

import "i80.dk/sighej/wire"

// codes are the close codes of the contract, with what each means to a phone.
var codes = []struct {
	code    wire.CloseCode
	meaning string
}{
	{wire.CloseProtocol, "You did not keep to the WebSocket protocol."},
	{wire.CloseUnsupported, "You sent a binary frame."},
	{wire.CloseNotUTF8, "You sent a text frame that is not UTF-8."},
	{wire.CloseTooBig, "You sent a frame over 8 KiB."},
	{wire.CloseDraining, "The member leaves. Come back after the delay of the draining frame."},
	{wire.CloseOverloaded, "A queue ran full, or you read too slowly. Come back later; the outbox has what you missed."},
	{wire.CloseUnresponsive, "Two pings went unanswered."},
	{wire.CloseReset, "The member lost the session for a moment. Come back at once."},
	{wire.CloseTakenOver, "A newer connection of the same session took over."},
	{wire.CloseExpired, "The session's time is over. Register anew."},
	{wire.CloseForgotten, "The session was deleted."},
}

func closeCodes() []object {
	var all []object
	for _, c := range codes {
		all = append(all, object{
			"code": c.code, "reason": c.code.Reason(), "reconnect": c.code.Reconnect(), "meaning": c.meaning,
		})
	}
	return all
}
