package sdk

import (
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/mobile/ble"
	"i80.dk/sighej/mobile/internal/core"
)

// How the phone stands with the server.
const (
	LinkStopped    = int(core.Stopped)    // before Start and after Stop
	LinkConnecting = int(core.Connecting) // at first, and for a new session
	LinkOnline     = int(core.Online)     // nudges come
	LinkOffline    = int(core.Offline)    // the server cannot be reached; tries go on
	LinkRefused    = int(core.Refused)    // the server wants no further try: Stop, and Start with what the error asks for
)

// Whether other phones can hear this one.
const (
	DiscoverableOff      = int(ble.Off)      // nobody can
	DiscoverableDegraded = int(ble.Degraded) // iOS in the background: only an iPhone with the app on its screen
	DiscoverableFull     = int(ble.Full)
)

// State is how things stand. It never changes; the next one is another object.
type State struct{ core core.State }

// Link returns one of the constants Link….
func (s *State) Link() int { return int(s.core.Link) }

// Discoverability returns one of the constants Discoverable….
func (s *State) Discoverability() int { return int(s.core.Discoverability) }

// OpenToTalk returns what SetOpenToTalk was last told; true at first.
func (s *State) OpenToTalk() bool { return s.core.Open }

// ExpiresAtMillis returns when the session ends, in milliseconds since 1970; 0
// without one. A new one follows by itself.
func (s *State) ExpiresAtMillis() int64 { return millis(s.core.ExpiresAt) }

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// OnState is the core's.
func (l told) OnState(s core.State) { l.Listener.OnState(&State{s}) }

// OnNudge is the core's.
func (l told) OnNudge(n core.Nudge) { l.Listener.OnNudge(&Nudge{n}) }

// OnError is the core's.
func (l told) OnError(code sighej.Code, message string) {
	l.Listener.OnError(string(code), message)
}
