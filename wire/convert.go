package wire

import "i80.dk/sighej"

// Bounds of a received signal strength, in dBm.
const (
	MinRSSI = -127
	MaxRSSI = 20
)

// Claim returns the sighting in the words of the server. An RSSI out of bounds
// is for the caller to refuse first.
func (s Sighting) Claim() sighej.Sighting {
	claim := sighej.Sighting{Token: sighej.Token(s.Token)}
	if s.RSSI != nil {
		claim.RSSI = int8(max(MinRSSI, min(*s.RSSI, MaxRSSI))) //nolint:gosec // in bounds
	}
	if s.SeenAt != nil {
		claim.SeenAt = s.SeenAt.UTC()
	}
	return claim
}

// ResultOf returns a verdict as the contract puts it.
func ResultOf(v sighej.Verdict) MatchResult {
	shared := v.Shared
	if shared == nil {
		shared = []string{}
	}
	return MatchResult{Match: v.Match, SharedInterests: shared, NudgeSent: v.NudgeSent}
}

// ResultsOf returns the verdicts on sightings, in order.
func ResultsOf(sightings []sighej.Sighting, verdicts []sighej.Verdict) []SightingResult {
	results := make([]SightingResult, len(verdicts))
	for i, v := range verdicts {
		results[i] = SightingResult{Token: string(sightings[i].Token), MatchResult: ResultOf(v), Code: string(v.Code)}
	}
	return results
}
