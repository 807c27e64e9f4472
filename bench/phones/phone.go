package phones

import (
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"i80.dk/sighej"
	"i80.dk/sighej/bench/ledger"
)

// phone is one session and its connection.
type phone struct {
	ledger.Phone // its number
	interests    ledger.Set
	server       *server
	token        sighej.Token
	access       string
	expires      time.Time
	until        time.Time // when it is renewed; this and the next are touched by the renewal only
	chosenUntil  time.Time // until when others may meet it

	mu       sync.Mutex // guards what follows, and writing to ws
	ws       *websocket.Conn
	refs     uint64
	waiting  map[uint64]reported // by ref
	leaving  bool                // its end is wanted: nothing is an error any more
	returned time.Time           // when a comeback was due that is not complete; zero: none
	welcome  chan struct{}       // closed once the connection is welcomed or lost; nil: it is
}

// reported is a frame of sightings that has no answer yet.
type reported struct {
	of  []*phone
	due time.Time
}

// bufferPool implements websocket.BufferPool.
type bufferPool struct{ sync.Pool }

func (b *bufferPool) Put(v any) { b.Pool.Put(v) }
func (b *bufferPool) Get() any  { return b.Pool.Get() }
