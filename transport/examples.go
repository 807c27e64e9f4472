package transport

import (
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// The examples of the OpenAPI document: one evening of two phones.
var (
	exampleTime = time.Date(2026, 5, 12, 18, 21, 25, 0, time.UTC)
	exampleRSSI = -67

	exampleShared = []string{"devops", "hardstyle"}
	exampleOwn    = []string{"devops", "hardstyle", "philosophy"}
	exampleID     = "8b5c1f0e-3d2a-4f6b-9c7d-1e0f2a3b4c5d"

	exampleCreate  = wire.CreateSession{BLEToken: "abc123", Interests: exampleOwn}
	exampleCreated = wire.SessionCreated{
		SessionID: exampleID, ExpiresAt: exampleTime.Add(2 * time.Hour),
		AccessToken: "sj_" + "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
	}
	exampleUpdate = wire.UpdateSession{OpenToTalk: false}
	exampleRotate = wire.RotateSession{BLEToken: "def456"}
	exampleState  = wire.SessionState{
		SessionID: exampleID, BLEToken: "abc123", ExpiresAt: exampleTime.Add(2 * time.Hour), OpenToTalk: true, Interests: exampleOwn, Pending: 1,
	}

	exampleRotated = wire.SessionState{
		SessionID: exampleID, BLEToken: "def456", ExpiresAt: exampleTime.Add(2 * time.Hour), OpenToTalk: true, Interests: exampleOwn, Pending: 1,
	}

	exampleNudge = wire.NudgeReference{ID: "9Qm1v3sYx0iT7bWkZc2dEA"}

	exampleMatch     = wire.MatchRequest{OwnToken: "abc123", DetectedToken: "xyz789", RSSI: &exampleRSSI}
	exampleMatched   = wire.MatchResult{Match: true, SharedInterests: exampleShared, NudgeSent: true}
	exampleSightings = wire.SightingsRequest{OwnToken: "abc123", Sightings: []wire.Sighting{
		{Token: "xyz789", RSSI: &exampleRSSI, SeenAt: &exampleTime}, {Token: "def456"},
	}}
	exampleSighted = wire.SightingsResult{Results: []wire.SightingResult{
		{Token: "xyz789", MatchResult: exampleMatched},
		{Token: "def456", MatchResult: wire.MatchResult{SharedInterests: []string{}}},
	}}

	exampleInterests = wire.Interests{Interests: []wire.Interest{
		{Label: "devops", Category: "tech"}, {Label: "hardstyle", Category: "music"},
	}}
	exampleHealth = wire.Health{Status: "ok", Components: map[string]string{"sessions": "ok", "statistics": "ok"}}
	exampleStats  = wire.Stats{
		TotalSessionsToday: 142, TotalMatchesToday: 38, TotalSightingsToday: 5120,
		TopInterestCategories: []string{"tech", "music", "philosophy"}, ActiveSessionsNow: 12,
	}
)

// exampleTexts say what an error with a code looks like. The text is no part of
// the contract.
var exampleTexts = map[sighej.Code]string{
	sighej.CodeMalformed:        errNotJSON.Error(),
	sighej.CodeInvalid:          "a value is not acceptable",
	sighej.CodeUnauthorized:     "the access token is missing or wrong",
	sighej.CodeForbidden:        "the access token is another session's",
	sighej.CodeNotFound:         "no live session has this token",
	sighej.CodeNotAcceptable:    "answers are application/json",
	sighej.CodeTokenLive:        "the token belongs to a live session",
	sighej.CodeTooLarge:         "the body is over its limit",
	sighej.CodeUnsupportedMedia: "the body must be application/json",
	sighej.CodeRateLimited:      "too many calls",
	sighej.CodeMatchLimit:       "too many new matches this hour",
	sighej.CodeUnavailable:      "a store is away",
	sighej.CodeOverloaded:       "too much is waiting",
	sighej.CodeInternal:         "",
}

func exampleError(code sighej.Code) error {
	e := sighej.Errorf(code, "%s", exampleTexts[code])
	if code == sighej.CodeInvalid {
		e.Fields = []sighej.InvalidField{{Path: "interests[2]", Message: "longer than 64 runes"}}
	}
	return e
}
