package sdk

import (
	"strings"

	"i80.dk/sighej/mobile/ble"
	"i80.dk/sighej/mobile/internal/core"
)

// How near somebody is.
const (
	DistanceUnknown  = int(ble.Gone)
	DistanceNear     = int(ble.Near)
	DistanceVeryNear = int(ble.VeryNear)
)

// Nudge says that somebody nearby shares an interest and is open to talk. It
// never changes.
type Nudge struct{ core core.Nudge }

// ID names the nudge. No two have the same.
func (n *Nudge) ID() string { return n.core.ID }

// Message returns the text to show, in English. To show one in another language,
// make it of the interests.
func (n *Nudge) Message() string { return n.core.Message }

// Interests returns what the two share, a line for each, as this phone's person
// spelled it. Empty: the server names nothing before both have waved, see
// Client.Wave.
func (n *Nudge) Interests() string { return strings.Join(n.core.Shared, "\n") }

// Reveals returns the ID of the nudge that named no interests and whose interests
// this one names, since both have waved; "" for any other.
func (n *Nudge) Reveals() string { return n.core.Reveals }

// AtMillis returns when it was made, in milliseconds since 1970 by the server's
// clock.
func (n *Nudge) AtMillis() int64 { return millis(n.core.At) }

// Distance returns one of the constants Distance…. A nudge does not tell whose
// it is: with some phones near and some very near it is DistanceUnknown.
func (n *Nudge) Distance() int { return int(n.core.Band) }
