package wire

import (
	"encoding/json"
	"time"
)

// Subprotocol is the WebSocket subprotocol with all the frames below. A client
// that offers none gets nudges only, each counted as delivered once written.
const Subprotocol = "sighej.v1"

// BearerPrefix precedes the access token in a second subprotocol that a browser
// offers, since it cannot set an Authorization header. It is never selected.
const BearerPrefix = "bearer."

// MaxFrame is the largest frame, in bytes, that a client may send.
const MaxFrame = 8 << 10

// MaxFrameSightings is how many sightings fit one frame.
const MaxFrameSightings = 100

// MaxRef is the length of the longest ref, in bytes.
const MaxRef = 64

// Types of the frames that the server sends.
const (
	TypeWelcome  = "welcome"
	TypeNudge    = "nudge"
	TypeSighted  = "sighted"
	TypeExpired  = "expired"
	TypeDraining = "draining"
	TypeError    = "error"
)

// Types of the frames that a client sends.
const (
	TypeSighting = "sighting"
	TypeAck      = "ack"
	TypeOpen     = "open"
	TypeBlock    = "block"
	TypeWave     = "wave"
)

// Welcome is the first frame of a connection.
type Welcome struct {
	Type      string    `json:"type" enum:"welcome"`
	ExpiresAt time.Time `json:"expires_at"`
	Pending   int       `json:"pending"` // nudges that follow at once, from the outbox
}

// Nudge tells the phone that somebody near shares an interest. It comes again
// after a reconnect until it is acknowledged; deduplicate by ID.
type Nudge struct {
	Type            string    `json:"type" enum:"nudge"`
	ID              string    `json:"id"`
	SharedInterests []string  `json:"shared_interests"`
	Message         string    `json:"message"`
	At              time.Time `json:"at"`
	Reveals         string    `json:"reveals,omitempty"` // id of the nudge that named no interests, until both had waved
}

// BareNudge is the nudge for a client that offered no subprotocol: it cannot
// acknowledge, so it needs no id.
type BareNudge struct {
	Type            string   `json:"type" enum:"nudge"`
	SharedInterests []string `json:"shared_interests"`
	Message         string   `json:"message"`
}

// Sighted answers a sighting frame that had a ref, with a result per sighting
// in order.
type Sighted struct {
	Type    string           `json:"type" enum:"sighted"`
	Ref     string           `json:"ref"`
	Results []SightingResult `json:"results,omitempty"`
}

// Expired is the last frame before the close of a session whose time is over.
type Expired struct {
	Type string `json:"type" enum:"expired"`
}

// Draining asks the phone to reconnect after a delay of its own; a close with
// 1012 follows.
type Draining struct {
	Type             string `json:"type" enum:"draining"`
	ReconnectAfterMS int64  `json:"reconnect_after_ms"`
}

// ErrorFrame tells what was wrong with a frame of the client. The connection
// stays.
type ErrorFrame struct {
	Type    string `json:"type" enum:"error"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Ref     string `json:"ref,omitempty"`
}

// ClientFrame is any frame that a client sends; Type says which of the other
// fields it has.
type ClientFrame struct {
	Type      string     `json:"type" enum:"sighting,ack,open,block,wave"`
	Ref       string     `json:"ref,omitempty" maxLength:"64"` // sighting: echoed in the answer; at most [MaxRef] bytes
	Tokens    []string   `json:"tokens,omitempty"`             // sighting: tokens heard now
	Sightings []Sighting `json:"sightings,omitempty"`          // sighting: instead of tokens, with details
	ID        string     `json:"id,omitempty"`                 // ack, block, wave: of the nudge
	Value     *bool      `json:"value,omitempty"`              // open
}

// Encode returns v as JSON. It panics for what is no frame or body of this
// package, since those always encode.
func Encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("wire: " + err.Error())
	}
	return b
}
