package phone

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// Bounds of one report. What is left of a frame or of a body is for the fields
// around the sightings.
const (
	frameBytes   = wire.MaxFrame - 256
	requestBytes = 64<<10 - 256
	requestItems = 1000
)

// Sight reports sightings, over the connection when there is one, else by POST
// /sightings, in as many parts as it takes, and returns a result for each, in
// order. A result with a Code was not decided. It blocks until the last answer,
// or until ctx ends; give it a deadline. With an error the results are those of
// the parts before. Sightings are repeated when the connection is lost before
// the answer came: NudgeSent may then be false for a match that they made.
func (p *Phone) Sight(ctx context.Context, sightings []wire.Sighting) ([]wire.SightingResult, error) {
	return inParts(ctx, sightings, p.sightSome)
}

// sightSome reports as many of the first sightings as one part holds.
func (p *Phone) sightSome(ctx context.Context, sightings []wire.Sighting) ([]wire.SightingResult, error) {
	if conn := p.current(); conn != nil {
		part := head(sightings, wire.MaxFrameSightings, frameBytes)
		results, err := conn.sight(ctx, part)
		if !errors.Is(err, errLost) {
			return checked(results, part, err)
		}
	}
	return p.upload(ctx, sightings)
}

// Upload reports sightings by POST /sightings even with a connection, and is else
// as Sight: for what was heard while there was none, with the times by
// [Phone.ServerTime].
func (p *Phone) Upload(ctx context.Context, sightings []wire.Sighting) ([]wire.SightingResult, error) {
	return inParts(ctx, sightings, p.upload)
}

func (p *Phone) upload(ctx context.Context, sightings []wire.Sighting) ([]wire.SightingResult, error) {
	part := head(sightings, requestItems, requestBytes)
	var answer wire.SightingsResult
	err := p.call(ctx, http.MethodPost, "/sightings",
		wire.SightingsRequest{OwnToken: string(p.Token()), Sightings: part}, &answer)
	return checked(answer.Results, part, err)
}

// inParts reports as many of the first sightings as report takes, until there are
// none.
func inParts(
	ctx context.Context, sightings []wire.Sighting,
	report func(context.Context, []wire.Sighting) ([]wire.SightingResult, error),
) ([]wire.SightingResult, error) {
	results := make([]wire.SightingResult, 0, len(sightings))
	for len(results) < len(sightings) {
		part, err := report(ctx, sightings[len(results):])
		if err != nil {
			return results, err
		}
		results = append(results, part...)
	}
	return results, nil
}

func checked(results []wire.SightingResult, part []wire.Sighting, err error) ([]wire.SightingResult, error) {
	if err == nil && len(results) != len(part) {
		err = sighej.Errorf(sighej.CodeMalformed, "%d results came for %d sightings", len(results), len(part))
	}
	return results, err
}

// head returns the longest beginning of at most items sightings in at most size
// bytes of JSON, and never nothing.
func head(sightings []wire.Sighting, items, size int) []wire.Sighting {
	for i, s := range sightings[:min(len(sightings), items)] {
		size -= len(wire.Encode(s)) + len(",")
		if size < 0 {
			return slices.Clip(sightings[:max(i, 1)])
		}
	}
	return sightings[:min(len(sightings), items)]
}
