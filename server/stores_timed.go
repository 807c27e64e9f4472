package server

import (
	"context"
	"sync/atomic"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
)

// timedSessions is a store of sessions whose calls are counted and timed.
type timedSessions struct {
	sessionStore
	matches atomic.Int64 // committed by this member

	create, load, loadAll, find, setOpen, block, wave, rotate, forget *operation
	commit, ack, active, ping                                         *operation
	totals, addSightings, seed, lease, sweep                          *operation
}

// timeSessions times one call in every.
func (m storeMetrics) timeSessions(store sessionStore, every uint32) *timedSessions {
	of := func(name string) *operation { return m.operation("sessions", name, every) }
	return &timedSessions{
		sessionStore: store,
		create:       of("create"), load: of("load"), loadAll: of("load_all"), find: of("find"), setOpen: of("set_open"), block: of("block"), wave: of("wave"), rotate: of("rotate"), forget: of("delete"),
		commit: of("commit"), ack: of("ack"), active: of("active"), ping: of("ping"),
		totals: of("totals"), addSightings: of("add_sightings"), seed: of("seed"), lease: of("lease"), sweep: of("sweep"),
	}
}

// Create implements [persistence.Sessions], as do the next twelve.
func (s *timedSessions) Create(ctx context.Context, r persistence.Registration) error {
	ctx, call := s.create.begin(ctx)
	err := s.sessionStore.Create(ctx, r)
	call.end(err)
	return err
}

// Load is timed.
func (s *timedSessions) Load(ctx context.Context, token sighej.Token) (persistence.State, error) {
	ctx, call := s.load.begin(ctx)
	state, err := s.sessionStore.Load(ctx, token)
	call.end(err)
	return state, err
}

// LoadAll is timed, as one.
func (s *timedSessions) LoadAll(ctx context.Context, tokens []sighej.Token) []persistence.Loaded {
	ctx, call := s.loadAll.begin(ctx)
	answers := s.sessionStore.LoadAll(ctx, tokens)
	call.end(answers[0].Err)
	return answers
}

// Find is timed.
func (s *timedSessions) Find(ctx context.Context, access sighej.AccessHash) (sighej.Token, error) {
	ctx, call := s.find.begin(ctx)
	token, err := s.sessionStore.Find(ctx, access)
	call.end(err)
	return token, err
}

// SetOpen is timed.
func (s *timedSessions) SetOpen(ctx context.Context, key sighej.SessionKey, open bool) error {
	ctx, call := s.setOpen.begin(ctx)
	err := s.sessionStore.SetOpen(ctx, key, open)
	call.end(err)
	return err
}

// Block is timed.
func (s *timedSessions) Block(ctx context.Context, key sighej.SessionKey, nudge sighej.NudgeID) (sighej.Pair, error) {
	ctx, call := s.block.begin(ctx)
	pair, err := s.sessionStore.Block(ctx, key, nudge)
	call.end(err)
	return pair, err
}

// Wave is timed.
func (s *timedSessions) Wave(ctx context.Context, key sighej.SessionKey, nudge sighej.NudgeID, at time.Time) (persistence.Waved, error) {
	ctx, call := s.wave.begin(ctx)
	waved, err := s.sessionStore.Wave(ctx, key, nudge, at)
	call.end(err)
	return waved, err
}

// Rotate is timed.
func (s *timedSessions) Rotate(ctx context.Context, key sighej.SessionKey, token sighej.Token, grace time.Duration) (sighej.Rotation, error) {
	ctx, call := s.rotate.begin(ctx)
	r, err := s.sessionStore.Rotate(ctx, key, token, grace)
	call.end(err)
	return r, err
}

// Delete is timed.
func (s *timedSessions) Delete(ctx context.Context, key sighej.SessionKey) error {
	ctx, call := s.forget.begin(ctx)
	err := s.sessionStore.Delete(ctx, key)
	call.end(err)
	return err
}

// commitOutcomes are the words for the outcomes of a commit.
var commitOutcomes = map[sighej.Outcome]string{
	sighej.Committed: "committed", sighej.Refused: "refused", sighej.AlreadyMatched: "already_matched",
}

// Commit is timed, and its matches are counted.
func (s *timedSessions) Commit(ctx context.Context, m sighej.Match) (sighej.Outcome, error) {
	ctx, call := s.commit.begin(ctx)
	outcome, err := s.sessionStore.Commit(ctx, m)
	if err != nil {
		call.end(err)
		return outcome, err
	}
	call.endAs(commitOutcomes[outcome])
	if outcome == sighej.Committed {
		s.matches.Add(1)
	}
	return outcome, nil
}

// Ack is timed.
func (s *timedSessions) Ack(ctx context.Context, key sighej.SessionKey, ids []sighej.NudgeID) error {
	ctx, call := s.ack.begin(ctx)
	err := s.sessionStore.Ack(ctx, key, ids)
	call.end(err)
	return err
}

// Active is timed.
func (s *timedSessions) Active(ctx context.Context) (int64, error) {
	ctx, call := s.active.begin(ctx)
	n, err := s.sessionStore.Active(ctx)
	call.end(err)
	return n, err
}

// Ping is timed.
func (s *timedSessions) Ping(ctx context.Context) error {
	ctx, call := s.ping.begin(ctx)
	err := s.sessionStore.Ping(ctx)
	call.end(err)
	return err
}

// Totals implements [persistence.Counters], as do the next three.
func (s *timedSessions) Totals(ctx context.Context, day persistence.Day) (persistence.Totals, error) {
	ctx, call := s.totals.begin(ctx)
	t, err := s.sessionStore.Totals(ctx, day)
	call.end(err)
	return t, err
}

// AddSightings is timed.
func (s *timedSessions) AddSightings(ctx context.Context, day persistence.Day, writer string, seq, n int64) error {
	ctx, call := s.addSightings.begin(ctx)
	err := s.sessionStore.AddSightings(ctx, day, writer, seq, n)
	call.end(err)
	return err
}

// Seed is timed.
func (s *timedSessions) Seed(ctx context.Context, t persistence.Totals) error {
	ctx, call := s.seed.begin(ctx)
	err := s.sessionStore.Seed(ctx, t)
	call.end(err)
	return err
}

// Lease is timed.
func (s *timedSessions) Lease(ctx context.Context, holder string, ttl time.Duration) (bool, error) {
	ctx, call := s.lease.begin(ctx)
	held, err := s.sessionStore.Lease(ctx, holder, ttl)
	call.end(err)
	return held, err
}

// Sweep is timed.
func (s *timedSessions) Sweep(ctx context.Context) error {
	ctx, call := s.sweep.begin(ctx)
	err := s.sessionStore.Sweep(ctx)
	call.end(err)
	return err
}

// timedStatistics is a statistics store whose calls are counted and timed.
type timedStatistics struct {
	persistence.Statistics
	merge, totals, history, ping *operation
}

func (m storeMetrics) timeStatistics(store persistence.Statistics) *timedStatistics {
	of := func(name string) *operation { return m.operation("statistics", name, 1) }
	return &timedStatistics{Statistics: store, merge: of("merge"), totals: of("totals"), history: of("history"), ping: of("ping")}
}

// Merge implements [persistence.Statistics], as do the others.
func (s *timedStatistics) Merge(ctx context.Context, t persistence.Totals) error {
	ctx, call := s.merge.begin(ctx)
	err := s.Statistics.Merge(ctx, t)
	call.end(err)
	return err
}

// Totals is timed.
func (s *timedStatistics) Totals(ctx context.Context, day persistence.Day) (persistence.Totals, error) {
	ctx, call := s.totals.begin(ctx)
	t, err := s.Statistics.Totals(ctx, day)
	call.end(err)
	return t, err
}

// History is timed.
func (s *timedStatistics) History(ctx context.Context, first persistence.Day) ([]persistence.Totals, error) {
	ctx, call := s.history.begin(ctx)
	days, err := s.Statistics.History(ctx, first)
	call.end(err)
	return days, err
}

// Ping is timed.
func (s *timedStatistics) Ping(ctx context.Context) error {
	ctx, call := s.ping.begin(ctx)
	err := s.Statistics.Ping(ctx)
	call.end(err)
	return err
}
