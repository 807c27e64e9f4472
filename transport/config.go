package transport

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"go.opentelemetry.io/otel/trace"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// Sessions is what the endpoints ask of the live sessions. Credentials are
// checked behind it. Errors are *[sighej.Error]; any other error is a defect and
// shows as [sighej.CodeInternal]. Methods block until the answer is there and are
// safe for concurrent use.
type Sessions interface {
	Register(ctx context.Context, r sighej.NewSession) (sighej.Registered, error)
	Describe(ctx context.Context, c sighej.Caller) (sighej.Standing, error)
	SetOpen(ctx context.Context, c sighej.Caller, open bool) (sighej.Standing, error)
	Rotate(ctx context.Context, c sighej.Caller, token sighej.Token) (sighej.Standing, error)
	Forget(ctx context.Context, c sighej.Caller) error
	Block(ctx context.Context, c sighej.Caller, nudge sighej.NudgeID) error
	Wave(ctx context.Context, c sighej.Caller, nudge sighej.NudgeID) error

	// Sight returns a verdict for each sighting, in order.
	Sight(ctx context.Context, c sighej.Caller, s []sighej.Sighting) ([]sighej.Verdict, error)
}

// Config is what the handler is made of. Sessions, Health, Ready, Stats and Logger
// are required. Functions are called concurrently.
type Config struct {
	Sessions  Sessions
	Interests []wire.Interest // the catalogue, in the order in which it is shown

	// Faults names every label that is not acceptable, and returns nothing when
	// all are. A path is as in "interests[2]". Nil: every label is acceptable.
	Faults func(labels []string) []sighej.InvalidField

	Health func(ctx context.Context) wire.Health
	Ready  func(ctx context.Context) (state wire.Health, ready bool)
	Stats  func(ctx context.Context) (wire.Stats, error)

	AdminToken string       // opens GET /stats; "": there is no such page
	Beacon     bool         // a token alone opens its session: for a lab
	WebSocket  http.Handler // of GET /ws/{ble_token}; nil: there is no such page

	AllowedOrigins    []string        // of browsers; "*" is all of them
	RegistrationLimit *AddressLimiter // nil: off
	Lockout           *Lockout        // of those who guess credentials; nil: off
	TrustedProxies    []netip.Prefix  // whose X-Forwarded-For is believed

	// Tracer makes a span of each call; nil: nothing is traced. A trace that a caller
	// has begun is gone on with if the caller is a trusted proxy.
	Tracer trace.Tracer

	// Answered is told of each answer: the route's pattern, "" when there was none to
	// take the call, its status and how long it took; for a WebSocket until it was
	// upgraded. It must not block. Nil: nobody wants to know.
	Answered func(route string, status int, took time.Duration)

	// Now is the time that answers bear as their Date, from which phones tell how far
	// their clock is off; nil: this machine's.
	Now func() time.Time

	App     fs.FS // the web app, served at /app/; nil: there is no such page
	Version string
	Logger  *slog.Logger // of panics and of errors that are defects, nothing else
}
