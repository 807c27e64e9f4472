package transport

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

type (
	matchInput struct {
		Body          wire.MatchRequest
		authorization string
	}
	matchOutput struct {
		Body wire.MatchResult
	}
	sightingsInput struct {
		Body          wire.SightingsRequest
		authorization string
	}
	sightingsOutput struct {
		Body wire.SightingsResult
	}
)

const seeingYourself = "that is your own token"

// Resolve refuses to see oneself.
func (in *matchInput) Resolve(ctx huma.Context) []error {
	in.authorization = ctx.Header("Authorization")
	if in.Body.OwnToken != "" && in.Body.OwnToken == in.Body.DetectedToken {
		return fields([]sighej.InvalidField{{Path: "detected_token", Message: seeingYourself}})
	}
	return nil
}

// Resolve refuses to see oneself.
func (in *sightingsInput) Resolve(ctx huma.Context) []error {
	in.authorization = ctx.Header("Authorization")
	var faults []sighej.InvalidField
	for i, s := range in.Body.Sightings {
		if s.Token != "" && s.Token == in.Body.OwnToken {
			faults = append(faults, sighej.InvalidField{Path: fmt.Sprintf("sightings[%d].token", i), Message: seeingYourself})
		}
	}
	return fields(faults)
}

// maxSightingsBody is the cap of a body of POST /sightings, in bytes.
const maxSightingsBody = 64 << 10

func (a *api) sightingRoutes() {
	refusals := []sighej.Code{
		sighej.CodeForbidden, sighej.CodeNotFound, sighej.CodeRateLimited, sighej.CodeMatchLimit,
		sighej.CodeUnavailable, sighej.CodeOverloaded,
	}
	serve(a, operation{
		id: "match", method: http.MethodPost, path: "/match", tag: tagSightings,
		summary: "Report one token heard",
		text: "A peer that is unknown, expired or not open, or has blocked you, looks exactly like one without an overlap. " +
			"A match is made once for a pair; both phones then get a nudge.",
		request: exampleMatch, answer: exampleMatched, secured: true, refusals: refusals,
	}, a.match)
	serve(a, operation{
		id: "sightings", method: http.MethodPost, path: "/sightings", tag: tagSightings,
		summary: "Report many tokens heard",
		text: "For phones that wake seldom. A result per sighting, in order; one with a `code` could not be decided. " +
			"When all of them have the same `code`, that error is the answer.",
		request: exampleSightings, answer: exampleSighted, secured: true, refusals: refusals,
		maxBody: maxSightingsBody,
	}, a.sightings)
}

func (a *api) match(ctx context.Context, in *matchInput) (*matchOutput, error) {
	verdicts, err := a.sight(ctx, in.authorization, in.Body.OwnToken, []sighej.Sighting{
		sighting(in.Body.DetectedToken, in.Body.RSSI, nil),
	})
	if err != nil {
		return nil, err
	}
	if code := verdicts[0].Code; code != "" {
		return nil, undecided(code)
	}
	return &matchOutput{result(verdicts[0])}, nil
}

func (a *api) sightings(ctx context.Context, in *sightingsInput) (*sightingsOutput, error) {
	heard := make([]sighej.Sighting, len(in.Body.Sightings))
	for i, s := range in.Body.Sightings {
		heard[i] = sighting(s.Token, s.RSSI, s.SeenAt)
	}
	verdicts, err := a.sight(ctx, in.authorization, in.Body.OwnToken, heard)
	if err != nil {
		return nil, err
	}
	if code := common(verdicts); code != "" {
		return nil, undecided(code)
	}
	out := &sightingsOutput{wire.SightingsResult{Results: make([]wire.SightingResult, len(verdicts))}}
	for i, v := range verdicts {
		out.Body.Results[i] = wire.SightingResult{
			Token: string(heard[i].Token), MatchResult: result(v), Code: itemCode(v.Code),
		}
	}
	return out, nil
}

// sight asks for the verdicts and makes sure that each sighting has one.
func (a *api) sight(ctx context.Context, authorization, own string, heard []sighej.Sighting) ([]sighej.Verdict, error) {
	verdicts, err := a.cfg.Sessions.Sight(ctx, a.caller(authorization, own), heard)
	if err != nil {
		return nil, err
	}
	if len(verdicts) != len(heard) {
		return nil, sighej.Errorf(sighej.CodeInternal, "%d sightings got %d verdicts", len(heard), len(verdicts))
	}
	return verdicts, nil
}

func sighting(token string, rssi *int, seenAt *time.Time) sighej.Sighting {
	s := sighej.Sighting{Token: sighej.Token(token)}
	if rssi != nil {
		s.RSSI = int8(*rssi) //nolint:gosec // the schema holds it to -127…20
	}
	if seenAt != nil {
		s.SeenAt = seenAt.UTC()
	}
	return s
}

func result(v sighej.Verdict) wire.MatchResult {
	return wire.MatchResult{Match: v.Match, SharedInterests: orEmpty(v.Shared), NudgeSent: v.NudgeSent}
}

// common returns the code that all verdicts have, or "".
func common(verdicts []sighej.Verdict) sighej.Code {
	for _, v := range verdicts[1:] {
		if v.Code != verdicts[0].Code {
			return ""
		}
	}
	return verdicts[0].Code
}

// itemCode is a verdict's code as the contract has it for one item of many:
// whatever else is wrong, the sighting may be reported again later.
func itemCode(code sighej.Code) string {
	switch code {
	case "", sighej.CodeRateLimited, sighej.CodeMatchLimit, sighej.CodeUnavailable, sighej.CodeOverloaded, sighej.CodeInvalid:
		return string(code)
	}
	return string(sighej.CodeUnavailable)
}

// undecided is the error that answers for a whole call whose sightings could not
// be decided.
func undecided(code sighej.Code) error {
	switch code {
	case sighej.CodeRateLimited:
		return sighej.Errorf(code, "too many sightings")
	case sighej.CodeMatchLimit:
		return sighej.Errorf(code, "too many new matches this hour")
	case sighej.CodeUnavailable:
		return sighej.Errorf(code, "a match cannot be made now")
	case sighej.CodeOverloaded:
		return sighej.Errorf(code, "too much is waiting")
	}
	return sighej.Errorf(code, "the sighting is not acceptable")
}
