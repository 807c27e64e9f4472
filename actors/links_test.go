package actors

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
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
	line chan func() // delivers, in order
	most int         // items in a batch
	took map[string]int

	order []string // of what b took
	gaps  int      // that b was told of
}

func newWires(t *testing.T) *wires {
	t.Helper()
	w := &wires{took: map[string]int{}, line: make(chan func(), 4*maxUnsent)}
	var line sync.WaitGroup
	line.Go(func() {
		for deliver := range w.line {
			deliver()
		}
	})
	w.a = newLinks("a", func(_ string, b *actorpb.Batch) { w.carry(&w.b, b) })
	w.b = newLinks("b", func(_ string, b *actorpb.Batch) { w.carry(&w.a, b) })
	w.b.gap = func(string) { w.set(func() { w.gaps++ }) }
	t.Cleanup(func() {
		w.a.close()
		w.b.close()
		w.set(func() { w.lost = true })
		close(w.line)
		line.Wait()
	})
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
	deliver := func() {
		w.mu.Lock()
		receiver := *to
		w.mu.Unlock()
		w.deliver(receiver, b)
	}
	if w.hold {
		w.held = append(w.held, deliver)
		return
	}
	w.line <- deliver
}

func (w *wires) deliver(to *links, b *actorpb.Batch) {
	for _, item := range to.took(b) {
		w.mu.Lock()
		w.took[item.GetSeek().GetToken()]++
		w.order = append(w.order, item.GetSeek().GetToken())
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
	w.set(func() {
		for _, deliver := range w.held {
			w.line <- deliver
		}
		w.held, w.hold = nil, false
	})
}

// acquaint makes the two sides know each other.
func (w *wires) acquaint() {
	w.a.note("b", seekItem("hello"))
	time.Sleep(2 * sweepEvery) // by then it is acknowledged
	synctest.Wait()
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
		w.acquaint()
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

// What is lost under way comes again, and is taken once.
func TestLostBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, got := newWires(t), &answers{}
		for round := range 20 {
			for range 100 { // more than the window
				w.a.call("b", seekItem("x"), got.take)
				w.a.note("b", seekItem("note"))
			}
			w.set(func() { w.lost = round%2 == 0 }) // now what was asked, now the answers, now acknowledgements
			time.Sleep(sweepEvery * time.Duration(1+round%4))
			w.set(func() { w.lost = false })
			time.Sleep(sweepEvery)
		}
		time.Sleep(callTime)
		synctest.Wait()
		if len(got.errs) > 0 || got.tokens["x"] != 2000 {
			t.Errorf("%d calls were answered, errors %v", got.tokens["x"], got.errs)
		}
		if w.took["x"] != 2000 || w.took["note"] != 2000 || w.gaps != 0 {
			t.Errorf("taken: %v; told of a gap %d times", w.took, w.gaps)
		}
	})
}

// Who is at the other side is asked again, too.
func TestLostGreeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, got := newWires(t), &answers{}
		w.set(func() { w.lost = true })
		w.a.call("b", seekItem("x"), got.take)
		w.set(func() { w.lost = false })
		time.Sleep(callTime)
		synctest.Wait()
		if got.tokens["x"] != 1 {
			t.Errorf("%v, %v", got.tokens, got.errs)
		}
	})
}

// A link that stays cut fails the calls that were in it, with all that waited, and
// nothing else; the other side learns that notes are missing, and the link goes on.
func TestCutLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, lost, later := newWires(t), &answers{}, &answers{}
		w.a.call("b", seekItem("before"), later.take)
		synctest.Wait()
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
		if w.took["lost"] != 0 {
			t.Errorf("%d calls were carried out that nobody waited for any more", w.took["lost"])
		}
		if w.gaps != 1 {
			t.Errorf("the other side was told of a gap %d times", w.gaps)
		}
	})
}

// Batches that come out of order, or twice, are taken once and in order.
func TestBatchesOutOfOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, got := newWires(t), &answers{}
		w.acquaint()
		w.set(func() { w.hold = true })
		for i := range 8 {
			w.a.call("b", seekItem(fmt.Sprint(i)), got.take)
		}
		w.set(func() {
			slices.Reverse(w.held)
			w.held = append(w.held, w.held...)
		})
		w.release()
		time.Sleep(callTime)
		synctest.Wait()
		if len(got.errs) > 0 || len(got.tokens) != 8 {
			t.Errorf("%v, errors %v", got.tokens, got.errs)
		}
		if want := []string{"hello", "0", "1", "2", "3", "4", "5", "6", "7"}; !slices.Equal(w.order, want) {
			t.Errorf("taken as %v", w.order)
		}
	})
}

// A member that started anew under its old address has nothing of what went to
// the earlier one: those calls fail as soon as it is heard of, later ones do not.
func TestPeerStartsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, got, lost := newWires(t), &answers{}, &answers{}
		both := func(token string) {
			for range 40 {
				w.b.call("a", seekItem(token), got.take)
				w.a.call("b", seekItem(token), got.take)
				synctest.Wait()
			}
		}
		both("before")
		w.set(func() { w.lost = true })
		w.a.call("b", seekItem("lost"), lost.take)
		old := w.b
		w.set(func() {
			w.lost = false
			w.b = newLinks("b", func(_ string, b *actorpb.Batch) { w.carry(&w.a, b) })
		})
		old.close()
		time.Sleep(2 * againAfter) // a knows nothing of that, and sends again
		synctest.Wait()
		if len(lost.errs) != 1 || !errors.Is(lost.errs[0], errPeerGone) || w.took["lost"] != 0 {
			t.Errorf("a call of the earlier member: %v, %v", lost.tokens, lost.errs)
		}
		both("after")
		if got.tokens["before"] != 80 || got.tokens["after"] != 80 || len(got.errs) > 0 {
			t.Errorf("%v, %v", got.tokens, got.errs)
		}
	})
}

// A member that another one takes for gone, and then sees again, is talked to as
// before, by both sides.
func TestLinkMadeAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, got := newWires(t), &answers{}
		both := func() {
			for range 40 {
				w.a.call("b", seekItem("x"), got.take)
				w.b.call("a", seekItem("x"), got.take)
				synctest.Wait()
			}
		}
		both()
		w.a.keep(map[string]bool{})
		w.a.keep(map[string]bool{"b": true})
		w.b.call("a", seekItem("first"), got.take) // which does not know of that
		synctest.Wait()
		if len(got.errs) != 1 || !errors.Is(got.errs[0], errPeerGone) {
			t.Errorf("what the other side had asked just then: %v, %v", got.tokens["first"], got.errs)
		}
		both()
		if got.tokens["x"] != 160 || len(got.errs) != 1 {
			t.Errorf("%v, %v", got.tokens, got.errs)
		}
	})
}

// Whatever has happened to batches and to what the two sides know of each other:
// soon after it is over they talk as before.
func TestLinksRecover(t *testing.T) {
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) {
			w, r := newWires(t), rand.New(rand.NewPCG(seed, 0))
			for range 40 {
				w.trouble(r)
				time.Sleep(time.Duration(r.Int64N(int64(2 * againAfter))))
			}
			w.set(func() { w.lost = false })
			w.release()
			time.Sleep(2 * callTime)
			synctest.Wait()
			var got *answers
			for range 2 { // by the first calls they may learn who the other one is
				got = &answers{}
				w.a.call("b", seekItem("x"), got.take)
				w.b.call("a", seekItem("x"), got.take)
				time.Sleep(callTime + sweepEvery)
				synctest.Wait()
			}
			if got.tokens["x"] != 2 {
				t.Errorf("seed %d: %v, %v", seed, got.tokens, got.errs)
			}
		})
		if t.Failed() {
			return
		}
	}
}

// trouble is one thing that may happen.
func (w *wires) trouble(r *rand.Rand) {
	a, b := w.a, w.b
	switch r.IntN(8) {
	case 0:
		w.set(func() { w.lost = !w.lost })
	case 1:
		w.set(func() { w.hold = true })
	case 2: // in another order, and some of it again later
		var late []func()
		w.set(func() {
			r.Shuffle(len(w.held), func(i, j int) { w.held[i], w.held[j] = w.held[j], w.held[i] })
			late = slices.Clone(w.held[:len(w.held)/2])
		})
		w.release()
		w.set(func() { w.held = append(w.held, late...) })
	case 3: // a sees b leave and come back
		a.keep(map[string]bool{})
		a.keep(map[string]bool{"b": true})
	case 4:
		b.keep(map[string]bool{})
		b.keep(map[string]bool{"a": true})
	case 5:
		w.set(func() { w.b = newLinks("b", func(_ string, batch *actorpb.Batch) { w.carry(&w.a, batch) }) })
		b.close()
	default:
		for range r.IntN(30) {
			a.call("b", seekItem("y"), func(*actorpb.Item, error) {})
			b.call("a", seekItem("y"), func(*actorpb.Item, error) {})
		}
	}
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
