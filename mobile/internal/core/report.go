package core

import (
	"context"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/phone"
	"i80.dk/sighej/wire"
)

const (
	batch      = 50               // sightings of one report: half of the burst that a server allows a session
	pace       = 3 * time.Second  // from one full report to the next: under the 20 sightings a second it allows
	fresh      = 10 * time.Second // a sighting this young is of now
	reportTime = 10 * time.Second // for the answer
	stale      = 15 * time.Minute // a sighting this old counts for nothing
	matchPause = 10 * time.Minute // when the session has made too many matches
)

// report reports the first sightings that are held and returns when the next may
// follow. They stay held until they are answered.
func (r *run) report(ctx context.Context, p *phone.Phone) time.Time {
	ctx, cancel := context.WithTimeout(ctx, reportTime)
	defer cancel()
	r.core.mu.Lock()
	if r.held.forget(time.Now()); r.held.len() == 0 {
		r.core.mu.Unlock()
		return time.Now()
	}
	claims, young := r.batch()
	sightings := r.sightings(claims, young, p)
	r.reporting = cancel
	r.core.mu.Unlock()

	var results []wire.SightingResult
	var err error
	if young {
		results, err = p.Sight(ctx, sightings)
	} else {
		results, err = p.Upload(ctx, sightings)
	}

	r.core.mu.Lock()
	defer r.core.mu.Unlock()
	r.reporting = nil
	if r.phone != p {
		return time.Now()
	}
	wait := time.Duration(0)
	for i := range results {
		wait = max(wait, r.settle(claims[i].token, results[i]))
	}
	if err != nil {
		if code := sighej.CodeOf(err); code == sighej.CodeInvalid || code == sighej.CodeMalformed {
			r.held = newHeld() // the server will never take them
		}
		r.reportAt = r.failed(ctx, err)
		return r.reportAt
	}
	if len(claims) == batch {
		wait = max(wait, pace)
	}
	r.reportAt = later(r.reportAt, time.Now().Add(wait))
	return time.Now()
}

// batch returns the first sightings of an age: those of now go over the
// connection, the others are uploaded. Under the lock.
func (r *run) batch() (claims []claim, young bool) {
	now := time.Now()
	claims = r.held.first(batch)
	young = claims[0].age(now) < fresh
	for i := range claims {
		if claims[i].age(now) < fresh != young {
			return claims[:i], young
		}
	}
	return claims, young
}

// sightings puts claims into the contract's words. Under the lock.
func (r *run) sightings(claims []claim, young bool, p *phone.Phone) []wire.Sighting {
	now, server := time.Now(), p.ServerTime().UTC()
	sightings := make([]wire.Sighting, len(claims))
	for i, c := range claims {
		sightings[i].Token = string(c.token)
		if power, ok := r.crowd.Power(c.token); ok {
			sightings[i].RSSI = &power
		}
		if !young {
			at := server.Add(-c.age(now)).Truncate(time.Millisecond)
			sightings[i].SeenAt = &at
		}
	}
	return sightings
}

// settle takes an answer in and returns how long to wait with the next report.
// Under the lock.
func (r *run) settle(token sighej.Token, result wire.SightingResult) time.Duration {
	switch code := sighej.Code(result.Code); code {
	case sighej.CodeRateLimited, sighej.CodeUnavailable, sighej.CodeOverloaded:
		return choreAgain // and it stays held
	case sighej.CodeMatchLimit:
		r.crowd.Undecided(token, time.Now().Add(matchPause))
	case "":
		if result.Match {
			r.crowd.Decided(token)
		}
	default:
		r.crowd.Decided(token)
	}
	r.held.remove(token)
	return 0
}
