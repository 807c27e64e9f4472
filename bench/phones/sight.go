package phones

import (
	"context"
	"strconv"
	"time"

	"i80.dk/sighej/bench/tally"
	"i80.dk/sighej/wire"
)

// sighting is one phone's report of one or several others, due at a moment.
type sighting struct {
	by  *phone
	of  []*phone
	due time.Time
}

// send makes a report, by HTTP or by WebSocket. Over HTTP it waits for the
// answer.
func (g *Generator) send(ctx context.Context, via string, s sighting) {
	for _, of := range s.of {
		g.ledger.Reports(s.by.Phone, of.Phone, s.due)
	}
	switch {
	case via == WebSocket:
		g.sendFrame(s)
	case len(s.of) == 1:
		g.postMatch(ctx, s)
	default:
		g.postSightings(ctx, s)
	}
}

func (g *Generator) postMatch(ctx context.Context, s sighting) {
	body := make([]byte, 0, 96) // tokens need no escaping
	body = append(append(body, `{"own_token":"`...), s.by.token...)
	body = append(append(body, `","detected_token":"`...), s.of[0].token...)
	body = append(body, `"}`...)
	var verdict wire.MatchResult
	f := s.by.server.call(ctx, "POST", "/match", s.by.server.credential(s.by), body, &verdict)
	if f != nil {
		g.failed(s, f)
		return
	}
	g.answered(s, []wire.SightingResult{{MatchResult: verdict}}, time.Now())
}

func (g *Generator) postSightings(ctx context.Context, s sighting) {
	req := wire.SightingsRequest{OwnToken: string(s.by.token), Sightings: make([]wire.Sighting, len(s.of))}
	for i, of := range s.of {
		req.Sightings[i].Token = string(of.token)
	}
	var result wire.SightingsResult
	f := s.by.server.call(ctx, "POST", "/sightings", s.by.server.credential(s.by), wire.Encode(req), &result)
	switch {
	case f != nil:
		g.failed(s, f)
	case !g.inOrder(s, result.Results):
		g.failed(s, &failure{code: "broken", text: "POST /sightings answered other sightings than asked", done: true})
	default:
		g.answered(s, result.Results, time.Now())
	}
}

func (g *Generator) sendFrame(s sighting) {
	p := s.by
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refs++
	frame := make([]byte, 0, 64+32*len(s.of))
	frame = append(frame, `{"type":"sighting","ref":"`...)
	frame = strconv.AppendUint(frame, p.refs, 36)
	frame = append(frame, `","tokens":[`...)
	for i, of := range s.of {
		if i > 0 {
			frame = append(frame, ',')
		}
		frame = append(append(append(frame, '"'), of.token...), '"')
	}
	frame = append(frame, "]}"...)
	if p.waiting == nil {
		p.waiting = map[uint64]reported{}
	}
	p.waiting[p.refs] = reported{s.of, s.due}
	if err := p.writeLocked(frame); err != nil {
		delete(p.waiting, p.refs)
		g.failed(s, &failure{code: "not connected", text: err.Error(), done: p.ws != nil})
	}
}

// sighted takes the answer to a frame.
func (g *Generator) sighted(p *phone, f *inbound, at time.Time) {
	s, ok := g.take(p, f.Ref)
	switch {
	case !ok:
		g.ledger.Broken(p.Phone, "a sighted frame with the ref "+strconv.Quote(f.Ref)+", which nothing waits for")
	case !g.inOrder(s, f.Results):
		g.failed(s, &failure{code: "broken", text: "a sighted frame about other sightings than asked", done: true})
	default:
		g.answered(s, f.Results, at)
	}
}

// frameRefused takes an error frame.
func (g *Generator) frameRefused(p *phone, f *inbound) {
	s, ok := g.take(p, f.Ref)
	if !ok {
		g.ledger.Error(f.Code)
		return
	}
	g.failed(s, &failure{code: f.Code, text: f.Message, limited: limits(f.Code), done: uncertain(f.Code)})
}

func (g *Generator) take(p *phone, ref string) (s sighting, ok bool) {
	n, err := strconv.ParseUint(ref, 36, 64)
	if err != nil {
		return s, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r, ok := p.waiting[n]
	delete(p.waiting, n)
	return sighting{p, r.of, r.due}, ok
}

// inOrder reports whether there is a result for each sighting, in their order.
func (g *Generator) inOrder(s sighting, results []wire.SightingResult) bool {
	if len(results) != len(s.of) {
		return false
	}
	for i, of := range s.of {
		if results[i].Token != string(of.token) {
			return false
		}
	}
	return true
}

// answered takes in what became of each sighting.
func (g *Generator) answered(s sighting, results []wire.SightingResult, at time.Time) {
	g.tally.Time(tally.Answer, at.Sub(s.due))
	for i, r := range results {
		by, of := s.by.Phone, s.of[i].Phone
		switch {
		case r.Code == "":
			g.tally.Count(tally.Answered, 1)
			g.ledger.Answered(by, of, r.MatchResult)
			continue
		case uncertain(r.Code):
			g.ledger.Lost(by, of, r.Code)
		default:
			g.ledger.Refused(by, of, r.Code, limits(r.Code))
		}
		g.tally.Count(tally.Errors, 1)
	}
}

// failed notes a report without an answer.
func (g *Generator) failed(s sighting, f *failure) {
	g.tally.Count(tally.Errors, len(s.of))
	if f.code == "broken" {
		g.ledger.Broken(s.by.Phone, f.text)
	}
	for _, of := range s.of {
		if f.done {
			g.ledger.Lost(s.by.Phone, of.Phone, f.code)
		} else {
			g.ledger.Refused(s.by.Phone, of.Phone, f.code, f.limited)
		}
	}
}

// abandon gives up waiting for an answer.
func (g *Generator) abandon(p *phone, r reported, code string) {
	g.failed(sighting{p, r.of, r.due}, &failure{code: code, done: true})
}

// expire abandons what has waited for longer than the patience.
func (g *Generator) expire(now time.Time) {
	for _, p := range g.all() {
		p.mu.Lock()
		var old []reported
		for ref, r := range p.waiting {
			if now.Sub(r.due) > g.cfg.Patience {
				old = append(old, r)
				delete(p.waiting, ref)
			}
		}
		p.mu.Unlock()
		for _, r := range old {
			g.abandon(p, r, "timeout")
		}
	}
}

func limits(code string) bool { return code == "rate_limited" || code == "match_limit" }

// uncertain reports whether a sighting may have counted in spite of the code.
func uncertain(code string) bool { return code == "unavailable" || code == "internal" }
