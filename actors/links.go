package actors

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/actors/actorpb"
)

const (
	maxUnsent  = 16_384          // items that wait for a member; one more and the caller is told to come again
	maxBatch   = 256             // items in a batch, and seeks
	window     = 16              // batches under way to a member that it has not acknowledged
	ackAfter   = window / 4      // batches, unless another one goes there before; the rest with the next sweep
	callTime   = 3 * time.Second // for an answer; less than a phone's call waits, so that it learns why
	sweepEvery = 250 * time.Millisecond
)

var (
	errPeerBusy   = sighej.Errorf(sighej.CodeOverloaded, "the session's member is busy").After(time.Second)
	errPeerSilent = sighej.Errorf(sighej.CodeUnavailable, "the session's member does not answer").After(time.Second)
	errPeerGone   = sighej.Errorf(sighej.CodeUnavailable, "the session's member has gone").After(time.Second)
)

// links are this member's ways to the others. What is under way to one of them
// is bounded, and so is what waits for it: batches are acknowledged, and while
// too many are not, items gather for the next. So a fast member gets each item at
// once, and a busy one fewer and larger batches.
//
// A batch may be lost with a connection. Calls have a deadline for that, and the
// receiver of notes is told that some are missing: batches are numbered, and
// after a loss another one follows, if need be an empty one. All methods are safe
// for concurrent use and never block; a call's done is called once, and must not
// block either.
type links struct {
	self string // address of this member's remote
	life uint64
	send func(address string, b *actorpb.Batch)

	gap   func(address string)                                       // told when something from there was lost; nil: nobody
	late  func(*actorpb.Item)                                        // takes answers that nobody waits for any more; nil: nobody
	found func(address string, q seek, r *actorpb.Sought, err error) // takes the answers to seeks; no r: nobody is there
	fresh func() map[string]bool                                     // the addresses of all members now; nil: those of keep

	mu      sync.Mutex
	to      map[string]*link
	members map[string]bool // addresses; nil: not known
	closed  bool

	stop chan struct{}
	done sync.WaitGroup
}

func newLinks(self string, send func(string, *actorpb.Batch)) *links {
	l := &links{self: self, life: rand.Uint64(), send: send, to: map[string]*link{}, stop: make(chan struct{})} //nolint:gosec // no secret
	l.done.Go(l.sweep)
	return l
}

// close fails all calls and waits for the sweeper.
func (l *links) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	close(l.stop)
	l.done.Wait()
	for _, k := range l.all() {
		k.fail(errPeerGone)
	}
}

func (l *links) all() (all []*link) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range l.to {
		all = append(all, k)
	}
	return all
}

// get returns the link to a member; nil if there is none at the address. Whoever
// dials one that has gone keeps the next member there waiting for seconds.
func (l *links) get(address string) *link {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.to[address] == nil && l.members != nil && !l.members[address] {
		if l.fresh != nil {
			l.members = l.fresh()
		}
		if !l.members[address] {
			return nil
		}
	}
	return l.linkLocked(address)
}

// here reports whether there is a member at an address. The last batch of one that
// has gone is not acknowledged.
func (l *links) here(address string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.members != nil && !l.members[address] && l.fresh != nil {
		l.members = l.fresh()
	}
	return l.members == nil || l.members[address]
}

// of returns the link to whoever has sent something, who may have joined before
// this member has seen it.
func (l *links) of(address string) *link {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.linkLocked(address)
}

func (l *links) linkLocked(address string) *link {
	k := l.to[address]
	if k == nil {
		k = &link{links: l, address: address, last: rand.Uint64() >> 16, calls: map[uint64]call{}} //nolint:gosec // no secret
		l.to[address] = k
	}
	return k
}

// keep fails what is under way to members that are not among those.
func (l *links) keep(addresses map[string]bool) {
	l.mu.Lock()
	l.members = addresses
	l.mu.Unlock()
	for _, k := range l.all() {
		if !addresses[k.address] {
			l.mu.Lock()
			delete(l.to, k.address)
			l.mu.Unlock()
			k.fail(errPeerGone)
		}
	}
}

// call asks a member. done gets the answer, or why there is none.
func (l *links) call(address string, item *actorpb.Item, done func(*actorpb.Item, error)) {
	err := error(errPeerGone)
	if k := l.get(address); k != nil {
		err = k.ask(item, done)
	}
	if err != nil {
		done(nil, err)
	}
}

// note tells a member something that nobody answers, and reports false when it
// certainly does not arrive.
func (l *links) note(address string, item *actorpb.Item) bool {
	k := l.get(address)
	return k != nil && k.post(item) == nil
}

// nobody answers a member's seeks: there is nobody who shares an interest.
func (l *links) nobody(address string, calls ...uint64) {
	if k := l.get(address); k != nil && len(calls) > 0 {
		k.answerNobody(calls)
	}
}

// took handles what has come from a member but for the items, and returns those
// that are no answers.
func (l *links) took(b *actorpb.Batch) []*actorpb.Item {
	here := l.here(b.GetFrom())
	return l.of(b.GetFrom()).took(b, here)
}

// known reports whether there may be a member at an address.
func (l *links) known(address string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.members == nil || l.members[address]
}

func (l *links) sweep() {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-l.stop:
			return
		case now := <-ticker.C:
			for _, k := range l.all() {
				k.sweep(now, l.known(k.address))
			}
		}
	}
}

// link is the way to one member.
type link struct {
	links   *links
	address string

	mu       sync.Mutex
	unsent   []*actorpb.Item
	seeks    []seek   // unsent, too
	nobody   []uint64 // calls of the other side that are answered so; with the next batch
	sent     uint64   // batches
	taken    uint64   // of them, by the other side
	progress time.Time
	life     uint64 // the other side's
	received uint64 // newest batch of the other side
	owes     int    // batches that are to be acknowledged
	last     uint64 // call; from a random one on, since the other side may still answer an earlier member at this address
	calls    map[uint64]call
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
	for len(k.unsent)+len(k.seeks)+len(k.nobody) > 0 && k.sent-k.taken < window {
		if k.sent == k.taken {
			k.progress = time.Now()
		}
		k.sent++
		n, m := min(len(k.unsent), maxBatch), min(len(k.seeks), maxBatch)
		k.dispatch(k.sent, k.unsent[:n:n], columns(k.seeks[:m]))
		if k.unsent = k.unsent[n:]; len(k.unsent) == 0 {
			k.unsent = nil
		}
		k.seeks = slices.Delete(k.seeks, 0, m)
	}
}

func (k *link) dispatch(number uint64, items []*actorpb.Item, seeks *actorpb.Seeks) {
	k.owes = 0
	k.links.send(k.address, &actorpb.Batch{
		From: k.links.self, Life: k.links.life, Number: number, Taken: k.received, Items: items, Seeks: seeks, Nobody: k.nobody,
	})
	k.nobody = nil
}

func (k *link) took(b *actorpb.Batch, member bool) []*actorpb.Item {
	k.mu.Lock()
	gap := k.gap(b)
	if taken := min(b.GetTaken(), k.sent); taken > k.taken {
		k.taken, k.progress = taken, time.Now()
	}
	if b.GetNumber() > 0 {
		k.received = max(k.received, b.GetNumber())
		k.owes++
	}
	k.flush()
	if k.owes >= ackAfter && member {
		k.dispatch(0, nil, nil)
	}
	requests, done := k.sort(b)
	k.mu.Unlock()
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

// gap reports whether batches before this one were lost, or went to an earlier
// member at this address, or the other side is another than before. It is that of
// the newest life from here on.
func (k *link) gap(b *actorpb.Batch) bool {
	another := false
	if b.GetLife() != k.life {
		another = k.life != 0
		k.life, k.received = b.GetLife(), 0
	}
	return another || b.GetNumber() > k.received+1
}

func isAnswer(item *actorpb.Item) bool {
	switch item.GetKind().(type) {
	case *actorpb.Item_Answer, *actorpb.Item_Sought, *actorpb.Item_Met:
		return true
	}
	return false
}

// sweep fails the calls whose time is over, and takes batches for lost that were
// not acknowledged for as long. The other side, if it is a member, learns of the
// loss by the number of the next one.
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
		k.dispatch(0, nil, nil)
	}
	if k.sent > k.taken && now.Sub(k.progress) > callTime {
		k.taken, k.progress = k.sent, now
		k.flush()
		if k.sent == k.taken && member {
			k.sent++
			k.dispatch(k.sent, nil, nil)
		}
	}
	k.mu.Unlock()
	for _, c := range late {
		k.answer(c, nil, errPeerSilent)
	}
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
