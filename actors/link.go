package actors

import (
	"slices"
	"sync"
	"time"

	"i80.dk/sighej/actors/actorpb"
)

// link is the way to one member. Each side numbers its batches, from 1 on, for one
// life of the other, which it has to know first, and takes none that is for another
// life than its own. So two sides that do not agree who they are find out, and
// begin anew.
type link struct {
	links   *links
	address string

	mu     sync.Mutex
	own    uint64 // life, see [links.begin]
	calls  map[uint64]call
	last   uint64 // call; from a random one on, since the other side may still answer an earlier member at this address
	unsent []*actorpb.Item
	seeks  []seek   // unsent, too
	nobody []uint64 // calls of the other side that are answered so; with the next batch

	sent     uint64           // batches
	unacked  []*actorpb.Batch // the last of them, which the other side may not have taken
	progress time.Time        // when unacked began to be, or the other side took the last one
	again    time.Time        // when unacked is sent again, or the other side asked who it is

	life     uint64 // the other side's; 0: not known yet
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

// flush sends what the window has room for, if the other side is known.
func (k *link) flush() {
	for k.backlog() > 0 && len(k.unacked) < window {
		if k.life == 0 {
			k.greet(time.Now())
			return
		}
		n, m := min(len(k.unsent), maxBatch), min(len(k.seeks), maxBatch)
		k.dispatch(&actorpb.Batch{Items: k.unsent[:n:n], Seeks: columns(k.seeks[:m]), Nobody: k.nobody})
		if k.unsent = k.unsent[n:]; len(k.unsent) == 0 {
			k.unsent = nil
		}
		k.seeks, k.nobody = slices.Delete(k.seeks, 0, m), nil
	}
}

// backlog is how much waits to be sent.
func (k *link) backlog() int { return len(k.unsent) + len(k.seeks) + len(k.nobody) }

// greet asks the other side who it is, unless that was done just now.
func (k *link) greet(now time.Time) {
	if now.Before(k.again) {
		return
	}
	k.again = now.Add(againAfter)
	k.acknowledge()
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
	k.progress = time.Now()
	k.again = k.progress.Add(againAfter)
}

// took handles what has come from the other side but for the requests, which it
// returns. Member tells whether the other side is one.
func (k *link) took(b *actorpb.Batch, member bool) []*actorpb.Item {
	k.mu.Lock()
	if older(b.GetLife(), k.life) { // it was long under way
		k.mu.Unlock()
		return nil
	}
	lost, gap := k.recognise(b.GetLife())
	var requests []*actorpb.Item
	var done []answered
	if b.GetTo() == k.own {
		k.taken(b.GetTaken())
		skipped, fresh := k.inOrder(b)
		if gap = gap || skipped; fresh {
			requests, done = k.sort(b)
		}
	} else {
		k.owes = ackAfter // the other side does not know this one
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
	if gap {
		k.links.lost(k.address)
	}
	return requests
}

// recognise looks whose batch it is. When that is not who was there before, what
// the earlier one was asked is lost, and with it what it had to say.
func (k *link) recognise(life uint64) (lost []call, gap bool) {
	before := k.life
	if life == before {
		return nil, false
	}
	k.life = life
	if before == 0 {
		return nil, false
	}
	// Another member, or a late batch of an earlier one: coming back to this one has
	// to be told from never having left.
	if !sameMember(life, before) {
		k.own = k.links.begin()
	}
	k.sent, k.received, k.unacked = 0, 0, nil
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
		k.owes = ackAfter // the other side does not know what has come
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
// not acknowledged. After as long as a call may take it gives that up; the other
// side learns of the loss by the next batch, which may be empty.
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
	if len(late) > 0 {
		k.forget()
	}
	switch {
	case !member:
	case k.life == 0 && k.backlog() > 0:
		k.greet(now)
	case len(k.unacked) == 0:
	case now.Sub(k.progress) > callTime:
		k.unacked = nil
		if k.flush(); len(k.unacked) == 0 {
			k.dispatch(new(actorpb.Batch))
		}
	case now.After(k.again):
		for _, b := range k.unacked {
			k.links.send(k.address, b)
		}
		k.again = now.Add(againAfter)
	}
	k.mu.Unlock()
	k.links.silent.Add(int64(len(late)))
	for _, c := range late {
		k.answer(c, nil, errPeerSilent)
	}
}

// forget drops what was to be asked and nobody waits for any more.
func (k *link) forget() {
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
