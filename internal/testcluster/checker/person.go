package checker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/phone"
	"i80.dk/sighej/wire"
)

// person is one phone with its book of nudges.
type person struct {
	*phone.Phone
	name   string
	labels []string

	mu     sync.Mutex
	nudges map[string][]string // ids by the label that was shared
}

// pair is two people with an overlap, who have met.
type pair struct {
	a, b  *person
	label string
	acked bool // a member said that they match
	sent  int  // answers with nudge_sent
}

const (
	handshake = 3 * time.Second // then the phone tries the next member
	pause     = time.Second     // what the contract asks for with 503
	giveUp    = 2 * time.Minute // much longer than any fault lasts
)

// join registers a phone with these labels and keeps it connected. Each try takes
// a new token, since nobody knows what became of the one before.
func (c *Crowd) join(ctx context.Context, name string, labels []string) *person {
	p := &person{name: name, labels: labels, nudges: map[string][]string{}}
	way := &rotation{edges: c.edges}
	way.next.Store(rand.Uint64N(uint64(len(c.edges)))) //nolint:gosec // no secret
	cfg := phone.Config{
		Base: everywhere, Interests: labels, HTTPClient: c.client, OnNudge: func(n wire.Nudge) { c.nudged(p, n) },
		Dialer: &websocket.Dialer{NetDialContext: way.dial, HandshakeTimeout: handshake, ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10},
	}
	c.persist(ctx, "POST /session of "+name, func(ctx context.Context) (string, string, error) {
		cfg.Token = sighej.NewToken()
		c.mu.Lock()
		c.tries++
		c.mu.Unlock()
		var err error
		p.Phone, err = phone.Register(ctx, cfg)
		return c.cfg.Home(cfg.Token), "", err
	})
	if p.Phone == nil {
		return nil
	}
	c.mu.Lock()
	c.people = append(c.people, p)
	c.mu.Unlock()
	c.wg.Go(func() {
		if err := p.Run(c.phones); err != nil && c.phones.Err() == nil {
			c.fault("%s lost its session: %v", name, err)
		}
	})
	return p
}

func (c *Crowd) nudged(p *person, n wire.Nudge) {
	if len(n.SharedInterests) != 1 {
		c.fault("%s got a nudge about %v", p.name, n.SharedInterests)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	label := n.SharedInterests[0]
	p.nudges[label] = append(p.nudges[label], n.ID)
	if ids := p.nudges[label]; len(ids) > 1 {
		c.fault("%s got several nudges of one match: %v", p.name, ids)
	}
}

func (p *person) ids(label string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.nudges[label])
}

// hears makes a report that b was heard until it is answered, and checks the
// verdict.
func (c *Crowd) hears(ctx context.Context, m *pair) {
	a, b := m.a, m.b
	if rand.IntN(2) == 0 { //nolint:gosec // no secret
		a, b = b, a
	}
	what := fmt.Sprintf("POST /match of %s about %s", a.name, b.name)
	var result wire.MatchResult
	if !c.persist(ctx, what, func(ctx context.Context) (_, _ string, err error) {
		result, err = a.Match(ctx, b.Token())
		return c.cfg.Home(a.Token()), c.cfg.Home(b.Token()), err
	}) {
		return
	}
	c.judge(what, m, result)
}

// hearsBySocket reports over the connection; when that does not work out, it is
// for hears to repeat.
func (c *Crowd) hearsBySocket(ctx context.Context, m *pair) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	ctx, _ = through(ctx, c.anyEdge()) // without a connection it goes by HTTP
	results, err := m.a.Sight(ctx, []wire.Sighting{{Token: string(m.b.Token())}})
	if err == nil && results[0].Code == "" {
		c.judge("a sighting frame of "+m.a.name+" about "+m.b.name, m, results[0].MatchResult)
	}
}

func (c *Crowd) judge(what string, m *pair, r wire.MatchResult) {
	switch {
	case m.label == "" && (r.Match || r.NudgeSent || len(r.SharedInterests) > 0):
		c.fault("%s: a match of people without an overlap: %+v", what, r)
	case m.label != "" && (!r.Match || !slices.Equal(r.SharedInterests, []string{m.label})):
		c.fault("%s: a false verdict: %+v, the overlap is %s", what, r, m.label)
	}
	c.mu.Lock()
	m.acked = m.acked || r.Match
	if r.NudgeSent {
		m.sent++
	}
	twice := m.sent > 1
	c.mu.Unlock()
	if twice {
		c.fault("%s: nudge_sent for the second time", what)
	}
}

// looks asks for the own session, which must be there and open.
func (c *Crowd) looks(ctx context.Context, p *person) {
	what := "GET /session of " + p.name
	var state wire.SessionState
	if c.persist(ctx, what, func(ctx context.Context) (_, _ string, err error) {
		state, err = p.State(ctx)
		return c.cfg.Home(p.Token()), "", err
	}) && !state.OpenToTalk {
		c.fault("%s: it is closed", what)
	}
}

func (c *Crowd) anyEdge() string { return c.edges[rand.IntN(len(c.edges))] } //nolint:gosec // no secret

// persist sends a request to one member after the other until it is answered,
// and reports false if that is never, which is a fault. Send returns the homes of the own session
// and the peer's.
func (c *Crowd) persist(ctx context.Context, what string, send func(context.Context) (own, peer string, err error)) bool {
	began := time.Now()
	first := rand.IntN(len(c.edges)) //nolint:gosec // no secret
	var failures []string
	for n := 0; ; n++ {
		edge := c.edges[(first+n)%len(c.edges)]
		window := c.now()
		way, trip := through(ctx, edge)
		sent := time.Now()
		own, peer, err := send(way)
		switch {
		case trip.good() && err == nil:
			c.answered(what, failures, time.Since(began))
			return true
		case ctx.Err() != nil:
			return false
		case !trip.allowed():
			c.fault("%s through %s: %d, %v", what, edge, trip.status, err)
			return false
		}
		if !errors.Is(err, syscall.ECONNREFUSED) { // nobody listens there: a request that was never sent is not repeated
			failures = append(failures, fmt.Sprintf("%s to %s through %s: %d, %v", sent.UTC().Format("15:04:05.000"), time.Now().UTC().Format("05.000"), edge, trip.status, err))
		}
		if window != nil && window == c.now() && !window.touched("http://"+edge, own, peer) {
			c.fault("%s through %s, at home on %s and %s, failed after %v: %d, %v", what, edge, own, peer,
				time.Since(sent).Round(time.Millisecond), trip.status, err)
		}
		if time.Since(began) > giveUp {
			c.fault("%s was never answered: %s", what, strings.Join(failures, "; "))
			return false
		}
		if !trip.failed() {
			wait(ctx, pause)
		} else {
			wait(ctx, pause/20)
		}
	}
}

func (c *Crowd) answered(what string, failures []string, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(failures); n > 0 {
		c.retries[n]++
	}
	if len(failures) > 1 {
		c.stubborn = append(c.stubborn, fmt.Sprintf("%s: %s", what, strings.Join(failures, "; ")))
	}
	c.slowest = max(c.slowest, took)
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
