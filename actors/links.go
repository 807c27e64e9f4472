package actors

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
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
	againAfter = 500 * time.Millisecond // batches that are not acknowledged are sent again, and again
)

var (
	errPeerBusy   = sighej.Errorf(sighej.CodeOverloaded, "the session's member is busy").After(time.Second)
	errPeerSilent = sighej.Errorf(sighej.CodeUnavailable, "the session's member does not answer").After(time.Second)
	errPeerGone   = sighej.Errorf(sighej.CodeUnavailable, "the session's member has gone").After(time.Second)
)

// peerLost reports whether a call came to nothing because of the member it went to.
func peerLost(err error) bool { return errors.Is(err, errPeerGone) || errors.Is(err, errPeerSilent) }

// links are this member's ways to the others. What is under way to one of them
// is bounded, and so is what waits for it: batches are acknowledged, and while
// too many are not, items gather for the next. So a fast member gets each item at
// once, and a busy one fewer and larger batches.
//
// A batch may be lost with a connection. It is sent again until it is acknowledged,
// for as long as a call may take, and taken once, in order. The receiver learns
// what was given up by the first number that may still come. All methods are safe
// for concurrent use and never block; a call's done is called once, and must not
// block either.
type links struct {
	self string // address of this member's remote
	life uint64 // tells this member from earlier ones at its address
	send func(address string, b *actorpb.Batch)

	gap   func(address string)                                       // told when something from there was lost; nil: nobody
	late  func(*actorpb.Item)                                        // takes answers that nobody waits for any more; nil: nobody
	found func(address string, q seek, r *actorpb.Sought, err error) // takes the answers to seeks; no r: nobody is there
	fresh func() map[string]bool                                     // the addresses of all members now; nil: those of keep

	mu      sync.Mutex
	to      map[string]*link
	members map[string]bool // addresses; nil: not known
	closed  bool

	begun  atomic.Uint64 // lives of links
	silent atomic.Int64  // calls that were not answered in time
	gaps   atomic.Int64

	stop chan struct{}
	done sync.WaitGroup
}

// The low bits of a link's life count those of one member, the others are the
// member's own.
const lifeBits = 24

// begin returns another life for a link, later than all before it.
func (l *links) begin() uint64 { return l.life + l.begun.Add(1) }

func sameMember(life, other uint64) bool { return life>>lifeBits == other>>lifeBits }

// older reports whether one life of a member was before another.
func older(life, other uint64) bool { return sameMember(life, other) && life < other }

// newLinks returns the links of the member at self; send hands a batch to the
// network, in order and without waiting. It may still read it when it has returned.
func newLinks(self string, send func(string, *actorpb.Batch)) *links {
	l := &links{self: self, life: rand.Uint64() << lifeBits, send: send, to: map[string]*link{}, stop: make(chan struct{})} //nolint:gosec // no secret
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
// has gone is not acknowledged, and nothing is sent to it again.
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
		k = &link{links: l, address: address, own: l.begin(), last: rand.Uint64() >> 16, calls: map[uint64]call{}} //nolint:gosec // no secret
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

func (l *links) sweep() {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-l.stop:
			return
		case now := <-ticker.C:
			for _, k := range l.all() {
				k.sweep(now, l.here(k.address))
			}
		}
	}
}

// lost tells that something from a member did not arrive.
func (l *links) lost(address string) {
	l.gaps.Add(1)
	if l.gap != nil {
		l.gap(address)
	}
}
