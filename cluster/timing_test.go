package cluster_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"i80.dk/sighej/cluster"
)

var errAway = errors.New("the leases are away")

// weak are leases that a test can make fail or hang.
type weak struct {
	cluster.Leases
	away    atomic.Bool
	before  atomic.Pointer[func()] // of each renewal, when it has been sent
	after   atomic.Pointer[func()] // of each renewal, when it has been done
	renewed atomic.Int64
}

func (w *weak) Acquire(ctx context.Context, m cluster.Member, term time.Duration) ([]cluster.Member, error) {
	if w.away.Load() {
		return nil, errAway
	}
	return w.Leases.Acquire(ctx, m, term)
}

func (w *weak) Renew(ctx context.Context, m cluster.Member, term time.Duration, announce bool) ([]cluster.Member, bool, error) {
	if do := w.before.Load(); do != nil {
		(*do)()
	}
	if w.away.Load() {
		return nil, false, errAway
	}
	w.renewed.Add(1)
	members, drain, err := w.Leases.Renew(ctx, m, term, announce)
	if do := w.after.Load(); do != nil {
		(*do)()
	}
	return members, drain, err
}

func (w *weak) Release(ctx context.Context, id string) error {
	if w.away.Load() {
		return errAway
	}
	return w.Leases.Release(ctx, id)
}

// inBubble runs a test in which time passes only when all wait.
func inBubble(t *testing.T, test func(*testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

func TestMayActEndsBeforeTheLease(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		leases := &weak{Leases: cluster.NewStaticLeases()}
		a, _ := join(t, config(leases), "a")
		b, _ := join(t, config(leases.Leases), "b")
		time.Sleep(10 * time.Second)
		if !a.MayAct() || !b.MayAct() {
			t.Fatal("members that renew may not act")
		}
		leases.away.Store(true)
		last := time.Now() // a second after it was renewed at most
		<-a.Ended()
		if a.MayAct() {
			t.Error("a member may act that has been fenced")
		}
		if _, there := b.View().Member("a"); !there {
			t.Error("the others took over before the member was fenced")
		}
		if act := time.Since(last); act < 3*time.Second || act > 4*time.Second {
			t.Errorf("the member was fenced after %v", act)
		}
		if len(a.View().Members()) != 0 {
			t.Error("a fenced member has a view")
		}
		time.Sleep(2 * time.Second)
		if _, there := b.View().Member("a"); there {
			t.Error("a lease that is over is still listed")
		}
	})
}

// The deadline counts from before a renewal is sent, not from its answer.
func TestSlowRenewalsCountFromTheirStart(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		leases := &weak{Leases: cluster.NewStaticLeases()}
		a, _ := join(t, config(leases), "a")
		slow := func() { time.Sleep(2 * time.Second) }
		leases.after.Store(&slow)
		for leases.renewed.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		sent := time.Now()
		time.Sleep(2500 * time.Millisecond)
		leases.away.Store(true)
		<-a.Ended()
		if act := time.Since(sent); act < 3900*time.Millisecond || act > 4*time.Second {
			t.Errorf("a renewal lets the member act for %v after it was sent", act)
		}
	})
}

// A renewal that hangs neither keeps the member going nor, when it succeeds at
// last, brings it back.
func TestLateSuccessIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		leases := &weak{Leases: cluster.NewStaticLeases()}
		a, _ := join(t, config(leases), "a")
		hang := func() { time.Sleep(4500 * time.Millisecond) }
		leases.after.Store(&hang)
		<-a.Ended()
		if leases.renewed.Load() != 1 || a.MayAct() {
			t.Fatal("the member was not fenced while a renewal hung")
		}
		time.Sleep(10 * time.Second)
		if a.MayAct() || len(a.View().Members()) != 0 {
			t.Error("the late answer brought the member back")
		}
	})
}

// A freeze of the process shows in nothing but the clock.
func TestAfterAFreezeTheFirstAnswerIsNo(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		leases := &weak{Leases: cluster.NewStaticLeases()}
		m, err := cluster.Join(t.Context(), config(leases), "a", "127.0.0.1:7000")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(4*time.Second - time.Nanosecond)
		if !m.MayAct() {
			t.Error("the member may not act though its lease lasts")
		}
		time.Sleep(time.Nanosecond)
		if m.MayAct() {
			t.Error("the member may act in the margin of its lease")
		}
		// Its lease still lasts, so a renewal would succeed now.
		if err := m.Run(t.Context()); !errors.Is(err, cluster.ErrFenced) || m.MayAct() {
			t.Errorf("it goes on: %v", err)
		}
	})
}

func TestShortOutageIsNone(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var book logBook
		leases := &weak{Leases: cluster.NewStaticLeases()}
		cfg := config(leases)
		cfg.Logger = loggerTo(&book)
		a, _ := join(t, cfg, "a")
		for range 3 {
			leases.away.Store(true)
			time.Sleep(2500 * time.Millisecond)
			leases.away.Store(false)
			time.Sleep(2500 * time.Millisecond)
			if !a.MayAct() {
				t.Fatal("the member was fenced")
			}
		}
		for _, line := range []string{"the lease cannot be renewed", "the lease is renewed again"} {
			if got := book.count(line); got != 3 {
				t.Errorf("%q is logged %d times, want 3:\n%s", line, got, &book)
			}
		}
	})
}

// Whoever misses the notices looks each second.
func TestPollingIsEnough(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		leases := deaf{cluster.NewStaticLeases()}
		a, _ := join(t, config(leases), "a")
		b, _ := join(t, config(leases), "b")
		time.Sleep(1100 * time.Millisecond)
		agree(t, viewsOf(a, b), "a", "b")
		if err := b.Leave(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1100 * time.Millisecond)
		agree(t, viewsOf(a), "a")
	})
}

// deaf are leases whose notices are lost.
type deaf struct{ cluster.Leases }

func (deaf) Watch(ctx context.Context, _ func(cluster.Notice)) error {
	<-ctx.Done()
	return nil
}

func TestWatchIsToldOnceForMany(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		leases := cluster.NewStaticLeases()
		a, _ := join(t, config(leases), "a")
		var told []string
		gate := make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			a.Watch(t.Context(), func(before, after *cluster.View) {
				told = append(told, strings.Join(ids(before.Members()), "")+">"+strings.Join(ids(after.Members()), ""))
				<-gate
			})
		}()
		synctest.Wait()
		for _, id := range []string{"b", "c", "d"} { // while the first call is under way
			join(t, config(leases), id)
			time.Sleep(time.Second)
		}
		close(gate)
		synctest.Wait()
		if err := a.Leave(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-done
		if got, want := strings.Join(told, " "), ">a a>abcd abcd>"; got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	})
}

func TestWatchEndsWithItsContext(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		a, _ := join(t, config(cluster.NewStaticLeases()), "a")
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		calls := 0
		a.Watch(ctx, func(_, _ *cluster.View) { calls++ })
		if calls != 1 {
			t.Errorf("%d calls for a membership in which nothing changed", calls)
		}
	})
}

func TestDrain(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		leases := &weak{Leases: cluster.NewStaticLeases()}
		a, _ := join(t, config(leases), "a")
		b, _ := join(t, config(leases), "b")
		synctest.Wait()
		leases.away.Store(true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("drained without the leases: %v", err)
		}
		leases.away.Store(false)
		if err := b.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if b.View().Share("b") != 0 || !b.MayAct() || b.Self().State != cluster.Draining {
			t.Errorf("drained, but %+v owns %d partitions; may act: %t", b.Self(), b.View().Share("b"), b.MayAct())
		}
		synctest.Wait() // no time passes: the notice brings it
		if m, there := a.View().Member("b"); !there || m.State != cluster.Draining || a.View().Share("a") != 1024 {
			t.Errorf("the other sees %+v and owns %d", m, a.View().Share("a"))
		}
		if err := b.Leave(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := b.Drain(t.Context()); err == nil {
			t.Error("a member drained after it had left")
		}
	})
}

func TestLeave(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		leases := &weak{Leases: cluster.NewStaticLeases()}
		a, _ := join(t, config(leases.Leases), "a")
		m, err := cluster.Join(t.Context(), config(leases), "b", "127.0.0.1:7001")
		if err != nil {
			t.Fatal(err)
		}
		ran := make(chan error)
		go func() { ran <- m.Run(t.Context()) }()
		synctest.Wait()
		leases.away.Store(true)
		if err := m.Leave(t.Context()); !errors.Is(err, errAway) {
			t.Errorf("left without the leases: %v", err)
		}
		if m.MayAct() {
			t.Error("a member may act that has left")
		}
		if err := <-ran; err != nil {
			t.Errorf("Run: %v", err)
		}
		leases.away.Store(false)
		if err := m.Leave(t.Context()); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		agree(t, viewsOf(a), "a")
	})
}

func TestCountsAreTold(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		leases := cluster.NewStaticLeases()
		a, _ := join(t, config(leases), "a")
		var sessions atomic.Int64
		cfg := config(leases)
		cfg.Counts = func() cluster.Counts { return cluster.Counts{Sessions: int(sessions.Load()), Connections: 4} }
		join(t, cfg, "b")
		for n := range 3 {
			sessions.Store(int64(n))
			time.Sleep(3 * time.Second)
			b, _ := a.View().Member("b")
			if want := (cluster.Counts{Sessions: n, Connections: 4, Partitions: a.View().Share("b")}); b.Counts != want {
				t.Errorf("b says %+v, want %+v", b.Counts, want)
			}
		}
	})
}

func TestStrangersAreRefused(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var book logBook
		leases := cluster.NewStaticLeases()
		cfg := config(leases)
		cfg.Protocol, cfg.Logger = 2, loggerTo(&book)
		join(t, cfg, "a")
		synctest.Wait()
		_, err := cluster.Join(t.Context(), config(leases), "b", "127.0.0.1:7001")
		if err == nil || !strings.HasSuffix(err.Error(), "this member speaks protocol 1; the cluster speaks 2") {
			t.Errorf("refused with: %v", err)
		}
		synctest.Wait()
		if book.count("a member was refused") != 1 {
			t.Errorf("the cluster does not log the refusal once:\n%s", &book)
		}
		if _, err := cluster.Join(t.Context(), config(leases), "", "127.0.0.1:7001"); err == nil {
			t.Error("a member without an id joined")
		}
	})
}

// A lease that the leases do not know any more is as good as over.
func TestLostLeaseFences(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		leases := cluster.NewStaticLeases()
		m, err := cluster.Join(t.Context(), config(leases), "a", "127.0.0.1:7000")
		if err != nil {
			t.Fatal(err)
		}
		ran := make(chan error)
		go func() { ran <- m.Run(t.Context()) }()
		synctest.Wait()
		if err := leases.Release(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // no time passes: the notice brings it
		if m.MayAct() {
			t.Error("the member may act without a lease")
		}
		if err := <-ran; !errors.Is(err, cluster.ErrFenced) || !errors.Is(err, cluster.ErrLost) {
			t.Errorf("Run: %v", err)
		}
	})
}

// hoarse are leases whose notices break off at first.
type hoarse struct {
	cluster.Leases
	fails atomic.Int32
}

func (h *hoarse) Watch(ctx context.Context, heard func(cluster.Notice)) error {
	if h.fails.Add(-1) >= 0 {
		return errAway
	}
	return h.Leases.Watch(ctx, heard)
}

func TestNoticesAreHeardAgain(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var book logBook
		leases := &hoarse{Leases: cluster.NewStaticLeases()}
		leases.fails.Store(2)
		cfg := config(leases)
		cfg.Logger = loggerTo(&book)
		a, _ := join(t, cfg, "a")
		time.Sleep(2500 * time.Millisecond)
		join(t, config(leases), "b")
		synctest.Wait() // no time passes: the notice brings it
		agree(t, viewsOf(a), "a", "b")
		if got := book.count("changes of the cluster are seen late"); got != 2 {
			t.Errorf("logged %d times:\n%s", got, &book)
		}
	})
}

// A member learns within a second, also without a notice, that it was asked to
// drain; the others are left alone.
func TestAskedToDrain(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		leases := cluster.NewStaticLeases()
		a, _ := join(t, config(leases), "a")
		b, _ := join(t, config(leases), "b")
		if err := leases.AskToDrain(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		select {
		case <-a.Asked():
		case <-time.After(1100 * time.Millisecond):
			t.Error("the member was not told")
		}
		select {
		case <-b.Asked():
			t.Error("another member was told")
		default:
		}
	})
}
