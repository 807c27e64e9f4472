package storetest

import (
	"bytes"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

// model is what a store does, written down as simply as it goes: the sessions
// by token, none of which expires.
type model struct {
	live    map[sighej.Token]*modelSession
	matches []sighej.Match // that were ever tried
	totals  persistence.Totals
}

type modelSession struct {
	registration persistence.Registration
	open         bool
	outbox       []sighej.Nudge
	matched      map[sighej.SessionID]sighej.Nudge
	blocked      map[sighej.SessionKey]bool
}

func (m *model) session(key sighej.SessionKey) *modelSession {
	if s := m.live[key.Token]; s != nil && s.registration.Session.ID == key.ID {
		return s
	}
	return nil
}

func (m *model) create(r persistence.Registration) sighej.Code {
	if s := m.live[r.Session.Token]; s != nil {
		if s.registration.Session.ID == r.Session.ID {
			return ""
		}
		return sighej.CodeTokenLive
	}
	m.live[r.Session.Token] = &modelSession{registration: r, open: r.Open, matched: make(map[sighej.SessionID]sighej.Nudge), blocked: make(map[sighej.SessionKey]bool)}
	m.totals.Sessions++
	for _, category := range r.Categories {
		m.totals.Categories[category]++
	}
	return ""
}

func (m *model) commit(match sighej.Match) sighej.Outcome {
	a, b := m.session(match.A.Session), m.session(match.B.Session)
	remembers := func(s *modelSession, own, peer sighej.Side) bool {
		return s != nil && s.matched[peer.Session.ID].ID == own.Nudge
	}
	switch {
	case remembers(a, match.A, match.B), remembers(b, match.B, match.A):
		return sighej.Committed
	case a == nil, b == nil, a == b, !a.open, !b.open, a.blocked[match.B.Session], b.blocked[match.A.Session]:
		return sighej.Refused
	}
	if _, before := a.matched[match.B.Session.ID]; before {
		return sighej.AlreadyMatched
	}
	a.outbox = append(a.outbox, nudgeOf(match.A, match))
	b.outbox = append(b.outbox, nudgeOf(match.B, match))
	a.matched[match.B.Session.ID], b.matched[match.A.Session.ID] = nudgeOf(match.A, match), nudgeOf(match.B, match)
	m.totals.Matches++
	return sighej.Committed
}

// withdraw takes the nudges about a session out of all outboxes.
func (m *model) withdraw(about *modelSession) {
	for _, s := range m.live {
		n := s.matched[about.registration.Session.ID]
		s.outbox = slices.DeleteFunc(s.outbox, func(o sighej.Nudge) bool { return o.ID == n.ID })
	}
}

func (s *modelSession) state() persistence.State {
	state := persistence.State{Session: s.registration.Session, Open: s.open, Outbox: s.outbox}
	for n := range maps.Values(s.matched) {
		state.MatchedAt = append(state.MatchedAt, n.At)
	}
	slices.SortFunc(state.MatchedAt, time.Time.Compare)
	return state
}

// model drives the store and the model with the same steps, retries and late
// ones among them, and compares all that can be seen.
func (s sessions) model(t *testing.T) {
	store := s.open(t)
	day := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(rt *rapid.T) {
		day = day.AddDate(0, 0, 1) // each run has counters of its own
		run := modelRun{
			store: store,
			model: &model{live: make(map[sighej.Token]*modelSession)},
			clock: day,
		}
		run.model.totals = persistence.Totals{Day: persistence.DayOf(day), Categories: make(map[string]int64)}
		for range 4 {
			run.tokens = append(run.tokens, sighej.NewToken())
		}
		rt.Repeat(map[string]func(*rapid.T){
			"create":       run.create,
			"create again": run.createAgain,
			"open":         run.setOpen,
			"delete":       run.delete,
			"commit":       run.commit,
			"commit again": run.commitAgain,
			"ack":          run.ack,
			"block":        run.block,
			"":             run.check,
		})
	})
}

type modelRun struct {
	store  Store
	model  *model
	tokens []sighej.Token
	known  []persistence.Registration // that were ever tried
	clock  time.Time
}

func (r *modelRun) tick() time.Time {
	r.clock = r.clock.Add(time.Millisecond)
	return r.clock
}

func (r *modelRun) create(t *rapid.T) {
	registration := registration(long)
	registration.Session.Token = rapid.SampledFrom(r.tokens).Draw(t, "token")
	registration.Session.CreatedAt = r.tick()
	registration.Open = rapid.IntRange(0, 3).Draw(t, "open") > 0
	r.known = append(r.known, registration)
	r.compareCreate(t, registration)
}

func (r *modelRun) createAgain(t *rapid.T) {
	known := r.pick(t)
	if s := r.model.live[known.Session.Token]; s == nil {
		return // the retry of a session that is over would begin it anew
	}
	r.compareCreate(t, known)
}

func (r *modelRun) compareCreate(t *rapid.T, registration persistence.Registration) {
	want := r.model.create(registration)
	if got := sighej.CodeOf(r.store.Create(t.Context(), registration)); got != want {
		t.Fatalf("Create: code %q, want %q", got, want)
	}
}

func (r *modelRun) pick(t *rapid.T) persistence.Registration {
	if len(r.known) == 0 {
		r.create(t)
	}
	return rapid.SampledFrom(r.known).Draw(t, "session")
}

func (r *modelRun) setOpen(t *rapid.T) {
	key, open := r.pick(t).Session.Key(), rapid.Bool().Draw(t, "open")
	want := sighej.CodeNotFound
	if s := r.model.session(key); s != nil {
		s.open, want = open, ""
		if !open {
			r.model.withdraw(s)
		}
	}
	if got := sighej.CodeOf(r.store.SetOpen(t.Context(), key, open)); got != want {
		t.Fatalf("SetOpen: code %q, want %q", got, want)
	}
}

func (r *modelRun) delete(t *rapid.T) {
	key := r.pick(t).Session.Key()
	if r.model.session(key) != nil {
		delete(r.model.live, key.Token)
	}
	if err := r.store.Delete(t.Context(), key); err != nil {
		t.Fatalf("Delete: %v", err)
	}
}

func (r *modelRun) commit(t *rapid.T) {
	match := matchOf(r.pick(t), r.pick(t))
	match.At = r.tick()
	r.model.matches = append(r.model.matches, match)
	r.compareCommit(t, match)
}

func (r *modelRun) commitAgain(t *rapid.T) {
	match := r.pickMatch(t)
	if rapid.Bool().Draw(t, "reversed") {
		match = reversed(match)
	}
	r.compareCommit(t, match)
}

func (r *modelRun) pickMatch(t *rapid.T) sighej.Match {
	if len(r.model.matches) == 0 {
		r.commit(t)
	}
	return rapid.SampledFrom(r.model.matches).Draw(t, "match")
}

func (r *modelRun) compareCommit(t *rapid.T, match sighej.Match) {
	want := r.model.commit(match)
	got, err := r.store.Commit(t.Context(), match)
	if err != nil || got != want {
		t.Fatalf("Commit: outcome %d, want %d (%v)", got, want, err)
	}
}

func (r *modelRun) ack(t *rapid.T) {
	match := r.pickMatch(t)
	side := match.A
	if rapid.Bool().Draw(t, "other side") {
		side = match.B
	}
	if s := r.model.session(side.Session); s != nil {
		s.outbox = slices.DeleteFunc(s.outbox, func(n sighej.Nudge) bool { return n.ID == side.Nudge })
	}
	if err := r.store.Ack(t.Context(), side.Session, []sighej.NudgeID{side.Nudge, match.A.Nudge}); err != nil {
		t.Fatalf("Ack: %v", err)
	}
	if s := r.model.session(side.Session); s != nil {
		s.outbox = slices.DeleteFunc(s.outbox, func(n sighej.Nudge) bool { return n.ID == match.A.Nudge })
	}
}

func (r *modelRun) block(t *rapid.T) {
	match := r.pickMatch(t)
	side, peer := match.A, match.B
	if rapid.Bool().Draw(t, "other side") {
		side, peer = match.B, match.A
	}
	want := sighej.CodeNotFound
	if s := r.model.session(side.Session); s != nil && s.matched[peer.Session.ID].ID == side.Nudge {
		s.blocked[peer.Session], want = true, ""
		s.outbox = slices.DeleteFunc(s.outbox, func(n sighej.Nudge) bool { return n.ID == side.Nudge })
	}
	if _, err := r.store.Block(t.Context(), side.Session, side.Nudge); sighej.CodeOf(err) != want {
		t.Fatalf("Block: code %q, want %q", sighej.CodeOf(err), want)
	}
}

func (r *modelRun) check(t *rapid.T) {
	for _, token := range r.tokens {
		got, err := r.store.Load(t.Context(), token)
		s := r.model.live[token]
		if s == nil {
			wantCode(t, "Load", err, sighej.CodeNotFound)
			continue
		}
		wantCode(t, "Load", err, "")
		slices.SortFunc(s.outbox, func(a, b sighej.Nudge) int { return a.At.Compare(b.At) })
		want := s.state()
		for peer := range s.blocked {
			want.Blocked = append(want.Blocked, r.store.Pair(s.registration.Session.Key(), peer))
		}
		for _, state := range []*persistence.State{&got, &want} {
			slices.SortFunc(state.Blocked, func(a, b sighej.Pair) int { return bytes.Compare(a[:], b[:]) })
		}
		wantEqual(t, "state", got, want)
	}
	wantEqual(t, "totals", totals(t, r.store, r.model.totals.Day), r.model.totals)
}
