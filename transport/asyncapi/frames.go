package asyncapi

import (
	"time"

	"i80.dk/sighej/wire"
)

type direction int

const (
	fromServer direction = iota
	fromClient
)

// frame is what is told of a type of frame. The fields of a client's frame are
// all that it may have beside its type.
type frame struct {
	name     string
	from     direction
	summary  string
	fields   map[string]string // descriptions
	required []string          // of a client's frame
	either   []string          // exactly one of them, too
	example  any
}

var (
	at   = time.Date(2026, 5, 12, 18, 21, 25, 0, time.UTC)
	yes  = true
	rssi = -67
)

const (
	nudgeID = "9Qm1v3sYx0iT7bWkZc2dEA"
	refText = "Your own mark for the frame, at most 64 bytes: it comes back in the answer."
)

var frames = []*frame{
	{
		name: wire.TypeWelcome, from: fromServer,
		summary: "The first frame of a connection.",
		fields: map[string]string{
			"expires_at": "From this instant on nothing of the session is left.",
			"pending":    "Nudges that follow at once, out of the outbox.",
		},
		example: wire.Welcome{Type: wire.TypeWelcome, ExpiresAt: at.Add(2 * time.Hour), Pending: 1},
	},
	{
		name: wire.TypeNudge, from: fromServer,
		summary: "Somebody near shares an interest. It comes again after a reconnect until it is acknowledged.",
		fields: map[string]string{
			"id":               "What to acknowledge and to deduplicate by.",
			"shared_interests": "The overlap only, in your own spelling, sorted. None: nothing is named before both have waved.",
			"message":          "A sentence to show.",
			"at":               "When the match was made, or revealed.",
			"reveals":          "The nudge that named no interests and which this one reveals, since both have waved. Else absent.",
		},
		example: wire.Nudge{
			Type: wire.TypeNudge, ID: nudgeID, SharedInterests: []string{"devops", "hardstyle"},
			Message: "Someone nearby shares your interest in devops and hardstyle.", At: at,
		},
	},
	{
		name: wire.TypeSighted, from: fromServer,
		summary: "Answers a sighting frame that had a ref.",
		fields: map[string]string{
			"ref":     "That of the sighting frame.",
			"results": "A result per sighting, in order.",
		},
		example: wire.Sighted{Type: wire.TypeSighted, Ref: "17", Results: []wire.SightingResult{{
			Token:       "xyz789",
			MatchResult: wire.MatchResult{Match: true, SharedInterests: []string{"devops", "hardstyle"}, NudgeSent: true},
		}}},
	},
	{
		name: wire.TypeExpired, from: fromServer,
		summary: "The session's time is over. A close with 4101 follows.",
		fields:  map[string]string{},
		example: wire.Expired{Type: wire.TypeExpired},
	},
	{
		name: wire.TypeDraining, from: fromServer,
		summary: "The member leaves. A close with 1012 follows.",
		fields:  map[string]string{"reconnect_after_ms": "How long to wait before connecting again, in milliseconds."},
		example: wire.Draining{Type: wire.TypeDraining, ReconnectAfterMS: 1350},
	},
	{
		name: wire.TypeError, from: fromServer,
		summary: "What was wrong with a frame of yours. The connection stays.",
		fields: map[string]string{
			"code":    "Stable and machine-readable, as in the errors of the HTTP API.",
			"message": "For people.",
			"ref":     "That of the frame, when it had one.",
		},
		example: wire.ErrorFrame{Type: wire.TypeError, Code: "malformed", Message: "the frame is not one JSON object", Ref: "17"},
	},
	{
		name: wire.TypeSighting, from: fromClient,
		summary: "Tokens heard: as tokens when they are heard now, or as sightings with details. At most 100 a frame.",
		fields: map[string]string{
			"ref":       refText + " Without it there is no answer.",
			"tokens":    "Heard just now.",
			"sightings": "Heard now or earlier.",
		},
		either: []string{"tokens", "sightings"},
		example: wire.ClientFrame{Type: wire.TypeSighting, Ref: "17", Sightings: []wire.Sighting{
			{Token: "xyz789", RSSI: &rssi, SeenAt: &at},
		}},
	},
	{
		name: wire.TypeAck, from: fromClient,
		summary:  "The nudge has been shown: take it out of the outbox.",
		fields:   map[string]string{"id": "That of the nudge."},
		required: []string{"id"},
		example:  wire.ClientFrame{Type: wire.TypeAck, ID: nudgeID},
	},
	{
		name: wire.TypeBlock, from: fromClient,
		summary: "Never meet whom a nudge was about again, on either side, as long as this session lives. The other is not told. " +
			"Answered only by an error.",
		fields:   map[string]string{"id": "That of the nudge, acknowledged or not."},
		required: []string{"id"},
		example:  wire.ClientFrame{Type: wire.TypeBlock, ID: nudgeID},
	},
	{
		name: wire.TypeWave, from: fromClient,
		summary: "You would like to know more of whom a nudge without interests is about. When both have waved, both get a nudge that reveals. " +
			"Answered only by an error.",
		fields:   map[string]string{"id": "That of the nudge, acknowledged or not."},
		required: []string{"id"},
		example:  wire.ClientFrame{Type: wire.TypeWave, ID: nudgeID},
	},
	{
		name: wire.TypeOpen, from: fromClient,
		summary:  "Give or withdraw consent.",
		fields:   map[string]string{"value": "false stops new matches at once, and withdraws nudges about you that wait."},
		required: []string{"value"},
		example:  wire.ClientFrame{Type: wire.TypeOpen, Value: &yes},
	},
}
