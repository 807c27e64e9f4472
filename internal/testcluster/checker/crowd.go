package checker

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/wire"
)

// Config says where the crowd is. Bases is required.
type Config struct {
	Bases  []string                  // of all members, for phones
	Home   func(sighej.Token) string // the base of the member where a session lives; "" for none; default: none
	Circle time.Duration             // between two circles; default: 300 ms
}

// Crowd is phones that meet. Its methods are safe for concurrent use.
type Crowd struct {
	cfg    Config
	edges  []string
	labels []string // of the catalogue
	client *http.Client

	phones context.Context // of everything that goes on until Close
	leave  context.CancelFunc
	wg     sync.WaitGroup // of what phones has started
	busy   sync.WaitGroup // circles that are not through

	mu      sync.Mutex
	people  []*person
	pairs   []*pair
	faults  []string
	window  *window
	tries   int         // registrations that may have been made
	retries map[int]int // requests by the repetitions that they needed

	stubborn []string
	slowest  time.Duration
}

// window is a time in which something certain is broken.
type window struct {
	touched func(edge, own, peer string) bool
}

// Open asks a member for the catalogue and returns a crowd without people. Close
// sends it home.
func Open(ctx context.Context, cfg Config) (*Crowd, error) {
	if cfg.Home == nil {
		cfg.Home = func(sighej.Token) string { return "" }
	}
	if cfg.Circle == 0 {
		cfg.Circle = 300 * time.Millisecond
	}
	c := &Crowd{cfg: cfg, client: &http.Client{Transport: &balancer{http.Transport{MaxIdleConnsPerHost: 64}}, Timeout: callTime}, retries: map[int]int{}}
	for _, base := range cfg.Bases {
		c.edges = append(c.edges, host(base))
	}
	var catalogue wire.Interests
	if err := c.get(ctx, c.edges[0], "/interests", &catalogue); err != nil {
		return nil, err
	}
	for _, i := range catalogue.Interests {
		c.labels = append(c.labels, i.Label)
	}
	c.phones, c.leave = context.WithCancel(context.WithoutCancel(ctx))
	return c, nil
}

// Close hangs all phones up and waits for them.
func (c *Crowd) Close() {
	c.leave()
	c.wg.Wait()
	c.client.CloseIdleConnections()
}

// Expect tells what is broken from now on: a request fails without an excuse if
// touched is false for the member that takes it, the home of the phone's own
// session and that of the peer's (bases; "" when it is not known or there is no
// peer). Nil: anything may fail.
func (c *Crowd) Expect(touched func(edge, own, peer string) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.window = nil
	if touched != nil {
		c.window = &window{touched}
	}
}

func (c *Crowd) now() *window {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.window
}

// fault notes that something was not as promised.
func (c *Crowd) fault(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, time.Now().UTC().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// Faults returns what was not as promised so far.
func (c *Crowd) Faults() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.faults...)
}

// Stubborn returns the requests that needed more than one repetition, with what
// was answered until then.
func (c *Crowd) Stubborn() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.stubborn...)
}

// Summary tells what the crowd did, for a log.
func (c *Crowd) Summary() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("%d phones, %d matches, repetitions %v, slowest request %v with them",
		len(c.people), len(c.pairs), c.retries, c.slowest.Round(10*time.Millisecond))
}

func (c *Crowd) get(ctx context.Context, edge, path string, into any) error {
	ctx, _ = through(ctx, edge)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, everywhere+path, nil)
	if err != nil {
		return err
	}
	res, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", path, res.Status)
	}
	return json.NewDecoder(res.Body).Decode(into)
}
