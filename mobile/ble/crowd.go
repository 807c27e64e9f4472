package ble

import (
	"time"

	"i80.dk/sighej"
)

// MaxPeers is how many phones a crowd knows. When another comes, the one that was
// not heard for the longest time is forgotten, so that whoever sends made-up
// tokens costs no memory.
const MaxPeers = 1024

// Times after which a phone that is still heard is worth another sighting, since
// the answer may have become another: it may be open only now. Each is twice the
// one before.
const (
	firstAgain = time.Minute
	lastAgain  = 8 * time.Minute
)

// Crowd is the phones that one phone hears: who of them is in range, and which
// are worth a sighting. A phone that took a new token is another one to it, and
// the one before is in range until its silence has lasted. It is not safe for
// concurrent use.
type Crowd struct {
	peers  map[sighej.Token]*peer
	newest *peer // by when they were heard
	oldest *peer
}

type peer struct {
	token        sighej.Token
	signal       Signal
	due          time.Time     // not before this is it worth another sighting
	again        time.Duration // what the next pause is
	decided      bool          // it never is again
	newer, older *peer
}

// NewCrowd returns an empty crowd.
func NewCrowd() *Crowd { return &Crowd{peers: map[sighej.Token]*peer{}} }

// Hear takes a packet in. It tells whether it is worth a sighting, which is then
// taken to be made, and whether the phone's band is another than before.
func (c *Crowd) Hear(at time.Time, token sighej.Token, rssi int, silence time.Duration) (worth, moved bool) {
	p := c.peers[token]
	if p == nil {
		p = c.meet(token)
	}
	before := p.signal.Band(at, silence)
	if before == Gone && !p.signal.Heard().IsZero() {
		p.signal = Signal{} // it comes back: what it was is no measure of what it is
	}
	band := p.signal.Hear(at, rssi)
	c.freshen(p)
	if band != Gone && !p.decided && !at.Before(p.due) {
		worth = true
		p.again = max(firstAgain, min(2*p.again, lastAgain))
		p.due = at.Add(p.again)
	}
	return worth, band != before
}

// Decided tells that a sighting of the phone made a match, or can never make one.
func (c *Crowd) Decided(token sighej.Token) {
	if p := c.peers[token]; p != nil {
		p.decided = true
	}
}

// Undecided tells that a sighting got no answer: from then on it is worth another.
func (c *Crowd) Undecided(token sighej.Token, then time.Time) {
	if p := c.peers[token]; p != nil {
		p.due, p.again = then, 0
	}
}

// Power returns a phone's smoothed power in dBm; false when it is not known.
func (c *Crowd) Power(token sighej.Token) (int, bool) {
	p := c.peers[token]
	if p == nil {
		return 0, false
	}
	return p.signal.Power(), true
}

// InRange counts the phones in range, and those of them that are very near. They
// are as many until change, unless a packet comes; zero: for ever.
func (c *Crowd) InRange(at time.Time, silence time.Duration) (all, veryNear int, change time.Time) {
	for p := c.newest; p != nil; p = p.older {
		switch p.signal.Band(at, silence) {
		case VeryNear:
			veryNear++
		case Near:
		default:
			if at.Sub(p.signal.Heard()) >= silence {
				return all, veryNear, change // so are all that are older
			}
			continue
		}
		all++
		change = p.signal.Heard().Add(silence) // the oldest is the first to go
	}
	return all, veryNear, change
}

// Renew makes every phone worth a sighting again, as for a new session, which has
// no matches yet.
func (c *Crowd) Renew() {
	for p := c.newest; p != nil; p = p.older {
		p.due, p.again, p.decided = time.Time{}, 0, false
	}
}

// Forget forgets everybody.
func (c *Crowd) Forget() { *c = *NewCrowd() }

func (c *Crowd) meet(token sighej.Token) *peer {
	if len(c.peers) >= MaxPeers {
		delete(c.peers, c.oldest.token)
		c.unlink(c.oldest)
	}
	p := &peer{token: token}
	c.peers[token] = p
	c.link(p)
	return p
}

func (c *Crowd) freshen(p *peer) {
	if c.newest != p {
		c.unlink(p)
		c.link(p)
	}
}

func (c *Crowd) link(p *peer) {
	p.newer, p.older = nil, c.newest
	if c.newest != nil {
		c.newest.newer = p
	} else {
		c.oldest = p
	}
	c.newest = p
}

func (c *Crowd) unlink(p *peer) {
	if p.newer != nil {
		p.newer.older = p.older
	} else {
		c.newest = p.older
	}
	if p.older != nil {
		p.older.newer = p.newer
	} else {
		c.oldest = p.newer
	}
}
