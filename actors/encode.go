package actors

import (
	"errors"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/actors/actorpb"
	"i80.dk/sighej/wire"
)

// The messages as they travel. What does not decode comes from a member that
// another release runs on, or from nobody of ours: it is treated like the zero
// value, and the store decides what may come of it.

// knownToPB is what a member tells of a session to one that asks for a token.
func knownToPB(snap *snapshot, token sighej.Token) *actorpb.Session {
	p := sessionToPB(snap.session)
	p.Guarded = snap.guarded.Load()
	p.HeardSince = snap.session.Since(token, snap.rotated(), rotationGrace).UnixMilli()
	return p
}

func sessionToPB(s *sighej.Session) *actorpb.Session {
	p := &actorpb.Session{
		Token: string(s.Token), SessionId: s.ID[:], CreatedAt: s.CreatedAt.UnixMilli(), ExpiresAt: s.ExpiresAt.UnixMilli(),
		Interests: hashesToPB(s.Interests),
	}
	return p
}

func sessionFromPB(p *actorpb.Session) *sighej.Session {
	return &sighej.Session{
		Token: sighej.Token(p.GetToken()), ID: sessionID(p.GetSessionId()),
		CreatedAt: milli(p.GetCreatedAt()), ExpiresAt: milli(p.GetExpiresAt()), Interests: hashesFromPB(p.GetInterests()),
	}
}

func milli(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func sessionID(b []byte) (id sighej.SessionID) {
	copy(id[:], b)
	return id
}

func nudgeID(b []byte) (id sighej.NudgeID) {
	copy(id[:], b)
	return id
}

func hashesToPB(hashes []sighej.InterestHash) []uint64 {
	p := make([]uint64, len(hashes))
	for i, h := range hashes {
		p[i] = uint64(h)
	}
	return p
}

func hashesFromPB(p []uint64) []sighej.InterestHash {
	hashes := make([]sighej.InterestHash, len(p))
	for i, h := range p {
		hashes[i] = sighej.InterestHash(h)
	}
	return hashes
}

// faultToPB keeps what a phone may know of an error.
func faultToPB(err error) *actorpb.Fault {
	if err == nil {
		return nil
	}
	f := &actorpb.Fault{Code: string(sighej.CodeOf(err))}
	if coded, ok := errors.AsType[*sighej.Error](err); ok {
		f.Message, f.After = coded.Message, int64(coded.RetryAfter)
	}
	return f
}

func faultFromPB(f *actorpb.Fault) error {
	if f == nil {
		return nil
	}
	return sighej.Errorf(sighej.Code(f.GetCode()), "%s", f.GetMessage()).After(time.Duration(f.GetAfter()))
}

func sightingsToPB(sightings []sighej.Sighting) *actorpb.Sightings {
	p := &actorpb.Sightings{Sightings: make([]*actorpb.Sighting, len(sightings))}
	for i, s := range sightings {
		p.Sightings[i] = &actorpb.Sighting{Token: string(s.Token), Rssi: int32(s.RSSI)}
		if !s.SeenAt.IsZero() {
			p.Sightings[i].SeenAt = s.SeenAt.UnixNano()
		}
	}
	return p
}

func sightingsFromPB(p *actorpb.Sightings) []sighej.Sighting {
	sightings := make([]sighej.Sighting, len(p.GetSightings()))
	for i, s := range p.GetSightings() {
		sightings[i] = sighej.Sighting{Token: sighej.Token(s.GetToken()), RSSI: int8(s.GetRssi())}
		if s.GetSeenAt() != 0 {
			sightings[i].SeenAt = time.Unix(0, s.GetSeenAt())
		}
	}
	return sightings
}

// verdictsToPB leaves the neutral ones out: they are most.
func verdictsToPB(verdicts []sighej.Verdict) *actorpb.Verdicts {
	p := &actorpb.Verdicts{Count: uint32(len(verdicts))}
	for i, v := range verdicts {
		if v.Match || v.Code != "" {
			p.Verdicts = append(p.Verdicts, &actorpb.Verdict{
				Index: uint32(i), Match: v.Match, Shared: v.Shared, NudgeSent: v.NudgeSent, Code: string(v.Code),
			})
		}
	}
	return p
}

// verdictsFromPB returns n verdicts; nil if the answer is about another number.
func verdictsFromPB(p *actorpb.Verdicts, n int) []sighej.Verdict {
	if int(p.GetCount()) != n {
		return nil
	}
	verdicts := make([]sighej.Verdict, n)
	for _, v := range p.GetVerdicts() {
		if int(v.GetIndex()) < n {
			verdicts[v.GetIndex()] = sighej.Verdict{
				Match: v.GetMatch(), Shared: v.GetShared(), NudgeSent: v.GetNudgeSent(), Code: sighej.Code(v.GetCode()),
			}
		}
	}
	return verdicts
}

func standingToPB(s sighej.Standing) *actorpb.Standing {
	return &actorpb.Standing{
		SessionId: s.Key.ID[:], ExpiresAt: s.ExpiresAt.UnixMilli(), Open: s.Open, Interests: s.Interests, Pending: uint32(s.Pending),
		Token: string(s.Token),
	}
}

func standingFromPB(p *actorpb.Standing, token sighej.Token) sighej.Standing {
	return sighej.Standing{
		Key: sighej.SessionKey{Token: token, ID: sessionID(p.GetSessionId())}, ExpiresAt: milli(p.GetExpiresAt()),
		Open: p.GetOpen(), Interests: p.GetInterests(), Pending: int(p.GetPending()), Token: sighej.Token(p.GetToken()),
	}
}

func matchToPB(m *sighej.Match) *actorpb.Match {
	if m == nil {
		return nil
	}
	return &actorpb.Match{A: sideToPB(&m.A), B: sideToPB(&m.B), At: m.At.UnixMilli(), Shared: hashesToPB(m.Shared), Blind: m.Blind}
}

func matchFromPB(p *actorpb.Match) *sighej.Match {
	if p == nil {
		return nil
	}
	return &sighej.Match{A: sideFromPB(p.GetA()), B: sideFromPB(p.GetB()), At: milli(p.GetAt()), Shared: hashesFromPB(p.GetShared()), Blind: p.GetBlind()}
}

func sideToPB(s *sighej.Side) *actorpb.Side {
	return &actorpb.Side{Token: string(s.Session.Token), SessionId: s.Session.ID[:], Nudge: s.Nudge[:]}
}

func sideFromPB(p *actorpb.Side) sighej.Side {
	return sighej.Side{
		Session: sighej.SessionKey{Token: sighej.Token(p.GetToken()), ID: sessionID(p.GetSessionId())}, Nudge: nudgeID(p.GetNudge()),
	}
}

// toConnection encodes what a session tells a connection on another member.
func toConnection(connection string, message any) *actorpb.Item {
	switch m := message.(type) {
	case *nudge:
		return &actorpb.Item{Kind: &actorpb.Item_Nudge{Nudge: &actorpb.Nudge{
			Connection: connection, Id: m.id[:], At: m.at.UnixMilli(), Labels: m.labels, Reveals: m.reveals[:],
		}}}
	case *attached:
		return &actorpb.Item{Kind: &actorpb.Item_Attached{Attached: &actorpb.Attached{
			Connection: connection, ExpiresAt: m.expiresAt.UnixMilli(), Pending: uint32(m.pending),
		}}}
	case *ended:
		return &actorpb.Item{Kind: &actorpb.Item_Ended{Ended: &actorpb.Ended{Connection: connection, Code: uint32(m.code)}}}
	}
	panic("actors: not a message to a connection")
}

// fromSession decodes what [toConnection] encoded, on the member at an address.
func fromSession(from string, item *actorpb.Item) (connection string, message any) {
	switch k := item.GetKind().(type) {
	case *actorpb.Item_Nudge:
		return k.Nudge.GetConnection(), &nudge{nudgeID(k.Nudge.GetId()), milli(k.Nudge.GetAt()), k.Nudge.GetLabels(), nudgeID(k.Nudge.GetReveals())}
	case *actorpb.Item_Attached:
		return k.Attached.GetConnection(), &attached{milli(k.Attached.GetExpiresAt()), int(k.Attached.GetPending()), from}
	case *actorpb.Item_Ended:
		return k.Ended.GetConnection(), &ended{wire.CloseCode(k.Ended.GetCode()), from}
	}
	return "", nil
}
