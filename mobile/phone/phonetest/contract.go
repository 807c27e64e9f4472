package phonetest

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// Problem answers with problem+json.
func Problem(w http.ResponseWriter, status int, p wire.Problem) {
	p.Type, p.Title, p.Status = "about:blank", http.StatusText(status), status
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(wire.Encode(p))
}

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	var body wire.CreateSession
	if !read(w, r, &body) {
		return
	}
	if len(body.Interests) == 0 {
		Problem(w, http.StatusUnprocessableEntity, wire.Problem{
			Code: string(sighej.CodeInvalid), Detail: "a value is not acceptable",
			Errors: []wire.InvalidField{{Location: "body.interests", Message: "expected at least one"}},
		})
		return
	}
	if s.RefuseSession != nil {
		if status, p := s.RefuseSession(s.Requests("POST /session")); status != 0 {
			Problem(w, status, p)
			return
		}
	}
	s.mu.Lock()
	s.created = append(s.created, body)
	s.current = body.BLEToken
	s.open = body.OpenToTalk == nil || *body.OpenToTalk
	s.mu.Unlock()
	answer(w, http.StatusCreated, wire.SessionCreated{
		SessionID: sighej.NewSessionID().String(), AccessToken: string(s.access),
		ExpiresAt: time.Now().Add(s.Ahead + s.Lifetime).UTC(),
	})
}

func (s *Server) authorized(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		want := "Bearer " + string(s.access)
		if s.Beacon {
			want = "Bearer " + s.Created()[0].BLEToken
		}
		got := r.Header.Get("Authorization")
		for _, offered := range websocket.Subprotocols(r) {
			if access, ok := strings.CutPrefix(offered, wire.BearerPrefix); ok {
				got = "Bearer " + access
			}
		}
		if got != want && (!s.Beacon || r.PathValue("ble_token") == "" || got != "") {
			Problem(w, http.StatusUnauthorized, wire.Problem{Code: string(sighej.CodeUnauthorized), Detail: "the access token is missing or wrong"})
			return
		}
		next(w, r)
	}
}

func (s *Server) state(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, wire.SessionState{OpenToTalk: s.Open(), Interests: s.Created()[0].Interests})
}

func (s *Server) setOpen(w http.ResponseWriter, r *http.Request) {
	var body wire.UpdateSession
	if !read(w, r, &body) {
		return
	}
	s.mu.Lock()
	s.open = body.OpenToTalk
	s.mu.Unlock()
	s.state(w, r)
}

func (s *Server) forget(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	s.forgotten = true
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

// about keeps the nudges of which something is asked.
func (s *Server) about(list *[]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var body wire.NudgeReference
		if !read(w, r, &body) {
			return
		}
		if body.ID == s.Unknown {
			Problem(w, http.StatusNotFound, wire.Problem{Code: string(sighej.CodeNotFound), Detail: "the session never got that nudge"})
			return
		}
		s.mu.Lock()
		*list = append(*list, body.ID)
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *Server) rotate(w http.ResponseWriter, r *http.Request) {
	var body struct {
		BLEToken string `json:"ble_token"`
	}
	if !read(w, r, &body) {
		return
	}
	s.mu.Lock()
	live := s.current == body.BLEToken
	if !live {
		s.current = body.BLEToken
		s.rotated = append(s.rotated, body.BLEToken)
	}
	s.mu.Unlock()
	switch {
	case s.LoseRotation != nil && s.LoseRotation(s.Requests("POST /session/rotate")):
		panic(http.ErrAbortHandler)
	case live:
		Problem(w, http.StatusConflict, wire.Problem{Code: string(sighej.CodeTokenLive)})
	default:
		s.state(w, r)
	}
}

func (s *Server) match(w http.ResponseWriter, r *http.Request) {
	var body wire.MatchRequest
	if read(w, r, &body) {
		answer(w, http.StatusOK, s.result(body.DetectedToken).MatchResult)
	}
}

func (s *Server) sightings(w http.ResponseWriter, r *http.Request) {
	var body wire.SightingsRequest
	if !read(w, r, &body) {
		return
	}
	s.mu.Lock()
	s.reported = append(s.reported, body.Sightings...)
	s.mu.Unlock()
	var results wire.SightingsResult
	for _, sighting := range body.Sightings {
		results.Results = append(results.Results, s.result(sighting.Token))
	}
	answer(w, http.StatusOK, results)
}

func (s *Server) result(token string) wire.SightingResult {
	shared, ok := s.Matches[token]
	if !ok {
		shared = []string{}
	}
	return wire.SightingResult{Token: token, MatchResult: wire.MatchResult{Match: ok, SharedInterests: shared, NudgeSent: ok}}
}

func (s *Server) connect(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.connections++
	n, current := s.connections, s.current
	s.mu.Unlock()
	if s.Rotates && current != r.PathValue("ble_token") {
		Problem(w, http.StatusForbidden, wire.Problem{Code: string(sighej.CodeForbidden)})
		return
	}
	if s.Refuse != nil {
		if status, p := s.Refuse(n); status != 0 {
			Problem(w, status, p)
			return
		}
	}
	upgrader := websocket.Upgrader{Subprotocols: []string{wire.Subprotocol}}
	s.scripts.Add(1) // while the server still waits for this request
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.scripts.Done()
		return
	}
	s.count(1)
	go func() {
		defer s.scripts.Done()
		defer s.count(-1)
		socket := &Socket{ws: ws, server: s}
		defer socket.Kill()
		defer socket.ping()()
		s.Script(n, socket)
	}()
}

// count keeps the number of connections.
func (s *Server) count(change int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now += change
	s.most = max(s.most, s.now)
}

func read(w http.ResponseWriter, r *http.Request, body any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	d.DisallowUnknownFields()
	if r.Header.Get("Content-Type") != "application/json" || d.Decode(body) != nil {
		Problem(w, http.StatusBadRequest, wire.Problem{Code: string(sighej.CodeMalformed)})
		return false
	}
	return true
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(wire.Encode(body))
}
