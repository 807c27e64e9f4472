package actors

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/persistence"
	"i80.dk/sighej/persistence/memstore"
	"i80.dk/sighej/wire"
)

// TestCrossfire has both sides of 10,000 pairs report each other at once.
func TestCrossfire(t *testing.T) {
	const pairs = 10_000
	store := memstore.New()
	s := newSystem(t, store, nil)
	phones := make([][2]phone, pairs)
	for i := range phones {
		for side := range 2 {
			phones[i][side] = register(t, s, fmt.Sprintf("pair_%05d_%d", i, side), "go", "chess")
		}
	}
	sockets := make([][2]*socket, pairs)
	for i := range phones {
		for side := range 2 {
			sockets[i][side] = phones[i][side].connect(false)
		}
	}
	var sent atomic.Int64
	var wg sync.WaitGroup
	for worker := range 64 {
		side := worker % 2
		wg.Go(func() {
			for i := worker / 2; i < pairs; i += 32 {
				v, err := s.Sight(context.Background(), phones[i][side].Caller, []sighej.Sighting{{Token: phones[i][1-side].Token}})
				if err != nil || !v[0].Match {
					t.Errorf("pair %d: %+v, %v", i, v, err)
					return
				}
				if v[0].NudgeSent {
					sent.Add(1)
				}
			}
		})
	}
	wg.Wait()
	for i := range phones {
		for side := range 2 {
			sockets[i][side].awaitFrames(2)
			phones[i][side].awaitPending(1)
			if n := sockets[i][side].count(wire.TypeNudge); n != 1 {
				t.Errorf("pair %d, side %d: %d nudges", i, side, n)
			}
		}
	}
	totals, err := store.Totals(t.Context(), persistence.DayOf(time.Now()))
	if err != nil || totals.Matches != pairs || sent.Load() != pairs {
		t.Errorf("%d matches counted and %d answers with nudge_sent, want %d of both (%v)", totals.Matches, sent.Load(), pairs, err)
	}
}

func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Store: memstore.New(), Lexicon: lexicon(), TTL: 2 * time.Hour, Logger: testLogger(t)})
		a, b := register(t, s, "alice1", "go"), register(t, s, "bob001", "go")
		sock := a.connect(false)
		sock.awaitFrames(1)
		time.Sleep(2*time.Hour - time.Millisecond)
		synctest.Wait()
		if sock.closeCode() != 0 {
			t.Error("closed before its time")
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if code := sock.closeCode(); code != wire.CloseExpired || sock.count(wire.TypeExpired) != 1 {
			t.Errorf("at its time: %d expired frames, close code %d", sock.count(wire.TypeExpired), code)
		}
		_, err := s.Admit(t.Context(), b.Caller)
		code(t, err, sighej.CodeUnauthorized)
		time.Sleep(30 * time.Second) // sessions without a phone go within the spread
		synctest.Wait()
		if n := s.Activated(); n != 0 {
			t.Errorf("%d sessions left", n)
		}
		if err := s.Close(t.Context(), wire.CloseDraining); err != nil {
			t.Error(err)
		}
	})
}

func TestRegisteringAnExpiredTokenAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Store: memstore.New(), Lexicon: lexicon(), TTL: time.Hour, Logger: testLogger(t)})
		old := register(t, s, "alice1", "go")
		time.Sleep(time.Hour) // its actor may linger for the spread
		register(t, s, "alice1", "chess")
		b := register(t, s, "bob001", "go", "chess")
		if v := b.hears("alice1"); !equal(v, sighej.Verdict{Match: true, Shared: []string{"chess"}, NudgeSent: true}) {
			t.Errorf("%+v", v)
		}
		_, err := s.Admit(t.Context(), old.Caller)
		code(t, err, sighej.CodeUnauthorized)
		if err := s.Close(t.Context(), wire.CloseDraining); err != nil {
			t.Error(err)
		}
	})
}

func TestPanickedSessionIsActivatedAgain(t *testing.T) {
	s := newSystem(t, memstore.New(), nil)
	a, b := register(t, s, "alice1", "go"), register(t, s, "bob001", "go")
	b.hears(a.Token)
	sock := a.connect(false)
	sock.awaitFrames(2)
	snap, _ := s.index.Load(a.Token)
	panicked := false
	s.send(snap.pid, &describe{func(sighej.Standing, error) {
		if !panicked {
			panicked = true
			panic("as a defect would")
		}
	}})
	sock.awaitClose(wire.CloseReset)
	deadline := time.Now().Add(10 * time.Second)
	for now := snap; now == snap && time.Now().Before(deadline); now, _ = s.index.Load(a.Token) {
		_, _ = s.Admit(t.Context(), a.Caller)
	}
	a.awaitPending(1)
	a.connect(false).awaitFrames(2)
}

// TestActivation starts a second system over the store of a first, as a
// restart does.
func TestActivation(t *testing.T) {
	store := memstore.New()
	first := newSystem(t, store, func(c *Config) { c.MatchesPerHour = 2 })
	a, b := register(t, first, "alice1", "DevOps", "our own word"), register(t, first, "bob001", "devops", "our own word")
	if v := a.hears(b.Token); !v.NudgeSent {
		t.Fatal(v)
	}
	register(t, first, "carol1", "devops")

	s := newSystem(t, store, func(c *Config) { c.MatchesPerHour = 2 })
	a.s, b.s = s, s
	frames := a.connect(false).awaitFrames(2)
	if got := fmt.Sprint(frames[1]["shared_interests"]); got != "[devops other]" {
		t.Error("labels after a restart:", got)
	}
	if v := b.hears(a.Token); !v.Match || v.NudgeSent {
		t.Errorf("a pair matched before the restart: %+v", v)
	}
	if v := a.hears("carol1"); !v.NudgeSent {
		t.Errorf("a peer that only the store knew: %+v", v)
	}
	if v := a.hears(register(t, s, "dave01", "devops").Token); v.Code != sighej.CodeMatchLimit {
		t.Errorf("the matches before the restart did not count: %+v", v)
	}
}

// faulty is a store that fails some steps, before or after they are done.
type faulty struct {
	persistence.Sessions
	before, after atomic.Bool
}

var errAway = sighej.Errorf(sighej.CodeUnavailable, "the store is away")

func (f *faulty) Commit(ctx context.Context, m sighej.Match) (sighej.Outcome, error) {
	if f.before.Load() {
		return sighej.Refused, errAway
	}
	o, err := f.Sessions.Commit(ctx, m)
	if f.after.Load() {
		return sighej.Refused, errAway
	}
	return o, err
}

func (f *faulty) Block(ctx context.Context, key sighej.SessionKey, nudge sighej.NudgeID) (sighej.Pair, error) {
	if f.before.Load() {
		return sighej.Pair{}, errAway
	}
	return f.Sessions.Block(ctx, key, nudge)
}

func (f *faulty) Load(ctx context.Context, token sighej.Token) (persistence.State, error) {
	if f.before.Load() {
		return persistence.State{}, errAway
	}
	return f.Sessions.Load(ctx, token)
}

func (f *faulty) LoadAll(ctx context.Context, tokens []sighej.Token) []persistence.Loaded {
	return persistence.LoadEach(ctx, tokens, f.Load)
}

func TestStoreAway(t *testing.T) {
	store := &faulty{Sessions: memstore.New()}
	s := newSystem(t, store, nil)
	a, b, c := register(t, s, "alice1", "go"), register(t, s, "bob001", "go"), register(t, s, "carol1", "chess")
	store.before.Store(true)
	if v := a.hears(b.Token); v.Code != sighej.CodeUnavailable || v.Match {
		t.Errorf("an overlap: %+v", v)
	}
	if v := a.hears(c.Token); !equal(v, sighej.Verdict{}) {
		t.Errorf("no overlap: %+v", v)
	}
	store.before.Store(false)
	if v := a.hears(b.Token); !v.NudgeSent {
		t.Errorf("after it came back: %+v", v)
	}
}

func TestCommitWhoseAnswerWasLost(t *testing.T) {
	store := &faulty{Sessions: memstore.New()}
	s := newSystem(t, store, nil)
	a, b := register(t, s, "alice1", "go"), register(t, s, "bob001", "go")
	sa, sb := a.connect(false), b.connect(false)
	store.after.Store(true)
	if v := a.hears(b.Token); v.Code != sighej.CodeUnavailable {
		t.Errorf("%+v", v)
	}
	store.after.Store(false)
	for _, sock := range []*socket{sa, sb} {
		sock.awaitFrames(2)
	}
	if v := a.hears(b.Token); !v.Match || v.NudgeSent {
		t.Errorf("%+v", v)
	}
	for _, sock := range []*socket{sa, sb} {
		if n := sock.count(wire.TypeNudge); n != 1 {
			t.Errorf("%d nudges", n)
		}
	}
}

// slow is a store that gives a commit up and takes it all the same, after the
// session has been looked at once.
type slow struct {
	persistence.Sessions
	mu    sync.Mutex
	late  *sighej.Match
	looks map[sighej.Token]bool
}

func (f *slow) Commit(_ context.Context, m sighej.Match) (sighej.Outcome, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.late, f.looks = &m, map[sighej.Token]bool{}
	return sighej.Refused, errAway
}

func (f *slow) Load(ctx context.Context, token sighej.Token) (persistence.State, error) {
	state, err := f.Sessions.Load(ctx, token)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.late == nil {
		return state, err
	}
	if f.looks[token] = true; len(f.looks) == 2 { // both have been told that there is nothing
		_, _ = f.Sessions.Commit(ctx, *f.late)
		f.late = nil
	}
	return state, err
}

func (f *slow) LoadAll(ctx context.Context, tokens []sighej.Token) []persistence.Loaded {
	return persistence.LoadEach(ctx, tokens, f.Load)
}

func TestCommitThatComesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Store: &slow{Sessions: memstore.New()}, Lexicon: lexicon(), TTL: time.Hour, Logger: testLogger(t)})
		a, b := register(t, s, "alice1", "go"), register(t, s, "bob001", "go")
		sa, sb := a.connect(false), b.connect(false)
		if v := a.hears(b.Token); v.Code != sighej.CodeUnavailable {
			t.Errorf("%+v", v)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		for _, sock := range []*socket{sa, sb} {
			if n := sock.count(wire.TypeNudge); n != 1 {
				t.Errorf("%d nudges", n)
			}
		}
		if err := s.Close(t.Context(), wire.CloseDraining); err != nil {
			t.Error(err)
		}
	})
}

// crossing is a store that lets two commits go on only when both are under way.
type crossing struct {
	persistence.Sessions
	both sync.WaitGroup
}

func (f *crossing) Commit(ctx context.Context, m sighej.Match) (sighej.Outcome, error) {
	f.both.Done()
	f.both.Wait()
	return f.Sessions.Commit(ctx, m)
}

// Both sides report each other at once, and the store knows of a match that
// nobody has told them of.
func TestCrossfireAfterAnUnseenMatch(t *testing.T) {
	store := &crossing{Sessions: memstore.New()}
	store.both.Add(2)
	s := newSystem(t, store, nil)
	a, b := register(t, s, "alice1", "go"), register(t, s, "bob001", "go")
	sockets := []*socket{a.connect(false), b.connect(false)}
	for _, sock := range sockets {
		sock.awaitFrames(1)
	}
	commitUnseen(t, store.Sessions, s, a.Token, b.Token)
	var wg sync.WaitGroup
	for _, hears := range [][2]phone{{a, b}, {b, a}} {
		wg.Go(func() {
			if v := hears[0].hears(hears[1].Token); !v.Match || v.NudgeSent {
				t.Errorf("%+v", v)
			}
		})
	}
	wg.Wait()
	for _, sock := range sockets {
		sock.awaitFrames(2)
	}
}

// commitUnseen makes a match without the system knowing of it.
func commitUnseen(t *testing.T, store persistence.Sessions, s *System, a, b sighej.Token) {
	t.Helper()
	one, _ := s.index.Load(a)
	two, _ := s.index.Load(b)
	if o, err := store.Commit(t.Context(), sighej.Match{
		A:  sighej.Side{Session: one.session.Key(), Nudge: sighej.NewNudgeID()},
		B:  sighej.Side{Session: two.session.Key(), Nudge: sighej.NewNudgeID()},
		At: time.Now(), Shared: one.session.Interests,
	}); o != sighej.Committed || err != nil {
		t.Fatal(o, err)
	}
}

// A commit that another activation had asked for, such as one of a member that
// was fenced, may be done after the session was loaded here.
func TestCommitOfAnotherActivation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		first := New(Config{Store: store, Lexicon: lexicon(), TTL: time.Hour, Logger: testLogger(t)})
		a, b := register(t, first, "alice1", "go"), register(t, first, "bob001", "go")
		s := New(Config{Store: store, Lexicon: lexicon(), TTL: time.Hour, Logger: testLogger(t)})
		sock := a.on(s).connect(false)
		sock.awaitFrames(1)
		commitUnseen(t, store, first, a.Token, b.Token)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if n := sock.count(wire.TypeNudge); n != 1 {
			t.Errorf("%d nudges", n)
		}
		for _, system := range []*System{first, s} {
			if err := system.Close(t.Context(), wire.CloseDraining); err != nil {
				t.Error(err)
			}
		}
	})
}
