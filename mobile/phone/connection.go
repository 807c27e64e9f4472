package phone

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"sync"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

const (
	silence    = 2 * time.Minute // without a ping or a frame the connection counts as lost; servers ping every 55 s
	writeStall = 10 * time.Second
	parting    = time.Second // for the close frame
	maxInbound = 1 << 20     // bytes of a frame: far over what a nudge or the answer to 100 sightings takes
	queued     = 32          // frames between reader and callbacks; a full queue makes the server wait
)

// errLost tells that the connection ended before an answer came.
var errLost = errors.New("the connection was lost")

// connection is one WebSocket. A goroutine of its own reads, see read; anybody
// may write.
type connection struct {
	socket   socket
	frames   chan any      // wire.Welcome and wire.Nudge
	leaving  chan struct{} // closed when nobody takes frames any more
	done     chan struct{} // closed when read has returned
	welcomed time.Time     // touched by Run only

	// Written by read, to be read once done is closed.
	err      error
	draining time.Duration
	drained  bool
	expired  bool

	writing sync.Mutex

	mu      sync.Mutex
	refs    uint64
	waiting map[string]chan answer // by ref
}

// answer is what came for a ref.
type answer struct {
	results []wire.SightingResult
	err     error
}

// dial makes a connection, or tells why there is none.
func (p *Phone) dial(ctx context.Context) (*connection, loss) {
	target := *p.base
	target.Scheme = map[string]string{"http": "ws", "https": "wss"}[p.base.Scheme]
	target.Path += "/ws/" + url.PathEscape(string(p.Token()))
	ws, lost := p.open(ctx, target.String())
	if ws == nil {
		return nil, lost
	}
	return &connection{
		socket: ws, frames: make(chan any, queued), leaving: make(chan struct{}), done: make(chan struct{}),
		waiting: map[string]chan answer{},
	}, loss{}
}

// lossOf judges the refusal of a connection.
func lossOf(err error) loss {
	if !Lasting(sighej.CodeOf(err)) {
		var after time.Duration
		if e, ok := errors.AsType[*sighej.Error](err); ok {
			after = e.RetryAfter
		}
		return loss{after: after}
	}
	return loss{err: err}
}

// read takes frames in until the connection ends.
func (c *connection) read() {
	defer close(c.done)
	for {
		text, err := c.socket.read()
		if err != nil {
			c.err = err
			return
		}
		c.receive(text)
	}
}

// receive handles one frame. What the contract lacks today is left alone.
func (c *connection) receive(text []byte) {
	switch f := decode(text).(type) {
	case wire.Welcome, wire.Nudge:
		select {
		case c.frames <- f:
		case <-c.leaving:
		}
	case wire.Sighted:
		c.answer(f.Ref, answer{results: f.Results})
	case wire.ErrorFrame:
		c.answer(f.Ref, answer{err: sighej.Errorf(sighej.Code(f.Code), "%s", f.Message)})
	case wire.Draining:
		c.drained, c.draining = true, time.Duration(min(max(f.ReconnectAfterMS, 0), longest.Milliseconds()))*time.Millisecond
	case wire.Expired:
		c.expired = true
	}
}

// decode returns the frame of package wire that text is, or nil.
func decode(text []byte) any {
	var head struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(text, &head) != nil {
		return nil
	}
	switch head.Type {
	case wire.TypeWelcome:
		return frame[wire.Welcome](text)
	case wire.TypeNudge:
		return frame[wire.Nudge](text)
	case wire.TypeSighted:
		return frame[wire.Sighted](text)
	case wire.TypeError:
		return frame[wire.ErrorFrame](text)
	case wire.TypeDraining:
		return frame[wire.Draining](text)
	case wire.TypeExpired:
		return frame[wire.Expired](text)
	}
	return nil
}

func frame[F any](text []byte) any {
	var f F
	if json.Unmarshal(text, &f) != nil {
		return nil
	}
	return f
}

// loss tells what the end of the connection means. Only once done is closed.
func (c *connection) loss() loss {
	l := loss{}
	if !c.welcomed.IsZero() {
		l.lived = time.Since(c.welcomed)
	}
	end, ok := errors.AsType[closed](c.err)
	switch {
	case c.expired:
		l.err = ClosedError{wire.CloseExpired}
	case ok && !end.code.Reconnect():
		l.err = ClosedError{end.code}
	case c.drained:
		l.after, l.exact = c.draining, true
	}
	return l
}

// write sends a frame. It blocks for at most writeStall.
func (c *connection) write(f wire.ClientFrame) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.socket.write(wire.Encode(f))
}

// hangUp says goodbye and closes. Calls of sight return.
func (c *connection) hangUp() {
	close(c.leaving)
	c.socket.hangUp()
}

// sight reports sightings that fit one frame and waits for their results, until
// ctx or the connection ends (errLost).
func (c *connection) sight(ctx context.Context, sightings []wire.Sighting) ([]wire.SightingResult, error) {
	ref, came := c.expect()
	defer c.forget(ref)
	if err := c.write(wire.ClientFrame{Type: wire.TypeSighting, Ref: ref, Sightings: sightings}); err != nil {
		return nil, errLost
	}
	select {
	case a := <-came:
		return a.results, a.err
	case <-c.done:
		return nil, errLost
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *connection) expect() (ref string, came <-chan answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refs++
	ref = strconv.FormatUint(c.refs, 10)
	ch := make(chan answer, 1)
	c.waiting[ref] = ch
	return ref, ch
}

func (c *connection) forget(ref string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, ref)
}

func (c *connection) answer(ref string, a answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ch, ok := c.waiting[ref]; ok {
		delete(c.waiting, ref)
		ch <- a // has room for the one
	}
}
