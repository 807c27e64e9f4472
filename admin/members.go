package admin

import (
	"log/slog"
	"net/http"
	"time"
)

// Members is the answer to GET /members.
type Members struct {
	Members []Member `json:"members"` // by id; never null
}

// Member is one member as the member sees it that was asked. What another one
// holds is as of its last renewal, a second ago at most.
type Member struct {
	ID          string    `json:"id"`
	Address     string    `json:"address"` // where the other members reach it; "" without a cluster
	Version     string    `json:"version"`
	State       string    `json:"state"`     // up or draining
	Self        bool      `json:"self"`      // the one that was asked
	JoinedAt    time.Time `json:"joined_at"` // by its own clock
	AgeSeconds  int64     `json:"age_seconds"`
	Partitions  int       `json:"partitions"` // that it owns
	Sessions    int       `json:"sessions"`   // active on it
	Connections int       `json:"connections"`
}

// Age sets how old the member is, never less than 0: clocks differ.
func (m *Member) Age(now time.Time) {
	m.AgeSeconds = max(0, int64(now.Sub(m.JoinedAt).Seconds()))
}

// Draining is the answer to POST /members/{id}/drain: the member has been asked,
// and begins within a second.
type Draining struct {
	ID    string `json:"id"`
	State string `json:"state"` // draining
}

func members(w http.ResponseWriter, r *http.Request, cfg Config) {
	all, err := cfg.Members(r.Context())
	if err != nil {
		fail(w, r, cfg.Logger, err)
		return
	}
	answer(w, http.StatusOK, Members{append([]Member{}, all...)})
}

func drain(w http.ResponseWriter, r *http.Request, cfg Config) {
	id := r.PathValue("id")
	if err := cfg.Drain(r.Context(), id); err != nil {
		fail(w, r, cfg.Logger, err)
		return
	}
	cfg.Logger.InfoContext(r.Context(), "a member is asked to drain", slog.String("member", id))
	if byPage(r) {
		drained(w, id)
		return
	}
	answer(w, http.StatusAccepted, Draining{ID: id, State: "draining"})
}
