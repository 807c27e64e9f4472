package admin

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Bounds of a stream of server-sent events.
const (
	writeTime = 10 * time.Second // for one event
	// streamTime is for how long a stream goes on; then the page opens the next one,
	// so that a log-in that is over ends it.
	streamTime = 15 * time.Minute
)

// live answers GET /live: the fragments of the page as server-sent events, each
// first as it is and then when it changes.
func (h *Handler) live(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would keep events back
	s := stream{to: http.NewResponseController(w), w: w, sent: make(map[string]string)}
	over := time.NewTimer(streamTime)
	defer over.Stop()
	for {
		p, changed := h.board.newest()
		if p != nil {
			if err := s.show(h.cfg.view(p)); err != nil {
				return
			}
		}
		select {
		case <-changed:
		case <-over.C:
			return
		case <-h.board.leaving:
			_ = s.send("leaving", "")
			return
		case <-r.Context().Done():
			return
		}
	}
}

// stream is one page that watches.
type stream struct {
	to   *http.ResponseController
	w    http.ResponseWriter
	sent map[string]string // by fragment
}

// show sends the fragments that have changed.
func (s *stream) show(v view) error {
	for _, name := range fragments {
		var text bytes.Buffer
		if err := templates.ExecuteTemplate(&text, name, v); err != nil {
			return err
		}
		if before, ok := s.sent[name]; ok && before == text.String() {
			continue
		}
		s.sent[name] = text.String()
		if err := s.send(name, text.String()); err != nil {
			return err
		}
	}
	return nil
}

func (s *stream) send(event, data string) error {
	// Not every writer has deadlines; then the server's own holds.
	_ = s.to.SetWriteDeadline(time.Now().Add(writeTime))
	_, err := fmt.Fprintf(s.w, "event: %s\ndata: %s\n\n", event, strings.ReplaceAll(strings.TrimSpace(data), "\n", "\ndata: "))
	if err != nil {
		return err
	}
	return s.to.Flush()
}
