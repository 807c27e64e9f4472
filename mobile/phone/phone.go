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
	Base       string       // the server: http or https, with a path prefix if it has one
	Interests  []string     // 1 to 20 labels
	Token      sighej.Token // default: a new one
	Auth       Auth
	Closed     bool // do not let it be matched before SetOpen
	Background bool // see SetBackground

	HTTPClient *http.Client // default: one with a timeout of 15 s
	Dialer     *Dialer      // default: one with a handshake timeout of 15 s; it is not changed

	Clock func() time.Time // what the machine's clock says, be it wrong; default: time.Now

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

	running    atomic.Bool
	background atomic.Bool
	ahead      atomic.Int64  // nanoseconds that the server's clock is ahead of ours
	hurry      chan struct{} // has room for one wish that the next try to connect come now
	welcomed   sync.Once
	connected  chan struct{}

	mu     sync.Mutex
	token  sighej.Token
	unsure sighej.Token // the session may have this one instead, since an answer was lost
	conn   *connection  // nil: not connected
}

// Register makes a session (POST /session) and returns its phone. It blocks for
// the round trip. A refusal is a *[sighej.Error] with the code that the server
// told; a server that cannot be reached is one with [sighej.CodeUnavailable].
func Register(ctx context.Context, cfg Config) (*Phone, error) {
	base, err := parseBase(cfg.Base)
	if err != nil {
		return nil, err
	}
	p := &Phone{cfg: withDefaults(cfg), base: base, hurry: make(chan struct{}, 1), connected: make(chan struct{})}
	p.token = p.cfg.Token
	p.background.Store(cfg.Background)

	wanted := wire.CreateSession{BLEToken: string(p.token), Interests: cfg.Interests}
	if cfg.Closed {
		wanted.OpenToTalk = new(bool)
	}
	var created wire.SessionCreated
	if err := p.call(ctx, http.MethodPost, "/session", wanted, &created); err != nil {
		return nil, err
	}
	p.access = sighej.AccessToken(created.AccessToken)
	p.expiresAt = created.ExpiresAt
	p.deadline = time.Now().Add(created.ExpiresAt.Sub(p.ServerTime()))
	return p, nil
}

// CheckBase returns nil or the error that Register has for such a Config.Base.
func CheckBase(base string) error {
	_, err := parseBase(base)
	return err
}

func parseBase(text string) (*url.URL, error) {
	base, err := url.Parse(text)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.RawQuery != "" {
		return nil, sighej.Errorf(sighej.CodeInvalid, "the base must be like https://host:port")
	}
	base.Path = strings.TrimRight(base.Path, "/")
	return base, nil
}

func withDefaults(cfg Config) Config {
	if cfg.Token == "" {
		cfg.Token = sighej.NewToken()
	}
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = &http.Client{Timeout: patience}
	}
	cfg.Dialer = dialerWithDefaults(cfg.Dialer)
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
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
func (p *Phone) Token() sighej.Token {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.token
}

// ServerTime returns the time by the server's clock, as its last answer had it:
// the clock of a phone may be wrong.
func (p *Phone) ServerTime() time.Time { return p.cfg.Clock().Add(time.Duration(p.ahead.Load())) }

// SetBackground tells whether the phone is one that nobody looks at. Then it saves
// its battery: the delay before another try to connect grows to a minute instead
// of 10 s. false makes a try that is due later come now, unless the server has
// asked for a delay.
func (p *Phone) SetBackground(background bool) {
	p.background.Store(background)
	if background {
		return
	}
	select {
	case p.hurry <- struct{}{}:
	default:
	}
}

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
