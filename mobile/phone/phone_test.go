package phone_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/internal/testleaks"
	"i80.dk/sighej/mobile/phone"
	"i80.dk/sighej/mobile/phone/phonetest"
	"i80.dk/sighej/wire"
)

const patience = 20 * time.Second // how long a test waits for what must come

func TestMain(m *testing.M) { testleaks.Main(m) }

// record keeps what the callbacks were told.
type record struct {
	mu     sync.Mutex
	nudges []string
	states []phone.State
}

func (r *record) onNudge(n wire.Nudge) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.nudges = append(r.nudges, n.ID)
}

func (r *record) onState(s phone.State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.states = append(r.states, s)
}

func (r *record) count(s phone.State) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, had := range r.states {
		if had == s {
			n++
		}
	}
	return n
}

func (r *record) ids() []string { r.mu.Lock(); defer r.mu.Unlock(); return slices.Clone(r.nudges) }

func (r *record) has(s phone.State) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.states, s)
}

// register makes a phone of a server, with a client whose idle connections end
// with the test.
func register(t *testing.T, s *phonetest.Server, change func(*phone.Config)) (*phone.Phone, *record) {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	r := &record{}
	cfg := phone.Config{
		Base: s.URL, Interests: []string{"devops", "hardstyle"}, OnNudge: r.onNudge, OnState: r.onState,
		HTTPClient: &http.Client{Transport: transport, Timeout: patience},
	}
	if change != nil {
		change(&cfg)
	}
	p, err := phone.Register(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p, r
}

// start runs a phone and returns how to stop it and where its end shows.
func start(t *testing.T, p *phone.Phone) (stop func(), ended <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	var group sync.WaitGroup
	group.Go(func() { done <- p.Run(ctx) })
	t.Cleanup(func() { cancel(); group.Wait() })
	return cancel, done
}

func await[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline, again := time.After(patience), time.NewTicker(5*time.Millisecond)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestRegister(t *testing.T) {
	s := phonetest.New(t, nil)
	p, _ := register(t, s, nil)
	created := s.Created()
	if len(created) != 1 || created[0].BLEToken != string(p.Token()) || !sighej.ValidToken(string(p.Token())) ||
		!slices.Equal(created[0].Interests, []string{"devops", "hardstyle"}) {
		t.Errorf("registered: %+v", created)
	}
	if p.AccessToken() != s.Access() || time.Until(p.ExpiresAt()) < s.Lifetime/2 {
		t.Error("the credential or the expiry is not the server's")
	}
	select {
	case <-p.Connected():
		t.Error("connected without Run")
	default:
	}
}

func TestRefusalsBearCodeAndFields(t *testing.T) {
	s := phonetest.New(t, nil)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	_, err := phone.Register(t.Context(), phone.Config{Base: s.URL, HTTPClient: &http.Client{Transport: transport}})
	e, ok := errors.AsType[*sighej.Error](err)
	if !ok || e.Code != sighej.CodeInvalid || len(e.Fields) != 1 || e.Fields[0].Path != "body.interests" {
		t.Errorf("error: %#v", err)
	}
	for _, base := range []string{"", "localhost:8000", "ftp://localhost", "http://", "http://host?x=1"} {
		if _, err := phone.Register(t.Context(), phone.Config{Base: base}); sighej.CodeOf(err) != sighej.CodeInvalid {
			t.Errorf("base %q: %v", base, err)
		}
	}
}

func TestUnreachableServer(t *testing.T) {
	s := phonetest.New(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := phone.Register(ctx, phone.Config{Base: s.URL, Interests: []string{"devops"}})
	if sighej.CodeOf(err) != sighej.CodeUnavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("error: %v", err)
	}
}

func TestRequests(t *testing.T) {
	for name, beacon := range map[string]bool{"bearer": false, "beacon": true} {
		t.Run(name, func(t *testing.T) {
			s := phonetest.New(t, func(s *phonetest.Server) {
				s.Beacon = beacon
				s.Matches = map[string][]string{"xyz789": {"devops"}}
			})
			p, _ := register(t, s, func(c *phone.Config) {
				if beacon {
					c.Auth = phone.None
				}
			})
			if m, err := p.Match(t.Context(), "xyz789"); err != nil || !m.Match || !slices.Equal(m.SharedInterests, []string{"devops"}) {
				t.Errorf("match: %+v, %v", m, err)
			}
			if m, err := p.Match(t.Context(), "nobody"); err != nil || m.Match {
				t.Errorf("no match: %+v, %v", m, err)
			}
			if err := p.SetOpen(t.Context(), false); err != nil || s.Open() {
				t.Errorf("closing: %v", err)
			}
			if err := p.Block(t.Context(), "n1"); err != nil || !slices.Equal(s.Blocked(), []string{"n1"}) {
				t.Errorf("blocking: %v, %v", s.Blocked(), err)
			}
			if err := p.Wave(t.Context(), "n2"); err != nil || !slices.Equal(s.Waved(), []string{"n2"}) {
				t.Errorf("waving: %v, %v", s.Waved(), err)
			}
			if st, err := p.State(t.Context()); err != nil || st.OpenToTalk || len(st.Interests) != 2 {
				t.Errorf("state: %+v, %v", st, err)
			}
			start(t, p)
			await(t, p.Connected(), "the welcome")
			if err := p.Forget(t.Context()); err != nil || !s.Forgotten() {
				t.Errorf("forgetting: %v", err)
			}
		})
	}
}

func TestRegistersClosed(t *testing.T) {
	s := phonetest.New(t, nil)
	register(t, s, func(c *phone.Config) { c.Closed = true })
	if s.Open() {
		t.Error("the session is open")
	}
}

func TestRotate(t *testing.T) {
	reconnect := make(chan struct{})
	s := phonetest.New(t, func(s *phonetest.Server) {
		s.Rotates = true
		s.Script = func(n int, c *phonetest.Socket) {
			c.Welcome(0)
			if n == 1 {
				<-reconnect
				return
			}
			c.Serve()
		}
	})
	p, r := register(t, s, nil)
	start(t, p)
	await(t, p.Connected(), "the welcome")
	first, second := p.Token(), sighej.NewToken()
	if err := p.Rotate(t.Context(), second); err != nil || p.Token() != second {
		t.Fatalf("rotating: %v", err)
	}
	if got := s.Rotated(); !slices.Equal(got, []string{string(second)}) || s.Requests("GET /ws/"+string(first)) != 1 || r.has(phone.Waiting) {
		t.Errorf("rotated %d times, states %v", len(got), r.states)
	}
	close(reconnect)
	eventually(t, "a connection under the new token", func() bool { return s.Requests("GET /ws/"+string(second)) == 1 })
}

func TestRotationWhoseAnswerIsLost(t *testing.T) {
	for name, settle := range map[string]func(*phonetest.Server, *phone.Phone, sighej.Token, chan struct{}) error{
		"asked again": func(_ *phonetest.Server, p *phone.Phone, next sighej.Token, _ chan struct{}) error {
			return p.Rotate(t.Context(), next)
		},
		"connected again": func(s *phonetest.Server, _ *phone.Phone, next sighej.Token, drop chan struct{}) error {
			close(drop)
			eventually(t, "a connection under the new token", func() bool { return s.Requests("GET /ws/"+string(next)) == 1 })
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			drop := make(chan struct{})
			s := phonetest.New(t, func(s *phonetest.Server) {
				s.Rotates = true
				s.LoseRotation = func(n int) bool { return n == 1 }
				s.Script = func(n int, c *phonetest.Socket) {
					c.Welcome(0)
					if n == 1 {
						<-drop
						return
					}
					c.Serve()
				}
			})
			p, _ := register(t, s, nil)
			_, ended := start(t, p)
			await(t, p.Connected(), "the welcome")
			next := sighej.NewToken()
			if err := p.Rotate(t.Context(), next); sighej.CodeOf(err) != sighej.CodeUnavailable || p.Token() == next {
				t.Fatalf("rotating: %v", err)
			}
			if err := settle(s, p, next, drop); err != nil || p.Token() != next {
				t.Errorf("settling: %v, the token is another one: %v", err, p.Token() != next)
			}
			select {
			case err := <-ended:
				t.Errorf("it ended with %v", err)
			case <-drop:
			default:
				close(drop)
			}
		})
	}
}

func TestRotateWithAServerThatCannot(t *testing.T) {
	s := phonetest.New(t, nil)
	p, _ := register(t, s, nil)
	before := p.Token()
	if err := p.Rotate(t.Context(), sighej.NewToken()); sighej.CodeOf(err) != sighej.CodeNotFound || p.Token() != before {
		t.Errorf("error: %v", err)
	}
}

func TestForegroundHurriesTheNextTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := phonetest.New(t, func(s *phonetest.Server) { s.InMemory = true })
		p, r := register(t, s, func(c *phone.Config) {
			c.Background = true
			c.HTTPClient = &http.Client{Transport: &http.Transport{DialContext: s.DialContext, DisableKeepAlives: true}}
			c.Dialer = &phone.Dialer{NetDialContext: s.DialContext}
		})
		s.Cut(true)
		start(t, p)
		time.Sleep(10 * time.Minute) // of the bubble
		tries := r.count(phone.Connecting)
		if tries < 10 || tries > 60 {
			t.Errorf("%d tries in 10 minutes in the background", tries)
		}
		s.Cut(false)
		before := time.Now()
		p.SetBackground(false)
		<-p.Connected()
		if waited := time.Since(before); waited > 0 {
			t.Errorf("it came back %v after it came to the foreground", waited)
		}
	})
}

func TestNudgeIsAcknowledgedAfterTheCallback(t *testing.T) {
	release, acked := make(chan struct{}), make(chan wire.ClientFrame, 1)
	s := phonetest.New(t, func(s *phonetest.Server) {
		s.Script = func(_ int, c *phonetest.Socket) {
			c.Welcome(1)
			c.Text(`{"type":"from the future"}`)
			c.Text(`no JSON`)
			c.Nudge("n1", "hi", "devops")
			if f, ok := c.Next(); ok {
				acked <- f
			}
			c.Serve()
		}
	})
	var got wire.Nudge
	p, _ := register(t, s, func(cfg *phone.Config) {
		cfg.OnNudge = func(n wire.Nudge) { got = n; <-release }
	})
	stop, ended := start(t, p)
	await(t, p.Connected(), "the welcome")
	select {
	case <-acked:
		t.Fatal("acknowledged before the callback returned")
	default:
	}
	close(release)
	if f := await(t, acked, "the acknowledgement"); f.Type != wire.TypeAck || f.ID != "n1" {
		t.Errorf("frame: %+v", f)
	}
	stop()
	if err := await(t, ended, "the end"); err != nil {
		t.Errorf("Run: %v", err)
	}
	if got.Message != "hi" || !slices.Equal(got.SharedInterests, []string{"devops"}) {
		t.Errorf("nudge: %+v", got)
	}
}

func TestComesBackAndDeduplicates(t *testing.T) {
	acked := make(chan string, 3)
	s := phonetest.New(t, func(s *phonetest.Server) {
		s.Script = func(n int, c *phonetest.Socket) {
			c.Welcome(1)
			c.Nudge("n1", "hi")
			if n > 1 {
				c.Nudge("n2", "hi")
			}
			for range n {
				if f, ok := c.Next(); ok {
					acked <- f.ID
				}
			}
			if n == 2 {
				c.Serve()
			}
		}
	})
	p, r := register(t, s, nil)
	start(t, p)
	for _, want := range []string{"n1", "n1", "n2"} { // the second n1 only to be acknowledged again
		if got := await(t, acked, "an acknowledgement"); got != want {
			t.Errorf("acknowledged %s, want %s", got, want)
		}
	}
	if got := r.ids(); !slices.Equal(got, []string{"n1", "n2"}) {
		t.Errorf("nudges: %v", got)
	}
	if !r.has(phone.Waiting) || !r.has(phone.Connected) {
		t.Errorf("states: %v", r.states)
	}
}

func TestCloseCodes(t *testing.T) {
	for _, tc := range []struct {
		code wire.CloseCode
		back bool
	}{
		{wire.CloseTakenOver, false},
		{wire.CloseExpired, false},
		{wire.CloseForgotten, false},
		{wire.CloseUnsupported, false},
		{wire.CloseNotUTF8, false},
		{wire.CloseTooBig, false},
		{1000, false},
		{4199, false},
		{1001, true},
		{1011, true},
		{wire.CloseDraining, true},
		{wire.CloseOverloaded, true},
		{wire.CloseUnresponsive, true},
		{wire.CloseReset, true},
	} {
		t.Run(tc.code.Reason(), func(t *testing.T) {
			t.Parallel()
			back := make(chan struct{})
			s := phonetest.New(t, func(s *phonetest.Server) {
				s.Script = func(n int, c *phonetest.Socket) {
					c.Welcome(0)
					if n == 1 {
						c.Close(tc.code)
						return
					}
					close(back)
					c.Serve()
				}
			})
			p, r := register(t, s, nil)
			stop, ended := start(t, p)
			if tc.back {
				await(t, back, "a second connection")
				stop()
				if err := await(t, ended, "the end"); err != nil {
					t.Errorf("Run: %v", err)
				}
				return
			}
			if err := await(t, ended, "the end"); !errors.Is(err, phone.ClosedError{Code: tc.code}) {
				t.Errorf("Run: %v", err)
			}
			if !r.has(phone.Ended) || s.Requests("GET /ws/"+string(p.Token())) != 1 {
				t.Error("the phone came back, or did not tell its end")
			}
		})
	}
}

func TestExpiredFrameEndsItWithoutAClose(t *testing.T) {
	s := phonetest.New(t, func(s *phonetest.Server) {
		s.Script = func(_ int, c *phonetest.Socket) {
			c.Welcome(0)
			c.Send(wire.Expired{Type: wire.TypeExpired})
		}
	})
	p, _ := register(t, s, nil)
	_, ended := start(t, p)
	if err := await(t, ended, "the end"); !errors.Is(err, phone.ClosedError{Code: wire.CloseExpired}) {
		t.Errorf("Run: %v", err)
	}
}

func TestRefusedHandshakes(t *testing.T) {
	for _, tc := range []struct {
		status int
		code   sighej.Code
		back   bool
	}{
		{http.StatusUnauthorized, sighej.CodeUnauthorized, false},
		{http.StatusForbidden, sighej.CodeForbidden, false},
		{http.StatusNotFound, sighej.CodeNotFound, false},
		{http.StatusUnprocessableEntity, sighej.CodeInvalid, false},
		{http.StatusUnprocessableEntity, "", false}, // no problem of ours
		{http.StatusTooManyRequests, sighej.CodeRateLimited, true},
		{http.StatusServiceUnavailable, sighej.CodeOverloaded, true},
		{http.StatusServiceUnavailable, sighej.CodeUnavailable, true},
		{http.StatusInternalServerError, sighej.CodeInternal, true},
		{http.StatusBadGateway, "", true},
	} {
		t.Run(http.StatusText(tc.status)+" "+string(tc.code), func(t *testing.T) {
			t.Parallel()
			s := phonetest.New(t, func(s *phonetest.Server) {
				s.Refuse = func(n int) (int, wire.Problem) {
					if n > 1 {
						return 0, wire.Problem{}
					}
					return tc.status, wire.Problem{Code: string(tc.code), Detail: "because"}
				}
			})
			p, _ := register(t, s, nil)
			_, ended := start(t, p)
			if tc.back {
				await(t, p.Connected(), "the second try")
				return
			}
			want := tc.code
			if want == "" {
				want = sighej.CodeInvalid
			}
			if err := await(t, ended, "the end"); sighej.CodeOf(err) != want {
				t.Errorf("Run: %v", err)
			}
		})
	}
}

func TestEndsAtExpiryWithTheServerAway(t *testing.T) {
	s := phonetest.New(t, func(s *phonetest.Server) {
		s.Lifetime = time.Millisecond
		s.Refuse = func(int) (int, wire.Problem) {
			return http.StatusServiceUnavailable, wire.Problem{Code: string(sighej.CodeUnavailable)}
		}
	})
	p, _ := register(t, s, nil)
	_, ended := start(t, p)
	if err := await(t, ended, "the end"); !errors.Is(err, phone.ClosedError{Code: wire.CloseExpired}) {
		t.Errorf("Run: %v", err)
	}
}

func TestRunTwiceIsRefused(t *testing.T) {
	s := phonetest.New(t, nil)
	p, _ := register(t, s, nil)
	start(t, p)
	await(t, p.Connected(), "the welcome")
	if err := p.Run(t.Context()); err == nil {
		t.Error("it ran twice at a time")
	}
}

func TestSightOverTheConnection(t *testing.T) {
	s := phonetest.New(t, func(s *phonetest.Server) {
		s.Matches = map[string][]string{"peer-7": {"devops", "hardstyle"}}
	})
	p, _ := register(t, s, nil)
	start(t, p)
	await(t, p.Connected(), "the welcome")
	rssi := -60
	heard := make([]wire.Sighting, 250)
	for i := range heard {
		heard[i] = wire.Sighting{Token: strings.Repeat("x", sighej.MaxTokenLen), RSSI: &rssi}
	}
	heard[249].Token = "peer-7"
	results, err := p.Sight(t.Context(), heard)
	if err != nil || len(results) != 250 {
		t.Fatalf("%d results, error %v", len(results), err)
	}
	for i, r := range results {
		if r.Token != heard[i].Token || r.Match != (i == 249) {
			t.Fatalf("result %d: %+v", i, r)
		}
	}
	if n := s.Requests("POST /sightings"); n != 0 {
		t.Errorf("%d requests beside the connection", n)
	}
}

func TestSightFromTheCallback(t *testing.T) {
	s := phonetest.New(t, func(s *phonetest.Server) {
		s.Script = func(_ int, c *phonetest.Socket) { c.Welcome(1); c.Nudge("n1", "hi"); c.Serve() }
	})
	var p *phone.Phone
	sighted := make(chan error, 1)
	p, _ = register(t, s, func(cfg *phone.Config) {
		cfg.OnNudge = func(wire.Nudge) {
			_, err := p.Sight(t.Context(), []wire.Sighting{{Token: "xyz789"}})
			sighted <- err
		}
	})
	start(t, p)
	if err := await(t, sighted, "the answer"); err != nil {
		t.Error(err)
	}
}

func TestSightWithoutAConnection(t *testing.T) {
	s := phonetest.New(t, func(s *phonetest.Server) {
		s.Matches = map[string][]string{"xyz789": {"devops"}}
	})
	p, _ := register(t, s, nil)
	results, err := p.Sight(t.Context(), []wire.Sighting{{Token: "xyz789"}, {Token: "nobody"}})
	if err != nil || len(results) != 2 || !results[0].Match || results[1].Match {
		t.Errorf("results: %+v, error %v", results, err)
	}
	many := make([]wire.Sighting, 1500)
	now := time.Now().UTC()
	for i := range many {
		many[i] = wire.Sighting{Token: strings.Repeat("x", sighej.MaxTokenLen), SeenAt: &now}
	}
	if results, err := p.Sight(t.Context(), many); err != nil || len(results) != len(many) {
		t.Errorf("%d results, error %v", len(results), err)
	}
}

func TestUploadGoesBesideTheConnection(t *testing.T) {
	s := phonetest.New(t, func(s *phonetest.Server) { s.Matches = map[string][]string{"xyz789": {"devops"}} })
	p, _ := register(t, s, nil)
	start(t, p)
	await(t, p.Connected(), "the welcome")
	at := p.ServerTime().Add(-time.Minute).UTC()
	results, err := p.Upload(t.Context(), []wire.Sighting{{Token: "xyz789", SeenAt: &at}})
	if err != nil || len(results) != 1 || !results[0].Match {
		t.Errorf("results: %+v, error %v", results, err)
	}
	if got := s.Reported(); len(got) != 1 || got[0].SeenAt == nil || !got[0].SeenAt.Equal(at) {
		t.Errorf("uploaded: %+v", got)
	}
}

func TestSightFallsBackWhenTheConnectionIsLost(t *testing.T) {
	s := phonetest.New(t, func(s *phonetest.Server) {
		s.Matches = map[string][]string{"xyz789": {"devops"}}
		s.Script = func(n int, c *phonetest.Socket) {
			c.Welcome(0)
			if n == 1 {
				c.Next() // the sighting: dropped with the connection
				return
			}
			c.Serve()
		}
	})
	p, _ := register(t, s, nil)
	start(t, p)
	await(t, p.Connected(), "the welcome")
	results, err := p.Sight(t.Context(), []wire.Sighting{{Token: "xyz789"}})
	if err != nil || len(results) != 1 || !results[0].Match {
		t.Errorf("results: %+v, error %v", results, err)
	}
}

func TestSightTellsErrorFrames(t *testing.T) {
	s := phonetest.New(t, func(s *phonetest.Server) {
		s.Script = func(_ int, c *phonetest.Socket) {
			c.Welcome(0)
			for {
				f, ok := c.Next()
				if !ok {
					return
				}
				c.Send(wire.ErrorFrame{Type: wire.TypeError, Code: string(sighej.CodeInvalid), Message: "no", Ref: f.Ref})
			}
		}
	})
	p, _ := register(t, s, nil)
	start(t, p)
	await(t, p.Connected(), "the welcome")
	if _, err := p.Sight(t.Context(), []wire.Sighting{{Token: "x"}}); sighej.CodeOf(err) != sighej.CodeInvalid {
		t.Errorf("error: %v", err)
	}
}

func TestSightEndsWithItsContext(t *testing.T) {
	heard := make(chan struct{})
	s := phonetest.New(t, func(s *phonetest.Server) {
		s.Script = func(_ int, c *phonetest.Socket) {
			c.Welcome(0)
			c.Next()
			close(heard)
			c.Next() // and no answer
		}
	})
	p, _ := register(t, s, nil)
	start(t, p)
	await(t, p.Connected(), "the welcome")
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-heard; cancel() }()
	if _, err := p.Sight(ctx, []wire.Sighting{{Token: "xyz789"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("error: %v", err)
	}
}

func TestDrainingDelayIsObeyed(t *testing.T) {
	const delay = 400 * time.Millisecond
	var left, back time.Time
	again := make(chan struct{})
	s := phonetest.New(t, func(s *phonetest.Server) {
		s.Script = func(n int, c *phonetest.Socket) {
			if n == 2 {
				back = time.Now()
				close(again)
			}
			c.Welcome(0)
			if n == 1 {
				c.Send(wire.Draining{Type: wire.TypeDraining, ReconnectAfterMS: delay.Milliseconds()})
				left = time.Now()
				c.Close(wire.CloseDraining)
				return
			}
			c.Serve()
		}
	})
	p, _ := register(t, s, nil)
	start(t, p)
	await(t, again, "the second connection")
	if waited := back.Sub(left); waited < delay {
		t.Errorf("it came back after %v, was asked for %v", waited, delay)
	}
}

func TestNoTokenInLogs(t *testing.T) {
	var log strings.Builder
	s := phonetest.New(t, func(s *phonetest.Server) {
		s.Refuse = func(n int) (int, wire.Problem) {
			if n == 1 {
				return http.StatusServiceUnavailable, wire.Problem{Code: string(sighej.CodeOverloaded)}
			}
			return 0, wire.Problem{}
		}
	})
	p, _ := register(t, s, func(cfg *phone.Config) { cfg.Logger = debugLogger(&log) })
	stop, ended := start(t, p)
	await(t, p.Connected(), "the welcome")
	stop()
	if err := await(t, ended, "the end"); err != nil {
		t.Errorf("Run: %v", err)
	}
	for _, secret := range []string{string(p.Token()), string(p.AccessToken()), "devops"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q is in the log: %s", secret, log.String())
		}
	}
	if !strings.Contains(log.String(), "lost") {
		t.Errorf("the loss is not in the log: %q", log.String())
	}
}
