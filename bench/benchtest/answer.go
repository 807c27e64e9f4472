package benchtest

import (
	"encoding/json"
	"slices"
	"strings"

	"i80.dk/sighej/wire"
)

// match falsifies the answer to POST /match. What is no such answer, or stays as
// it is, comes back as it came; so do the others below.
func (t *tampering) match(text []byte) []byte {
	var r wire.MatchResult
	if json.Unmarshal(text, &r) != nil || !t.result(&r) {
		return text
	}
	return wire.Encode(r)
}

// sightings falsifies the answer to POST /sightings.
func (t *tampering) sightings(text []byte) []byte {
	var r wire.SightingsResult
	if json.Unmarshal(text, &r) != nil || !t.results(r.Results) {
		return text
	}
	return wire.Encode(r)
}

// sighted falsifies the frame.
func (t *tampering) sighted(text []byte) []byte {
	var f wire.Sighted
	if json.Unmarshal(text, &f) != nil || !t.results(f.Results) {
		return text
	}
	return wire.Encode(f)
}

// results tells whether it changed any. A sighting that was not decided has no
// answer to falsify.
func (t *tampering) results(results []wire.SightingResult) (changed bool) {
	for i := range results {
		if results[i].Code == "" && t.result(&results[i].MatchResult) {
			changed = true
		}
	}
	return changed
}

func (t *tampering) result(r *wire.MatchResult) (changed bool) {
	switch {
	case !r.Match && t.claim.due():
		*r = wire.MatchResult{Match: true, SharedInterests: []string{t.label}, NudgeSent: true}
	case r.Match && t.deny.due():
		*r = wire.MatchResult{SharedInterests: []string{}}
	case r.Match && t.leakAnswer.due():
		r.SharedInterests = with(r.SharedInterests, t.label)
	default:
		return false
	}
	return true
}

// with returns labels and one more, sorted as the server would.
func with(labels []string, label string) []string {
	more := append(slices.Clone(labels), label)
	slices.Sort(more)
	return more
}

// nudge falsifies what a nudge says.
func (t *tampering) nudge(text []byte) []byte {
	var n wire.Nudge
	shared, message := t.leakNudge.due(), t.leakMessage.due()
	if !shared && !message || json.Unmarshal(text, &n) != nil {
		return text
	}
	if shared {
		n.SharedInterests = with(n.SharedInterests, t.label)
	}
	if message {
		n.Message = strings.TrimSuffix(n.Message, ".") + " and " + t.label + "."
	}
	if n.ID == "" {
		return wire.Encode(wire.BareNudge{Type: n.Type, SharedInterests: n.SharedInterests, Message: n.Message})
	}
	return wire.Encode(n)
}

// typeOf returns the type of a frame, or "".
func typeOf(text []byte) string {
	var head struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(text, &head) != nil {
		return ""
	}
	return head.Type
}
