package actors

import (
	"slices"
	"sync"
	"time"

	"i80.dk/sighej/actors/actorpb"
)

// link is the way to one member, and counts from 1 on both sides from the moment
// at which both know each other: each side has a number of its own for that, its
// life, and a batch for another life than that of its receiver is not taken.
type link struct {
	links   *links
	address string
	own     uint64 // life

	mu     sync.Mutex
	calls  map[uint64]call
	last   uint64 // call; from a random one on, since the other side may still answer an earlier member at this address
	unsent []*actorpb.Item
	seeks  []seek   // unsent, too
	nobody []uint64 // calls of the other side that are answered so; with the next batch

	sent     uint64           // batches
	unacked  []*actorpb.Batch // the last of them, which the other side may not have taken
	progress time.Time        // when unacked began to be, or the other side took the last one
	again    time.Time        // when unacked is sent again
	patience time.Duration    // and how long after that

	life     uint64 // the other side's; 0: not known yet
	former   uint64 // the one before
	received uint64 // newest batch of the other side
	owes     int    // batches that are to be acknowledged
}

type call struct {
	until time.Time
	done  func(*actorpb.Item, error) // nil: it is a seek
	seek  seek
}

// answer is what came of a call; no item: a seek found nobody.
func (k *link) answer(c call, item *actorpb.Item, err error) {
	if c.done != nil {
		c.done(item, err)
		return
	}
	k.links.found(k.address, c.seek, item.GetSought(), err)
}

func (k *link) ask(item *actorpb.Item, done func(*actorpb.Item, error)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last++
	item.Call = k.last
	if err := k.postLocked(item); err != nil {
		return err
	}
	k.calls[item.Call] = call{until: time.Now().Add(callTime), done: done}
	return nil
}

func (k *link) post(item *actorpb.Item) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.postLocked(item)
}

// answerNobody answers calls that look for somebody; most sightings end so.
func (k *link) answerNobody(calls []uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.nobody) >= maxUnsent {
		return // the calls run out of time
	}
	k.nobody = append(k.nobody, calls...)
	k.flush()
}

func (k *link) postLocked(item *actorpb.Item) error {
	if len(k.unsent) >= maxUnsent {
		return errPeerBusy
	}
	k.unsent = append(k.unsent, item)
	k.flush()
	return nil
}

// flush sends what the window has room for.
func (k *link) flush() {
	for len(k.unsent)+len(k.seeks)+len(k.nobody) > 0 && len(k.unacked) < window {
		n, m := min(len(k.unsent), maxBatch), min(len(k.seeks), maxBatch)
		k.dispatch(&actorpb.Batch{Items: k.unsent[:n:n], Seeks: columns(k.seeks[:m]), Nobody: k.nobody})
		if k.unsent = k.unsent[n:]; len(k.unsent) == 0 {
			k.unsent = nil
		}
		k.seeks, k.nobody = slices.Delete(k.seeks, 0, m), nil
	}
}

// dispatch sends a batch, again and again until it is acknowledged.
func (k *link) dispatch(b *actorpb.Batch) {
	if len(k.unacked) == 0 {
		k.hope()
	}
	k.sent++
	k.unacked = append(k.unacked, b)
	b.Number, b.First = k.sent, k.first()
	k.send(b)
}

// acknowledge tells the other side what has been taken, and this side's life.
func (k *link) acknowledge() { k.send(new(actorpb.Batch)) }

func (k *link) send(b *actorpb.Batch) {
	k.owes = 0
	b.From, b.Life, b.To, b.Taken = k.links.self, k.own, k.life, k.received
	k.links.send(k.address, b)
}

// first is the number of the oldest batch that may still be sent.
func (k *link) first() uint64 { return k.sent + 1 - uint64(len(k.unacked)) }

// hope begins to wait for an acknowledgement.
func (k *link) hope() {
	k.progress, k.patience = time.Now(), againAfter
	k.again = k.progress.Add(k.patience)
}

// took handles what has come from the other side but for the requests, which it
// returns. Member tells whether the other side is one.
func (k *link) took(b *actorpb.Batch, member bool) []*actorpb.Item {
	k.mu.Lock()
	if b.GetLife() == k.former { // it was long under way
		k.mu.Unlock()
		return nil
	}
	lost, gap := k.recognise(b)
	var requests []*actorpb.Item
	var done []answered
	if b.GetTo() == 0 || b.GetTo() == k.own {
		k.taken(b.GetTaken())
		skipped, fresh := k.inOrder(b)
		if gap = gap || skipped; fresh {
			requests, done = k.sort(b)
		}
	} else if b.GetNumber() > 0 {
		k.owes = ackAfter // it was for an earlier life, and the other side must learn of this one
	}
	k.flush()
	if k.owes >= ackAfter && member {
		k.acknowledge()
	}
	k.mu.Unlock()
	for _, c := range lost {
		k.answer(c, nil, errPeerGone)
	}
	for _, a := range done {
		switch {
		case a.waited:
			k.answer(a.call, a.item, nil)
		case k.links.late != nil:
			k.links.late(a.item)
		}
	}
	if gap && k.links.gap != nil {
		k.links.gap(k.address)
	}
	return requests
}

// recognise looks at whose batch it is. When the other side is another than
// before, what the earlier one was asked is lost, and with it what it had to say.
func (k *link) recognise(b *actorpb.Batch) (lost []call, gap bool) {
	if b.GetLife() == k.life {
		return nil, false
	}
	known := k.life != 0
	k.former, k.life, k.received = k.life, b.GetLife(), 0
	if !known {
		return nil, false
	}
	k.sent, k.unacked = 0, nil
	waiting := k.waiting()
	for number, c := range k.calls {
		if !waiting[number] {
			delete(k.calls, number)
			lost = append(lost, c)
		}
	}
	return lost, true
}

// waiting returns the calls that have not been sent yet.
func (k *link) waiting() map[uint64]bool {
	waiting := make(map[uint64]bool, len(k.unsent)+len(k.seeks))
	for _, item := range k.unsent {
		waiting[item.GetCall()] = true
	}
	for i := range k.seeks {
		waiting[k.seeks[i].call] = true
	}
	return waiting
}

// taken takes note of what the other side has.
func (k *link) taken(number uint64) {
	first := k.first()
	if number < first || number > k.sent {
		return
	}
	k.unacked = slices.Delete(k.unacked, 0, int(number-first)+1) //nolint:gosec // at most their number
	k.hope()
}

// inOrder reports whether a batch is the next one, and whether some before it will
// never come. What comes too early comes again.
func (k *link) inOrder(b *actorpb.Batch) (gap, next bool) {
	if b.GetNumber() == 0 {
		return false, false
	}
	if b.GetFirst() > k.received+1 {
		gap, k.received = true, b.GetFirst()-1
	}
	if b.GetNumber() != k.received+1 {
		k.owes = ackAfter // the other side does not know what is here
		return gap, false
	}
	k.received++
	k.owes++
	return gap, true
}

// answered is an answer that has come, and the call if somebody still waits.
type answered struct {
	call   call
	waited bool
	item   *actorpb.Item // nil: nobody is there
}

// sort divides a batch into what is asked and what is answered. The caller holds
// mu.
func (k *link) sort(b *actorpb.Batch) (requests []*actorpb.Item, done []answered) {
	done = make([]answered, 0, len(b.GetNobody()))
	take := func(number uint64, item *actorpb.Item) {
		c, waited := k.calls[number]
		delete(k.calls, number)
		done = append(done, answered{c, waited, item})
	}
	for _, item := range b.GetItems() {
		if isAnswer(item) {
			take(item.GetCall(), item)
		} else {
			requests = append(requests, item)
		}
	}
	for _, number := range b.GetNobody() {
		take(number, nil)
	}
	return requests, done
}

func isAnswer(item *actorpb.Item) bool {
	switch item.GetKind().(type) {
	case *actorpb.Item_Answer, *actorpb.Item_Sought, *actorpb.Item_Met:
		return true
	}
	return false
}

// sweep fails the calls whose time is over, acknowledges, and sends again what was
// not acknowledged. After as long as a call may take it gives that up, with the
// calls in what waits behind it; the other side, if it is a member, learns of the
// loss by the next batch, which may be empty.
func (k *link) sweep(now time.Time, member bool) {
	k.mu.Lock()
	var late []call
	for number, c := range k.calls {
		if now.After(c.until) {
			delete(k.calls, number)
			late = append(late, c)
		}
	}
	if k.owes > 0 && member {
		k.acknowledge()
	}
	switch {
	case len(k.unacked) == 0:
	case now.Sub(k.progress) > callTime:
		k.giveUp()
		k.flush()
		if len(k.unacked) == 0 && member {
			k.dispatch(new(actorpb.Batch))
		}
	case now.After(k.again) && member:
		for _, b := range k.unacked {
			k.links.send(k.address, b)
		}
		k.patience *= 2
		k.again = now.Add(k.patience)
	}
	k.mu.Unlock()
	for _, c := range late {
		k.answer(c, nil, errPeerSilent)
	}
}

// giveUp drops what was sent, and what nobody waits for any more.
func (k *link) giveUp() {
	k.unacked = nil
	k.unsent = slices.DeleteFunc(k.unsent, func(item *actorpb.Item) bool {
		return item.GetCall() != 0 && !isAnswer(item) && !k.waits(item.GetCall())
	})
	k.seeks = slices.DeleteFunc(k.seeks, func(q seek) bool { return !k.waits(q.call) })
}

func (k *link) waits(number uint64) bool {
	_, waits := k.calls[number]
	return waits
}

// fail ends all calls and drops what waits.
func (k *link) fail(err error) {
	k.mu.Lock()
	calls := k.calls
	k.calls, k.unsent, k.seeks, k.nobody = map[uint64]call{}, nil, nil, nil
	k.mu.Unlock()
	for _, c := range calls {
		k.answer(c, nil, err)
	}
}
