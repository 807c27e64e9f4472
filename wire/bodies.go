package wire

import "time"

// CreateSession is the body of POST /session.
type CreateSession struct {
	BLEToken   string   `json:"ble_token" minLength:"6" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$" doc:"The ephemeral token that the phone broadcasts. It is public and proves nothing." example:"abc123"`
	Interests  []string `json:"interests" minItems:"1" maxItems:"20" nullable:"false" doc:"Labels of at most 64 runes each after NFKC, case folding and trimming; duplicates fold." example:"[\"devops\",\"hardstyle\",\"philosophy\"]"`
	OpenToTalk *bool    `json:"open_to_talk,omitempty" doc:"Whether the session may be matched at once. Default: true."`
}

// SessionCreated is the answer to POST /session.
type SessionCreated struct {
	SessionID   string    `json:"session_id" format:"uuid" doc:"Names this very session; no credential."`
	ExpiresAt   time.Time `json:"expires_at" doc:"From this instant on nothing of the session is left."`
	AccessToken string    `json:"access_token" doc:"The secret that proves the session is yours. Handed out this once."`
}

// SessionState is the answer to GET and PATCH /session.
type SessionState struct {
	SessionID  string    `json:"session_id" format:"uuid"`
	BLEToken   string    `json:"ble_token" doc:"The token by which you are heard."`
	ExpiresAt  time.Time `json:"expires_at"`
	OpenToTalk bool      `json:"open_to_talk"`
	Interests  []string  `json:"interests" nullable:"false" doc:"Your own labels as you spelled them, sorted."`
	Pending    int       `json:"pending" doc:"Nudges that your phone has not acknowledged yet."`
}

// UpdateSession is the body of PATCH /session.
type UpdateSession struct {
	OpenToTalk bool `json:"open_to_talk" doc:"Consent: false stops new matches at once, and withdraws nudges about you that wait."`
}

// RotateSession is the body of POST /session/rotate.
type RotateSession struct {
	BLEToken string `json:"ble_token" minLength:"6" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$" doc:"The token that the phone broadcasts from now on." example:"def456"`
}

// NudgeReference is the body of POST /block and POST /wave.
type NudgeReference struct {
	ID string `json:"id" minLength:"22" maxLength:"22" pattern:"^[A-Za-z0-9_-]+$" doc:"That of a nudge which this session got." example:"9Qm1v3sYx0iT7bWkZc2dEA"`
}

// MatchRequest is the body of POST /match.
type MatchRequest struct {
	OwnToken      string `json:"own_token" minLength:"6" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$" example:"abc123"`
	DetectedToken string `json:"detected_token" minLength:"6" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$" example:"xyz789"`
	RSSI          *int   `json:"rssi,omitempty" minimum:"-127" maximum:"20" doc:"Received signal strength in dBm."`
}

// MatchResult is the answer to POST /match. A peer that is unknown, expired or
// closed looks exactly like one without an overlap.
type MatchResult struct {
	Match           bool     `json:"match"`
	SharedInterests []string `json:"shared_interests" nullable:"false" doc:"The overlap only, in your own spelling, sorted."`
	NudgeSent       bool     `json:"nudge_sent" doc:"True exactly once for a pair: when this very call made the match and both nudges are queued."`
}

// Sighting is one phone's claim to have heard a token.
type Sighting struct {
	Token  string     `json:"token" minLength:"6" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$" example:"xyz789"`
	RSSI   *int       `json:"rssi,omitempty" minimum:"-127" maximum:"20" doc:"Received signal strength in dBm."`
	SeenAt *time.Time `json:"seen_at,omitempty" doc:"When it was heard, for late uploads, at most 15 minutes ago. Default: now. Outside the life of either session or of the token it counts for nothing, and each counts once."`
}

// SightingsRequest is the body of POST /sightings.
type SightingsRequest struct {
	OwnToken  string     `json:"own_token" minLength:"6" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$" example:"abc123"`
	Sightings []Sighting `json:"sightings" minItems:"1" maxItems:"1000" nullable:"false"`
}

// SightingResult is what became of one sighting. Code is set when it could not
// be decided, and says why: report it again later.
type SightingResult struct {
	Token string `json:"token"`
	MatchResult
	Code string `json:"code,omitempty" enum:"rate_limited,match_limit,unavailable,overloaded,invalid" doc:"Why this sighting could not be decided; absent when it was."`
}

// SightingsResult is the answer to POST /sightings: a result per sighting, in
// order.
type SightingsResult struct {
	Results []SightingResult `json:"results" nullable:"false"`
}

// Interest is an entry of the catalogue.
type Interest struct {
	Label    string `json:"label"`
	Category string `json:"category"`
}

// Interests is the answer to GET /interests.
type Interests struct {
	Interests []Interest `json:"interests" nullable:"false"`
}

// Health is the answer to GET /health and GET /ready.
type Health struct {
	Status     string            `json:"status" enum:"ok,degraded,unavailable,draining"`
	Components map[string]string `json:"components" doc:"A status per component: ok or unavailable."`
}

// Stats is the answer to GET /stats: anonymous aggregates of the UTC day.
type Stats struct {
	TotalSessionsToday    int64    `json:"total_sessions_today"`
	TotalMatchesToday     int64    `json:"total_matches_today"`
	TotalSightingsToday   int64    `json:"total_sightings_today" doc:"Also called pings."`
	TopInterestCategories []string `json:"top_interest_categories" nullable:"false" doc:"Most frequent first; without those that too few sessions have to be told."`
	ActiveSessionsNow     int64    `json:"active_sessions_now"`
}

// Problem is an error as RFC 9457 problem+json.
type Problem struct {
	Type   string         `json:"type" doc:"Always about:blank; code tells the kind."`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail,omitempty"`
	Code   string         `json:"code" doc:"Stable and machine-readable."`
	Errors []InvalidField `json:"errors,omitempty" doc:"With 422: every field that is not acceptable."`
}

// InvalidField tells where a body is not acceptable and why.
type InvalidField struct {
	Location string `json:"location" example:"body.interests[2]"`
	Message  string `json:"message"`
}
