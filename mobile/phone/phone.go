package phone

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// Auth is how a phone proves that a session is its own.
type Auth uint8

const (
	Bearer Auth = iota // by the access token
	None               // by nothing but the token: for a server with AUTH=beacon
)

// State is how the connection of a phone stands.
type State uint8

const (
	Connecting State = iota // a connection is being made
	Connected               // the server said welcome
	Waiting                 // there is none; another try follows
	Ended                   // the session is over and Run is about to return its error
)

// String returns the state in lower case.
func (s State) String() string {
	if s > Ended {
		return fmt.Sprintf("state %d", uint8(s))
	}
	return [...]string{"connecting", "connected", "waiting", "ended"}[s]
}

// Config says what a phone is to be. Base and Interests are needed, the rest
// has defaults.
type Config struct {
	Base      string       // the server: http or https, with a path prefix if it has one
	Interests []string     // 1 to 20 labels
	Token     sighej.Token // default: a new one
	Auth      Auth

	HTTPClient *http.Client      // default: one with a timeout of 15 s
	Dialer     *websocket.Dialer // default: one with a handshake timeout of 15 s; it is not changed

	// OnNudge is called once for each nudge, and OnState for each change of the
	// state. Run calls them one at a time, on its own goroutine. The nudge is
	// acknowledged when OnNudge has returned. A callback may call the methods of
	// the phone but for Run.
	OnNudge func(wire.Nudge)
	OnState func(State)

	Logger *slog.Logger // default: none
}

// Phone is one registered session and the connection to it. Its methods are
// safe for concurrent use.
type Phone struct {
	cfg       Config
	base      *url.URL
	access    sighej.AccessToken
	expiresAt time.Time // as the server told
	deadline  time.Time // the same by the clock of this machine

	running   atomic.Bool
	welcomed  sync.Once
	connected chan struct{}

	mu   sync.Mutex
	conn *connection // nil: not connected
}

// Register makes a session (POST /session) and returns its phone. It blocks for
// the round trip. A refusal is a *[sighej.Error] with the code that the server
// told; a server that cannot be reached is one with [sighej.CodeUnavailable].
func Register(ctx context.Context, cfg Config) (*Phone, error) {
	base, err := url.Parse(cfg.Base)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.RawQuery != "" {
		return nil, sighej.Errorf(sighej.CodeInvalid, "the base must be like https://host:port")
	}
	base.Path = strings.TrimRight(base.Path, "/")
	p := &Phone{cfg: withDefaults(cfg), base: base, connected: make(chan struct{})}

	var created wire.SessionCreated
	now, err := p.call(ctx, http.MethodPost, "/session",
		wire.CreateSession{BLEToken: string(p.cfg.Token), Interests: cfg.Interests}, &created)
	if err != nil {
		return nil, err
	}
	p.access = sighej.AccessToken(created.AccessToken)
	p.expiresAt = created.ExpiresAt
	p.deadline = time.Now().Add(created.ExpiresAt.Sub(now))
	return p, nil
}

func withDefaults(cfg Config) Config {
	if cfg.Token == "" {
		cfg.Token = sighej.NewToken()
	}
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = &http.Client{Timeout: patience}
	}
	if cfg.Dialer == nil {
		cfg.Dialer = &websocket.Dialer{
			Proxy: http.ProxyFromEnvironment, HandshakeTimeout: patience,
			ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10,
		}
	}
	dialer := *cfg.Dialer
	dialer.Subprotocols = []string{wire.Subprotocol}
	cfg.Dialer = &dialer
	if cfg.OnNudge == nil {
		cfg.OnNudge = func(wire.Nudge) {}
	}
	if cfg.OnState == nil {
		cfg.OnState = func(State) {}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return cfg
}

// Token returns what the phone broadcasts.
func (p *Phone) Token() sighej.Token { return p.cfg.Token }

// AccessToken returns the secret of the session. It must not be logged.
func (p *Phone) AccessToken() sighej.AccessToken { return p.access }

// ExpiresAt returns when the session ends by the server's clock.
func (p *Phone) ExpiresAt() time.Time { return p.expiresAt }

// Connected returns a channel that is closed once the server has said welcome
// for the first time. It stays closed when the connection is lost.
func (p *Phone) Connected() <-chan struct{} { return p.connected }

// current returns the connection, or nil.
func (p *Phone) current() *connection {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conn
}

func (p *Phone) setCurrent(c *connection) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conn = c
}
