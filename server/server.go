package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"i80.dk/sighej"
	"i80.dk/sighej/actors"
	"i80.dk/sighej/admin"
	"i80.dk/sighej/cluster"
	"i80.dk/sighej/persistence"
	"i80.dk/sighej/transport"
	"i80.dk/sighej/transport/webapp"
	"i80.dk/sighej/transport/ws"
	"i80.dk/sighej/wire"
)

// Addresses are where a running member listens.
type Addresses struct {
	Public  string // of phones
	Admin   string // of operators
	Cluster string // of the other members; port 0 when it is not known yet; "" without a cluster
}

// Bounds of the parts of a stop, together under 10 s.
const (
	handOverTime = time.Second     // the other members take the partitions over
	drainTime    = 4 * time.Second // connections closed with 1012
	callTime     = 2 * time.Second // HTTP calls under way answered
	leaveTime    = time.Second     // sessions let go
)

// Member is one server process: all parts, wired. Several can live in one
// process.
type Member struct {
	id        string // of this process; in a cluster each incarnation has one of its own
	version   string
	started   time.Time
	logger    *slog.Logger
	metrics   *metrics
	tracing   tracing
	handOvers handOvers
	stores    stores
	actors    actors.Config // of each system that serves
	sessions  sessions
	sockets   *ws.Endpoint
	flusher   *persistence.Flusher
	readiness readiness
	public    listener
	admin     listener
	operators *admin.Handler // on it
	nudges    admin.Latency  // how old nudges were when they were acknowledged

	// In a cluster only.
	cluster    *cluster.Config
	endpoint   cluster.Endpoint
	membership atomic.Pointer[cluster.Membership] // the newest; nil before the first
}

// listener is a server with the socket it will serve.
type listener struct {
	net.Listener
	server *http.Server
}

// New builds a member and opens its listeners, so that its addresses are known;
// nothing is served before [Member.Run]. The error lists every setting that is
// at fault. What New opened is given back when it fails, and by Run.
func New(ctx context.Context, o Options, version string, logger *slog.Logger) (*Member, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	lexicon, catalogue, err := o.lexicon()
	if err != nil {
		return nil, err
	}
	floor, err := o.floor(catalogue)
	if err != nil {
		return nil, err
	}
	m := &Member{id: sighej.NewSessionID().String(), version: version, started: time.Now(), logger: logger, metrics: newMetrics(version)}
	if m.tracing, err = openTracing(ctx, o, m.id, version, logger); err != nil {
		return nil, err
	}
	m.metrics.stores.tracer = m.tracing.tracer
	if m.stores, err = openStores(ctx, o, m.metrics.stores, logger); err != nil {
		return nil, err
	}
	if m.public.Listener, err = net.Listen("tcp", o.ListenAddr); err != nil {
		m.stores.close(logger)
		return nil, fmt.Errorf("LISTEN_ADDR (--listen-addr): %w", err)
	}
	if m.admin.Listener, err = net.Listen("tcp", o.AdminListenAddr); err != nil {
		_ = m.public.Close()
		m.stores.close(logger)
		return nil, fmt.Errorf("ADMIN_LISTEN_ADDR (--admin-listen-addr): %w", err)
	}
	if err := m.join(o); err != nil {
		_ = m.public.Close()
		_ = m.admin.Close()
		m.stores.close(logger)
		return nil, err
	}
	m.actors = actors.Config{
		Store: m.stores.sessions, Lexicon: lexicon, TTL: o.TTL(), Beacon: o.Beacon(), Logger: logger, Immediate: o.RedisURL == "",
		Now: m.stores.sessions.Now, SightingsPerSecond: o.SightingsPerSecond, SightingsBurst: o.SightingsBurst, MatchesPerHour: o.MatchesPerHour,
		MaxSharedLabels: o.MaxSharedLabels, Blind: o.Nudge == NudgeBlind,
		Tracer: m.tracing.tracer, MailboxWait: inSeconds(m.metrics.mailbox), NudgeAcked: m.nudgeAcked(),
		Matched: func(lastHour int) { m.metrics.matched.Observe(float64(lastHour)) },
		Mutual:  o.MatchPolicy == PolicyMutual, SightingWindow: time.Duration(o.SightingWindow) * time.Second, RSSIFloor: o.RSSIFloor,
	}
	m.sockets = ws.New(ws.Config{
		Sessions: &m.sessions, Beacon: o.Beacon(), CheckOrigin: transport.OriginAllowed(o.Origins()),
		MaxConnections: o.MaxConnections, Logger: logger,
	})
	m.flusher = &persistence.Flusher{
		Counters: m.stores.sessions, Statistics: m.stores.statistics, Sightings: m.sessions.sightings,
		Holder: m.id, Now: m.stores.sessions.Now, Logger: logger,
	}
	m.observe()
	m.readiness.stores, m.readiness.sessions, m.readiness.among = m.stores, &m.sessions, o.Clustered()
	m.serve(o, lexicon.Faults, catalogue, floor)
	return m, nil
}

// serve makes the two HTTP servers.
func (m *Member) serve(o Options, faults func([]string) []sighej.InvalidField, catalogue []wire.Interest, floor *admin.Floor) {
	counts := counts{m.stores.sessions, floor}
	public := transport.New(transport.Config{
		Sessions: &m.sessions, Interests: catalogue, Faults: faults,
		Health: m.readiness.health, Ready: m.readiness.ready, Stats: counts.stats,
		AdminToken: o.AdminToken, Beacon: o.Beacon(), WebSocket: m.sockets,
		AllowedOrigins: o.Origins(), RegistrationLimit: o.registrationLimit(m.public.Addr()), Lockout: o.lockout(m.public.Addr()), TrustedProxies: o.Proxies(),
		Now: m.stores.sessions.Now, App: webapp.Files(), Version: m.version, Tracer: m.tracing.tracer, Answered: m.metrics.answers.answered, Logger: m.logger,
	})
	m.public.server = newHTTPServer(public, m.logger)
	m.operators = admin.New(admin.Config{
		Today: counts.today, History: m.stores.statistics.History, Floor: floor, Now: m.stores.sessions.Now,
		Members: m.members, Drain: m.askToDrain, Nudges: &m.nudges, Health: m.readiness.health, Parts: o.parts(),
		Metrics: m.metrics.registry, Version: m.version, Token: o.AdminToken, Near: loopback(m.admin.Addr()), Logger: m.logger,
		Address: func(r *http.Request) netip.Addr { return transport.ClientAddr(r, o.Proxies()) },
	})
	m.admin.server = newHTTPServer(m.operators, m.logger)
	m.admin.server.RegisterOnShutdown(m.operators.Leave)
	m.admin.server.ReadTimeout, m.admin.server.WriteTimeout = 0, 0 // a profile takes as long as it was asked for, and a page watches for hours
}

// nudgeAcked returns who is told how old a nudge was when it was acknowledged.
func (m *Member) nudgeAcked() func(time.Duration) {
	measure := inSeconds(m.metrics.acked)
	return func(age time.Duration) {
		measure(age)
		m.nudges.Observe(age)
	}
}

func newHTTPServer(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      15 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(quiet{logger.Handler()}, slog.LevelDebug),
	}
}

// quiet drops what net/http says of its callers, such as handshakes given up;
// it may quote them.
type quiet struct{ slog.Handler }

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	return q.Handler.Handle(ctx, slog.NewRecord(r.Time, r.Level, "a connection was given up by net/http", r.PC))
}

// Addresses returns where the member listens.
func (m *Member) Addresses() Addresses {
	return Addresses{
		Public: m.public.Addr().String(), Admin: m.admin.Addr().String(),
		Cluster: cmp.Or(m.endpoint.Advertise, m.endpoint.Listen),
	}
}

// Run serves until ctx ends, then stops in order: not ready, connections closed
// with 1012, calls under way answered, statistics flushed. It returns nil after
// such a stop, within 10 s. Call it once.
func (m *Member) Run(ctx context.Context) error {
	defer m.tracing.close(m.logger)
	defer m.stores.close(m.logger)
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group, failed := errgroup.WithContext(background)
	live := m.live()
	group.Go(func() error { return m.sockets.Run(background) })
	group.Go(func() error { return m.flusher.Run(background) })
	group.Go(func() error { return m.operators.Run(background) })
	group.Go(func() error { m.stores.sweep(background, m.logger); return nil })
	for _, l := range []listener{m.public, m.admin} {
		group.Go(func() error {
			if err := l.server.Serve(l.Listener); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serving %s: %w", l.Addr(), err)
			}
			return nil
		})
	}
	m.logger.Info("serving", slog.String("public", m.Addresses().Public), slog.String("admin", m.Addresses().Admin))
	serving, end := context.WithCancel(ctx)
	defer end()
	defer context.AfterFunc(failed, end)()
	err := live(serving)
	_ = m.public.server.Close()
	_ = m.admin.server.Close()
	stop()
	return errors.Join(err, group.Wait())
}

// stop ends what phones see. Each step has a bound and a failed one does not
// keep the next from being taken. Membership is nil without a cluster.
func (m *Member) stop(system *actors.System, membership *cluster.Membership) {
	m.logger.Info("stopping")
	m.readiness.draining.Store(true)
	type step struct {
		name string
		time time.Duration
		take func(context.Context) error
	}
	steps := []step{
		{"closing connections", drainTime, m.sockets.Drain},
		{"answering calls", callTime, m.public.server.Shutdown},
		{"answering operators", callTime / 2, m.admin.server.Shutdown},
		{"letting sessions go", leaveTime, func(ctx context.Context) error { return m.leave(ctx, system, wire.CloseDraining) }},
	}
	if membership != nil {
		steps = slices.Insert(steps, 0, step{"handing partitions over", handOverTime, membership.Drain})
	}
	for _, step := range steps {
		ctx, cancel := context.WithTimeout(context.Background(), step.time)
		if err := step.take(ctx); err != nil {
			m.logger.Warn("a step of the stop was cut short", slog.String("step", step.name), slog.Any("error", err))
		}
		cancel()
	}
}

// Run builds a member and runs it until ctx ends; started, if not nil, is
// called once it serves.
func Run(ctx context.Context, o Options, version string, logger *slog.Logger, started func(Addresses)) error {
	m, err := New(ctx, o, version, logger)
	if err != nil {
		return err
	}
	if o.Beacon() {
		logger.Warn("AUTH=beacon: everybody in range can act for a session, since its token alone opens everything. For a lab only.")
	}
	if started != nil {
		started(m.Addresses())
	}
	return m.Run(ctx)
}

func loopback(a net.Addr) bool {
	ap, err := netip.ParseAddrPort(a.String())
	return err == nil && ap.Addr().IsLoopback()
}

// registrationLimit is off while all phones of a developer have one address.
func (o Options) registrationLimit(public net.Addr) *transport.AddressLimiter {
	if o.RegistrationsBurst <= 0 || o.oneAddress(public) {
		return nil
	}
	return transport.NewAddressLimiter(o.RegistrationsPerMinute, o.RegistrationsBurst)
}

// lockout is off then, too.
func (o Options) lockout(public net.Addr) *transport.Lockout {
	if o.oneAddress(public) {
		return nil
	}
	return transport.NewLockout(o.FailuresPerMinute, o.FailuresBurst, o.Proxies())
}

// oneAddress reports whether only this machine can reach the listener, and no
// proxy tells for whom.
func (o Options) oneAddress(public net.Addr) bool { return loopback(public) && len(o.Proxies()) == 0 }
