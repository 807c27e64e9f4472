package phonetest

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"i80.dk/sighej/wire"
)

// Socket is the server's end of one connection. One goroutine may read, any may
// write.
type Socket struct {
	ws      *websocket.Conn
	server  *Server
	writing sync.Mutex
}

// Send writes a frame of package wire. It fails silently when the phone is gone.
func (s *Socket) Send(frame any) { s.Text(string(wire.Encode(frame))) }

// Text writes a text frame as it is.
func (s *Socket) Text(text string) {
	s.writing.Lock()
	defer s.writing.Unlock()
	_ = s.ws.WriteMessage(websocket.TextMessage, []byte(text))
}

// Welcome sends the first frame.
func (s *Socket) Welcome(pending int) {
	s.Send(wire.Welcome{Type: wire.TypeWelcome, ExpiresAt: time.Now().Add(s.server.Lifetime).UTC(), Pending: pending})
}

// Nudge sends a nudge with an id.
func (s *Socket) Nudge(id, message string, shared ...string) {
	s.Send(wire.Nudge{Type: wire.TypeNudge, ID: id, SharedInterests: shared, Message: message, At: time.Now().UTC()})
}

// Next returns the phone's next frame; false when it is gone or, unless the server
// is InMemory, silent for 10 s.
func (s *Socket) Next() (wire.ClientFrame, bool) {
	if !s.server.InMemory {
		_ = s.ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	}
	_, text, err := s.ws.ReadMessage()
	if err != nil {
		return wire.ClientFrame{}, false
	}
	if len(text) > wire.MaxFrame {
		s.server.t.Errorf("a frame of %d bytes", len(text))
	}
	var frame wire.ClientFrame
	if err := json.Unmarshal(text, &frame); err != nil {
		s.server.t.Errorf("a frame that is not of the contract: %v", err)
	}
	return frame, true
}

// Serve answers sightings until the phone is gone, and returns the ids of the
// nudges that it acknowledged.
func (s *Socket) Serve() (acked []string) {
	for {
		frame, ok := s.Next()
		if !ok {
			return acked
		}
		switch frame.Type {
		case wire.TypeSighting:
			s.Answer(frame)
		case wire.TypeAck:
			acked = append(acked, frame.ID)
		}
	}
}

// Answer answers a sighting frame.
func (s *Socket) Answer(frame wire.ClientFrame) {
	sighted := wire.Sighted{Type: wire.TypeSighted, Ref: frame.Ref}
	for _, sighting := range frame.Sightings {
		sighted.Results = append(sighted.Results, s.server.result(sighting.Token))
	}
	s.Send(sighted)
}

// Goodbye sends a close frame, while another goroutine reads.
func (s *Socket) Goodbye(code wire.CloseCode) {
	text := websocket.FormatCloseMessage(int(code), code.Reason())
	_ = s.ws.WriteControl(websocket.CloseMessage, text, time.Now().Add(time.Second))
}

// Close sends a close frame and waits for the phone's.
func (s *Socket) Close(code wire.CloseCode) {
	s.Goodbye(code)
	for {
		if _, ok := s.Next(); !ok {
			return
		}
	}
}

// ping pings as a server does, until the returned function is called.
func (s *Socket) ping() (stop func()) {
	over := make(chan struct{})
	var pinging sync.WaitGroup
	pinging.Go(func() {
		again := time.NewTicker(pingInterval)
		defer again.Stop()
		for {
			select {
			case <-again.C:
				_ = s.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
			case <-over:
				return
			}
		}
	})
	return func() { close(over); pinging.Wait() }
}

// pingInterval is about what members do.
const pingInterval = 50 * time.Second

// Kill drops the connection without a word.
func (s *Socket) Kill() { _ = s.ws.Close() }
