package phones

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"i80.dk/sighej/bench/report"
	"i80.dk/sighej/bench/tally"
)

// How phones show who they are.
const (
	Bearer = "bearer" // with the access token that POST /session returned
	None   = "none"   // by the token alone
)

// How phones report sightings.
const (
	HTTP      = "http"      // POST /match, and POST /sightings for several at once
	WebSocket = "websocket" // sighting frames of sighej.v1
)

// Config is what a generator needs to know before its first step. It crosses
// processes by gob.
type Config struct {
	Bases       []string // URLs of members; phones spread over them
	Auth        string   // Bearer or None
	Seed        uint64   // of interests, pairs and crowds; not of tokens, which are never the same twice
	Worker      int      // which one of the workers this is
	Labels      []string // what phones choose their interests from
	Interests   int      // of each phone
	Late        time.Duration
	MatchLimit  int           // new matches that the server allows a session in an hour; 0: any number
	Connections int           // HTTP connections to each member
	Patience    time.Duration // for an answer
}

// Snapshot is what a generator did since the last one, and how it is now.
type Snapshot struct {
	Sum        tally.Sum
	Connected  int64
	CPUSeconds float64 // of the process, since it began
	RSS        int64   // bytes
	Checks     report.Checks
	Notes      []string // for people to read, each said once
}

// ParseBase checks a server's address.
func ParseBase(base string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(base, "/"))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("%q is no server's address; http://127.0.0.1:8000 is one", base)
	}
	if u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("the server's address %q has more than scheme, host and path", base)
	}
	return u, nil
}
