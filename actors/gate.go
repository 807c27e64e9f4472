package actors

import (
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"i80.dk/sighej"
	"i80.dk/sighej/actors/actorpb"
	"i80.dk/sighej/wire"
)

// onBatch takes what came from another member. It does not block: what needs
// the store is the desk's.
func (s *System) onBatch(b *actorpb.Batch) {
	for _, item := range s.links.took(b) {
		s.onItem(b.GetFrom(), item)
	}
	s.onSeeks(b.GetFrom(), b.GetSeeks())
}

func (s *System) onItem(from string, item *actorpb.Item) {
	answer := func(a *actorpb.Item) {
		a.Call = item.GetCall()
		s.links.note(from, a) // if it is lost the call runs out of time
	}
	t := s.arrived(item.GetTrace())
	switch k := item.GetKind().(type) {
	case *actorpb.Item_Ask:
		s.onAsk(t, k.Ask, func(a *actorpb.Answer) { answer(&actorpb.Item{Kind: &actorpb.Item_Answer{Answer: a}}) })
	case *actorpb.Item_Seek:
		s.onSeek(t, from, item.GetCall(), k.Seek)
	case *actorpb.Item_Meet:
		s.onMeet(t, from, k.Meet, func(r *actorpb.Met) { answer(&actorpb.Item{Kind: &actorpb.Item_Met{Met: r}}) })
	case *actorpb.Item_Attach:
		s.onAttach(from, k.Attach)
	case *actorpb.Item_Detach:
		if snap, ok := s.index.Load(sighej.Token(k.Detach.GetToken())); ok {
			s.send(snap.pid, &detach{actor.NewPID(from, k.Detach.GetConnection())})
		}
	case *actorpb.Item_Acked:
		s.onAcked(k.Acked)
	case *actorpb.Item_Refresh:
		s.refresh(sighej.Token(k.Refresh.GetToken()))
	case *actorpb.Item_Nudge, *actorpb.Item_Attached, *actorpb.Item_Ended:
		connection, message := fromSession(from, item)
		s.send(actor.NewPID(s.actors.Address(), connection), t.wrap(message))
	}
}

// here decides what becomes of a message about a session: it is for this member,
// or goes on to the address, or there is nobody to take it.
func (s *System) here(token string, hops uint32) (onTo string, err error) {
	address, here := s.home(sighej.Token(token))
	switch {
	case here && s.cfg.Placement.MayAct():
		return "", nil
	case here || address == "" || hops >= maxHops:
		return "", errMoving
	}
	return address, nil
}

// at finds the session for a message and calls then, at once or from the desk.
func (s *System) at(t *trail, token string, then func(*snapshot, error)) {
	now := s.cfg.Now()
	if snap, ok := s.active(sighej.Token(token), now); ok && snap.live(now) {
		then(snap, nil)
		return
	}
	if !s.desk.do(func() { then(s.find(t.context(), sighej.Token(token))) }) {
		then(nil, errBusy)
	}
}

func (s *System) onSeek(t *trail, from string, call uint64, k *actorpb.Seek) {
	t, end := s.begin(t, "member seek")
	defer end()
	onTo, err := s.here(k.GetToken(), k.GetHops())
	switch {
	case err != nil:
		s.sought(from, call, &actorpb.Sought{Fault: faultToPB(err)})
	case onTo != "":
		k.Hops++
		s.links.call(onTo, &actorpb.Item{Trace: t.encode(), Kind: &actorpb.Item_Seek{Seek: k}}, func(item *actorpb.Item, err error) {
			if err != nil {
				s.sought(from, call, &actorpb.Sought{Fault: faultToPB(err)})
				return
			}
			s.sought(from, call, item.GetSought())
		})
	default:
		s.seekHere(t, from, call, k)
	}
}

// seekHere answers another member about a session of this one.
func (s *System) seekHere(t *trail, from string, call uint64, k *actorpb.Seek) {
	token := sighej.Token(k.GetToken())
	answer := func(snap *snapshot, err error) {
		switch {
		case err == nil && s.tells(snap, token, k.GetInterests()):
			s.sought(from, call, &actorpb.Sought{Session: knownToPB(snap, token)})
		case err == nil || sighej.CodeOf(err) == sighej.CodeNotFound:
			s.links.nobody(from, call)
		default:
			s.sought(from, call, &actorpb.Sought{Fault: faultToPB(err)})
		}
	}
	snap, known := s.known(token, s.cfg.Now())
	switch {
	case !known:
		s.join(noRound, 1, nil, lookUp{token, t, answer})
	case s.tells(snap, token, k.GetInterests()):
		answer(snap, nil)
	default:
		s.join(noRound, 1, func() { answer(snap, nil) })
	}
}

// tells reports whether another member, whose phone has heard a token, is told of a
// session: it may be, and shares some of the interests.
func (s *System) tells(snap *snapshot, token sighej.Token, interests []uint64) bool {
	now := s.cfg.Now()
	return !snap.closed.Load() && snap.heardAs(token, now, now) && shares(snap.session.Interests, interests)
}

// sought answers a Seek.
func (s *System) sought(to string, call uint64, r *actorpb.Sought) {
	s.links.note(to, &actorpb.Item{Call: call, Kind: &actorpb.Item_Sought{Sought: r}})
}

// shares reports whether an interest is in both lists, which are short. Nobody
// asked for any: whatever they are.
func shares(own []sighej.InterestHash, wanted []uint64) bool {
	for _, w := range wanted {
		if slices.Contains(own, sighej.InterestHash(w)) {
			return true
		}
	}
	return len(wanted) == 0
}

func (s *System) onMeet(t *trail, from string, k *actorpb.Meet, answer func(*actorpb.Met)) {
	onTo, err := s.here(k.GetToken(), k.GetHops())
	switch {
	case err != nil:
		answer(&actorpb.Met{Fault: faultToPB(err)})
	case onTo != "":
		k.Hops++
		s.links.call(onTo, &actorpb.Item{Trace: t.encode(), Kind: &actorpb.Item_Meet{Meet: k}}, func(item *actorpb.Item, err error) {
			if err != nil {
				answer(&actorpb.Met{Fault: faultToPB(err)})
				return
			}
			answer(item.GetMet())
		})
	default:
		s.at(t, k.GetToken(), func(snap *snapshot, err error) {
			switch {
			case err == nil:
				s.send(snap.pid, t.wrap(&meet{
					system: s, from: s.abroad(k.GetFrom(), from), token: sighej.Token(k.GetToken()),
					answer: func(r *met) {
						answer(&actorpb.Met{Fault: faultToPB(r.err), Outcome: uint32(r.outcome), Match: matchToPB(r.match)})
					},
				}))
			case sighej.CodeOf(err) == sighej.CodeNotFound:
				answer(&actorpb.Met{Outcome: uint32(sighej.Refused)})
			default:
				answer(&actorpb.Met{Fault: faultToPB(err)})
			}
		})
	}
}

// onAttach gives a session its connection on another member. Whatever does not
// work out now the connection tries again.
func (s *System) onAttach(from string, k *actorpb.Attach) {
	connection := actor.NewPID(from, k.GetConnection())
	onTo, err := s.here(k.GetToken(), k.GetHops())
	if err != nil || onTo != "" {
		s.push(connection, &ended{code: closeMoved})
		return
	}
	s.at(nil, k.GetToken(), func(snap *snapshot, err error) {
		switch {
		case err == nil && snap.session.ID == sessionID(k.GetSessionId()):
			s.send(snap.pid, &attach{s, connection, k.GetSince()})
		case err == nil || sighej.CodeOf(err) == sighej.CodeNotFound:
			s.push(connection, &ended{code: wire.CloseReset})
		default:
			s.push(connection, &ended{code: closeMoved})
		}
	})
}

func (s *System) onAcked(k *actorpb.Acked) {
	onTo, err := s.here(k.GetToken(), k.GetHops())
	if err != nil { // they are sent again, and acknowledged again
		return
	}
	if onTo != "" {
		k.Hops++
		s.links.note(onTo, &actorpb.Item{Kind: &actorpb.Item_Acked{Acked: k}})
		return
	}
	ids := make([]sighej.NudgeID, len(k.GetNudges()))
	for i, id := range k.GetNudges() {
		ids[i] = nudgeID(id)
	}
	s.at(nil, k.GetToken(), func(snap *snapshot, err error) {
		if err == nil && snap.session.ID == sessionID(k.GetSessionId()) {
			s.send(snap.pid, &ack{ids})
		}
	})
}
