package server

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"i80.dk/sighej"
	"i80.dk/sighej/actors"
	"i80.dk/sighej/cluster"
	"i80.dk/sighej/transport/ws"
)

// observe registers all that is read from the member's parts when somebody
// scrapes.
func (m *Member) observe() {
	m.observeHealth()
	m.observePhones()
	m.observeMatching()
	m.observeDelivery()
	m.observeActors()
	m.observeCluster()
}

func (m *Member) observePhones() {
	r := m.metrics
	r.gauge("sessions", "Sessions that are active on this member.", func() float64 { return float64(m.sessions.activated()) })
	r.counter("activations_total", "Sessions that were activated on this member.", func() int64 { return m.sessions.counters().Activations })
	r.gauge("connections", "WebSockets that are open on this member.", func() float64 { return float64(m.sockets.Connections()) })
	of := func(read func(ws.Counters) int64) func() int64 {
		return func() int64 { return read(m.sockets.Counters()) }
	}
	r.counter("connections_opened_total", "WebSockets that were opened.", of(func(c ws.Counters) int64 { return c.Upgrades }))
	for why := range m.sockets.Closes() {
		r.counter("connections_closed_total", "WebSockets that have ended, by close code; client: the client closed it, lost: nobody did.",
			func() int64 { return m.sockets.Closes()[why] }, "code", why)
	}
	r.counter("frames_received_total", "Text frames that came in.", of(func(c ws.Counters) int64 { return c.Received }))
	r.counter("frames_queued_total", "Frames that were queued to go out.", of(func(c ws.Counters) int64 { return c.Queued }))
	r.counter("socket_writes_total", "Write calls that these took.", of(func(c ws.Counters) int64 { return c.Writes }))
}

func (m *Member) observeMatching() {
	r := m.metrics
	for outcome := range m.sessions.counters().Sightings {
		r.counter("sightings_total", "Sightings that were decided, by outcome; neutral tells nothing of the peer.",
			func() int64 { return m.sessions.counters().Sightings[outcome] }, "outcome", outcome)
	}
	r.counter("matches_spared_total", "Sightings that made no match, for the session that was sighted was at its limit of new ones.",
		func() int64 { return m.sessions.counters().Spared })
	r.counter("matches_total", "Matches that this member committed.", m.stores.timed.matches.Load)
	r.gauge("statistics_lag_seconds", "Time since this member's part of the daily counts was carried to the statistics.",
		func() float64 { return m.flusher.Lag().Seconds() })
}

// outboxAges are the ages at which waiting nudges are told apart.
var outboxAges = []time.Duration{0, 10 * time.Second, time.Minute, 10 * time.Minute}

func (m *Member) observeDelivery() {
	r := m.metrics
	of := func(read func(actors.Counters) int64) func() int64 {
		return func() int64 { return read(m.sessions.counters()) }
	}
	r.counter("nudges_queued_total", "Nudges that this member's commits put into outboxes.",
		func() int64 { return 2 * m.stores.timed.matches.Load() })
	r.counter("nudges_sent_total", "Nudges that were handed to connections here, repetitions included.",
		of(func(c actors.Counters) int64 { return c.Pushed }))
	r.counter("nudges_acked_total", "Nudges that phones of sessions here have acknowledged.",
		of(func(c actors.Counters) int64 { return c.Acked }))
	r.counter("nudges_expired_total", "Nudges that were unacknowledged when their session here ended.",
		of(func(c actors.Counters) int64 { return c.Expired }))
	for i, age := range outboxAges {
		r.gauge("outbox_nudges", "Nudges in the outboxes of active sessions that are at least so many seconds old.",
			func() float64 { return float64(m.sessions.outbox(outboxAges...).Older[i]) },
			"min_age", strconv.Itoa(int(age.Seconds())))
	}
	r.gauge("outbox_oldest_seconds", "Age of the oldest of them.", func() float64 { return m.sessions.outbox().Oldest.Seconds() })
}

func (m *Member) observeActors() {
	r := m.metrics
	of := func(read func(actors.Queues) int) func() float64 {
		return func() float64 { return float64(read(m.sessions.queues())) }
	}
	r.gauge("mailboxes_waiting", "Mailboxes that wait for a worker.", of(func(q actors.Queues) int { return q.Mailboxes }))
	r.gauge("store_steps_waiting", "Steps of the store that wait for their turn.", of(func(q actors.Queues) int { return q.Steps }))
	r.gauge("link_queue", "Items that wait for a place in a batch to another member.", of(func(q actors.Queues) int { return q.Links }))
	r.gauge("link_calls", "Calls to other members that wait for their answer.", of(func(q actors.Queues) int { return q.Calls }))
	count := func(read func(actors.Counters) int64) func() int64 {
		return func() int64 { return read(m.sessions.counters()) }
	}
	r.counter("link_timeouts_total", "Calls that another member did not answer in time.", count(func(c actors.Counters) int64 { return c.Silent }))
	r.counter("link_gaps_total", "Losses on the way from other members.", count(func(c actors.Counters) int64 { return c.Gaps }))
}

// handOvers counts what moved to and from this member.
type handOvers struct{ in, out, fencings atomic.Int64 }

// count takes a change of the view.
func (h *handOvers) count(self string, before, after *cluster.View) {
	for partition := range sighej.Partitions {
		had, has := before.Owns(self, partition), after.Owns(self, partition)
		switch {
		case has && !had:
			h.in.Add(1)
		case had && !has:
			h.out.Add(1)
		}
	}
}

func (m *Member) observeCluster() {
	r := m.metrics
	for _, state := range []cluster.State{cluster.Up, cluster.Draining} {
		r.gauge("members", "Members that this one knows of, itself included, by state.",
			func() float64 { return float64(m.view().in(state)) }, "state", string(state))
	}
	r.gauge("partitions", "Partitions that this member owns.", func() float64 { return float64(m.view().own) })
	r.gauge("partitions_unowned", "Partitions that no member owns.", func() float64 { return float64(m.view().unowned) })
	for direction, n := range map[string]*atomic.Int64{"in": &m.handOvers.in, "out": &m.handOvers.out} {
		r.counter("hand_overs_total", "Partitions that this member took over, or handed over.", n.Load, "direction", direction)
	}
	r.counter("fencings_total", "Times that this member was fenced: it could not renew its lease.", m.handOvers.fencings.Load)
}

// viewed is what this member sees of the cluster.
type viewed struct {
	up, draining, own, unowned int
}

func (v viewed) in(state cluster.State) int {
	if state == cluster.Up {
		return v.up
	}
	return v.draining
}

func (m *Member) view() viewed {
	if m.cluster == nil {
		if m.readiness.draining.Load() {
			return viewed{draining: 1, own: sighej.Partitions}
		}
		return viewed{up: 1, own: sighej.Partitions}
	}
	v := viewed{unowned: sighej.Partitions}
	membership := m.membership.Load()
	if membership == nil {
		return v
	}
	view := membership.View()
	for _, member := range view.Members() {
		v.unowned -= view.Share(member.ID)
		if member.State == cluster.Up {
			v.up++
		} else {
			v.draining++
		}
	}
	v.own = view.Share(membership.ID())
	return v
}

// observeHealth registers what GET /ready tells.
func (m *Member) observeHealth() {
	m.metrics.registry.MustRegister(healthCollector{
		&m.readiness,
		prometheus.NewDesc(namespace+"_ready", "1 while this member may be sent phones, as GET /ready tells; else 0.", nil, nil),
		prometheus.NewDesc(namespace+"_component_up", "1 while a component can be used, as GET /health tells; else 0.", []string{"component"}, nil),
	})
}

// healthCollector asks the components once a scrape.
type healthCollector struct {
	of        *readiness
	ready, up *prometheus.Desc
}

// Describe implements [prometheus.Collector], as does Collect.
func (c healthCollector) Describe(to chan<- *prometheus.Desc) {
	to <- c.ready
	to <- c.up
}

// Collect takes as long as the slower store does to answer, a second at most.
func (c healthCollector) Collect(to chan<- prometheus.Metric) {
	health, ready := c.of.ready(context.Background())
	to <- prometheus.MustNewConstMetric(c.ready, prometheus.GaugeValue, oneIf(ready))
	for component, state := range health.Components {
		to <- prometheus.MustNewConstMetric(c.up, prometheus.GaugeValue, oneIf(state == stateOK), component)
	}
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
