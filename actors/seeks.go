package actors

import (
	"context"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"i80.dk/sighej"
	"i80.dk/sighej/actors/actorpb"
)

// seek is a question for the session that has a token. Most sightings in a
// cluster are one, and most are answered with nobody: the peer shares nothing.
type seek struct {
	asker     *actor.PID // gets a sought
	token     sighej.Token
	interests []sighej.InterestHash // the asker's
	trail     *trail

	call uint64 // its number, once it has been asked
}

// seekAbroad looks for a peer that lives on another member, where the asker is told
// of it only if it shares some of the interests: most do not, and so little crosses.
func (s *System) seekAbroad(address string, q seek) {
	if address == "" {
		s.answerSeek(q, nil, errMoving)
		return
	}
	if err := s.links.seek(address, q); err != nil {
		s.answerSeek(q, nil, err)
	}
}

// lookUp is the question for a peer that lives here, if anywhere, by its token.
func (q seek) lookUp(s *System, token sighej.Token) lookUp {
	return lookUp{token, q.trail, func(peer *snapshot, err error) { s.answerSeek(q, peer, err) }}
}

// absent reports whether a store in this process tells at once that a token of this
// member is nobody's, so that this takes no longer than to find that somebody
// shares nothing.
func (s *System) absent(token sighej.Token) bool {
	if !s.cfg.Immediate {
		return false
	}
	_, err := s.cfg.Store.Load(context.Background(), token)
	return sighej.CodeOf(err) == sighej.CodeNotFound
}

// join has questions for sessions of this member asked, and has then called as late
// as if it had needed an answer: at the end of the next round, see [rounds.join], or
// at once if the store is immediate.
func (s *System) join(last roundNumber, callers int, then func(), questions ...lookUp) roundNumber {
	if !s.cfg.Immediate {
		return s.rounds.join(last, callers, then, questions...)
	}
	for _, q := range questions {
		if !s.desk.do(func() { q.then(s.find(q.trail.context(), q.token)) }) {
			q.then(nil, errBusy)
		}
	}
	if then != nil {
		then()
	}
	return noRound
}

// answerSeek tells who asked.
func (s *System) answerSeek(q seek, peer *snapshot, err error) {
	s.send(q.asker, q.trail.wrap(&sought{q.token, peer, err}))
}

// onFound passes the answer of another member on to who asked.
func (s *System) onFound(address string, q seek, r *actorpb.Sought, err error) {
	if err == nil {
		err = faultFromPB(r.GetFault())
	}
	p := r.GetSession()
	if err == nil && p == nil {
		err = errUnknown
	}
	if err == nil && p.GetToken() != string(q.token) {
		s.onFoundAlias(p, q)
		return
	}
	if err != nil {
		s.answerSeek(q, nil, err)
		return
	}
	s.answerSeek(q, s.abroad(p, address), nil)
}

// onFoundAlias takes a session that is heard by a token and lives where its own
// token does.
func (s *System) onFoundAlias(p *actorpb.Session, q seek) {
	own := sighej.Token(p.GetToken())
	switch address, here := s.home(own); {
	case here:
		s.join(noRound, 1, nil, q.lookUp(s, own))
	case address == "":
		s.answerSeek(q, nil, errMoving)
	default:
		peer := s.abroad(p, address)
		r := &sighej.Rotation{Token: q.token} // it was asked for by that, and found
		if since := p.GetHeardSince(); since != 0 {
			r.Until = milli(since).Add(rotationGrace)
		}
		peer.rotation.Store(r)
		s.answerSeek(q, peer, nil)
	}
}

// onSeeks answers what another member wants to know of sessions of this one.
func (s *System) onSeeks(from string, q *actorpb.Seeks) {
	if len(q.GetCalls()) == 0 {
		return
	}
	now := s.cfg.Now()
	nobody := make([]uint64, 0, len(q.GetCalls()))
	each(q, func(call uint64, token string, interests []uint64) {
		snap, known := s.known(sighej.Token(token), now)
		switch {
		case !known:
			s.onSeek(nil, from, call, &actorpb.Seek{Token: strings.Clone(token), Interests: interests})
		case s.tells(snap, sighej.Token(token), interests):
			s.sought(from, call, &actorpb.Sought{Session: knownToPB(snap, sighej.Token(token))})
		default:
			nobody = append(nobody, call)
		}
	})
	if len(nobody) > 0 {
		s.join(noRound, len(nobody), func() { s.links.nobody(from, nobody...) })
	}
}

// known returns the live session that is heard by a token, if this member may tell
// so without asking the store.
func (s *System) known(token sighej.Token, now time.Time) (*snapshot, bool) {
	_, here := s.home(token)
	if !here || s.idle() {
		return nil, false
	}
	return s.present(token, now)
}

// seek asks a member.
func (l *links) seek(address string, q seek) error {
	if k := l.get(address); k != nil {
		return k.seek(q)
	}
	return errPeerGone
}

func (k *link) seek(q seek) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.seeks) >= maxUnsent {
		return errPeerBusy
	}
	k.last++
	q.call = k.last
	if q.trail != nil {
		if err := k.postLocked(q.item()); err != nil {
			return err
		}
	} else {
		k.seeks = append(k.seeks, q)
	}
	k.calls[q.call] = call{until: time.Now().Add(callTime), seek: q}
	k.flush()
	return nil
}

// item is a seek that travels by itself, since it is part of a trace.
func (q *seek) item() *actorpb.Item {
	k := &actorpb.Seek{Token: string(q.token), Interests: make([]uint64, len(q.interests))}
	for i, h := range q.interests {
		k.Interests[i] = uint64(h)
	}
	return &actorpb.Item{Call: q.call, Trace: q.trail.encode(), Kind: &actorpb.Item_Seek{Seek: k}}
}

// columns encodes seeks; nil for none.
func columns(seeks []seek) *actorpb.Seeks {
	if len(seeks) == 0 {
		return nil
	}
	bytes, interests := 0, 0
	for i := range seeks {
		bytes += len(seeks[i].token)
		interests += len(seeks[i].interests)
	}
	var tokens strings.Builder
	tokens.Grow(bytes)
	c := &actorpb.Seeks{
		Calls: make([]uint64, len(seeks)), Lengths: make([]uint32, len(seeks)), Counts: make([]uint32, len(seeks)),
		Interests: make([]uint64, 0, interests),
	}
	for i := range seeks {
		q := &seeks[i]
		tokens.WriteString(string(q.token))
		for _, h := range q.interests {
			c.Interests = append(c.Interests, uint64(h))
		}
		c.Calls[i], c.Lengths[i], c.Counts[i] = q.call, uint32(len(q.token)), uint32(len(q.interests))
	}
	c.Tokens = tokens.String()
	return c
}

// each calls f with the seeks that columns encoded. What does not fit together is
// left out.
func each(c *actorpb.Seeks, f func(call uint64, token string, interests []uint64)) {
	tokens, interests := c.GetTokens(), c.GetInterests()
	if len(c.GetLengths()) != len(c.GetCalls()) || len(c.GetCounts()) != len(c.GetCalls()) {
		return
	}
	for i, call := range c.GetCalls() {
		length, count := int(c.GetLengths()[i]), int(c.GetCounts()[i])
		if length > len(tokens) || count > len(interests) {
			return
		}
		f(call, tokens[:length], interests[:count])
		tokens, interests = tokens[length:], interests[count:]
	}
}
