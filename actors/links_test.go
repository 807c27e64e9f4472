package actors

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"i80.dk/sighej/actors/actorpb"
)

// wires are the way between members "a" and "b" of a test: what is sent arrives
// when the test says so, or not at all.
type wires struct {
	mu   sync.Mutex
	a, b *links
	lost bool
	held []func() // batches under way, while hold is set
	hold bool
	most int // items in a batch
	took map[string]int
}

func newWires(t *testing.T) *wires {
	t.Helper()
	w := &wires{took: map[string]int{}}
	w.a = newLinks("a", func(_ string, b *actorpb.Batch) { w.carry(&w.b, b) })
	w.b = newLinks("b", func(_ string, b *actorpb.Batch) { w.carry(&w.a, b) })
	t.Cleanup(func() { w.a.close(); w.b.close() })
	return w
}

// carry never delivers on the sender's goroutine, as the network does not.
func (w *wires) carry(to **links, b *actorpb.Batch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lost {
		return
	}
	w.most = max(w.most, len(b.GetItems()))
	deliver := func() { w.deliver(*to, b) }
	if w.hold {
		w.held = append(w.held, deliver)
		return
	}
	go deliver()
}

func (w *wires) deliver(to *links, b *actorpb.Batch) {
	for _, item := range to.took(b) {
		w.mu.Lock()
		w.took[item.GetSeek().GetToken()]++
		w.mu.Unlock()
		if item.GetCall() != 0 {
			to.note(b.GetFrom(), &actorpb.Item{Call: item.GetCall(), Kind: &actorpb.Item_Sought{Sought: &actorpb.Sought{
				Session: &actorpb.Session{Token: item.GetSeek().GetToken()},
			}}})
		}
	}
}

func (w *wires) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

// release lets go what is under way, in order.
func (w *wires) release() {
	var held []func()
	w.set(func() { held, w.held, w.hold = w.held, nil, false })
	for _, deliver := range held {
		deliver()
	}
}

func seekItem(token string) *actorpb.Item {
	return &actorpb.Item{Kind: &actorpb.Item_Seek{Seek: &actorpb.Seek{Token: token}}}
}

// answers collects what came of calls.
type answers struct {
	mu     sync.Mutex
	tokens map[string]int
	errs   []error
}

func (a *answers) take(item *actorpb.Item, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.errs = append(a.errs, err)
		return
	}
	if a.tokens == nil {
		a.tokens = map[string]int{}
	}
	a.tokens[item.GetSought().GetSession().GetToken()]++
}

// Each call gets its own answer, once, however many are under way.
func TestCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, got := newWires(t), &answers{}
		for i := range 5000 {
			w.a.call("b", seekItem(fmt.Sprint(i)), got.take)
			w.b.call("a", seekItem(fmt.Sprint(i)), got.take)
		}
		synctest.Wait()
		if len(got.errs) > 0 || len(got.tokens) != 5000 {
			t.Fatalf("%d answers, errors %v", len(got.tokens), got.errs)
		}
		for token, n := range got.tokens {
			if n != 2 {
				t.Fatalf("%s was answered %d times", token, n)
			}
		}
	})
}

// While a member takes nothing, what is under way to it is bounded, and what
// waits is too; when it goes on, it gets all of that in large batches.
func TestBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires(t)
		w.set(func() { w.hold = true })
		posted := 0
		for w.a.note("b", seekItem("x")) {
			if posted++; posted > 2*maxUnsent {
				t.Fatal("there is no bound")
			}
		}
		if posted != maxUnsent+window {
			t.Errorf("%d items were taken, want %d", posted, maxUnsent+window)
		}
		if len(w.held) != window {
			t.Errorf("%d batches are under way, want %d", len(w.held), window)
		}
		var refused error
		w.a.call("b", seekItem("y"), func(_ *actorpb.Item, err error) { refused = err })
		if !errors.Is(refused, errPeerBusy) {
			t.Errorf("a call was answered with %v", refused)
		}
		w.release()
		synctest.Wait()
		if w.took["x"] != posted || w.most != maxBatch {
			t.Errorf("%d of %d items arrived, at most %d in a batch", w.took["x"], posted, w.most)
		}
	})
}

// What is lost under way fails the calls that were in it, and nothing else; the
// link goes on.
func TestLostBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, lost, later := newWires(t), &answers{}, &answers{}
		w.set(func() { w.lost = true })
		for range 100 { // more than the window
			w.a.call("b", seekItem("lost"), lost.take)
		}
		time.Sleep(callTime + 2*sweepEvery) // on the bubble's clock
		synctest.Wait()
		if len(lost.errs) != 100 || !errors.Is(lost.errs[0], errPeerSilent) {
			t.Fatalf("%d calls failed, with %v", len(lost.errs), lost.errs)
		}
		w.set(func() { w.lost = false })
		w.a.call("b", seekItem("later"), later.take)
		time.Sleep(2 * callTime)
		synctest.Wait()
		if later.tokens["later"] != 1 || len(later.errs) > 0 {
			t.Errorf("later calls: %v, %v", later.tokens, later.errs)
		}
	})
}

// A member that started anew under its old address counts from 1 again.
func TestPeerStartsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, got := newWires(t), &answers{}
		for range 40 {
			w.b.call("a", seekItem("before"), got.take)
			w.a.call("b", seekItem("before"), got.take)
			synctest.Wait()
		}
		old := w.b
		w.set(func() { w.b = newLinks("b", func(_ string, b *actorpb.Batch) { w.carry(&w.a, b) }) })
		old.close()
		for range 40 {
			w.b.call("a", seekItem("after"), got.take)
			w.a.call("b", seekItem("after"), got.take)
			synctest.Wait()
		}
		if got.tokens["before"] != 80 || got.tokens["after"] != 80 || len(got.errs) > 0 {
			t.Errorf("%v, %v", got.tokens, got.errs)
		}
	})
}

// Calls to a member that has gone fail at once; those to others do not notice.
func TestMemberHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, got := newWires(t), &answers{}
		w.set(func() { w.hold = true })
		w.a.call("b", seekItem("x"), got.take)
		w.a.keep(map[string]bool{"b": true})
		if len(got.errs) != 0 {
			t.Fatalf("failed with %v though b is there", got.errs)
		}
		w.a.keep(map[string]bool{"c": true})
		if len(got.errs) != 1 || !errors.Is(got.errs[0], errPeerGone) {
			t.Errorf("failed with %v", got.errs)
		}
		w.release() // the answer comes too late, and harms nobody
		synctest.Wait()
		if len(got.tokens) != 0 {
			t.Errorf("answered twice: %v", got.tokens)
		}
	})
}
